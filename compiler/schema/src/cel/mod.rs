//! CEL, as far as definitions of custom resources use it: the language, cel-go's extensions and Kubernetes's
//! libraries, evaluated over the spanned tree without copying it.
//!
//! The crate `cel` was tried and left: it knows no macros with two variables and no costs, reads values of its own
//! only, compiles a regular expression at each call, and brings the runtime of a parser generator with it.

mod arithmetic;
mod ast;
mod bytes;
mod eval;
pub(crate) mod ip;
mod lexer;
mod library;
mod names;
mod parser;
mod policy;
mod quantity;
#[cfg(test)]
mod tests;
pub(crate) mod time;
pub(crate) mod url;
mod value;

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::OnceLock;

use meshc_source::Span;
use meshc_syntax::{Kind, Node};
use serde_json::Value as Json;

use crate::schema::Schema;
use crate::violation::{Path, Problem, Violation};
use ast::{Comprehension, Expr, Fold};
use eval::{Evaluation, Scope};
use value::Value;

pub use policy::{Answer, Expression, Question, Variables};

/// What one rule may cost; Kubernetes's `PerCallLimit`.
const RULE_COST: u64 = 1_000_000;
/// What all rules of one object may cost; Kubernetes's `RuntimeCELCostBudget`.
const TOTAL_COST: u64 = 10_000_000;
/// How long an evaluated message may be, in bytes; Kubernetes's `MaxEvaluatedMessageExpressionSizeBytes`.
const MESSAGE_LENGTH: usize = 5 * 1024;

/// One of the `x-kubernetes-validations`, compiled when it is first needed.
#[derive(Debug)]
pub(crate) struct Rule {
    text: Box<str>,
    message: Option<Box<str>>,
    message_expression: Option<Box<str>>,
    field_path: Option<Box<str>>,
    program: OnceLock<Result<Program, String>>,
}

#[derive(Debug)]
struct Program {
    rule: Expr,
    message: Option<Expr>,
    /// It speaks of a change: there is none when an object is created.
    is_transition: bool,
}

// === impl Rule ===

impl Rule {
    pub(crate) fn new(rule: &Json) -> Option<Self> {
        let text = |key: &str| rule.get(key).and_then(Json::as_str).map(Into::into);
        let optional_old_self = rule.get("optionalOldSelf") == Some(&Json::Bool(true));
        let rule = Self {
            text: text("rule")?,
            message: text("message"),
            message_expression: text("messageExpression"),
            field_path: text("fieldPath"),
            program: OnceLock::new(),
        };
        if optional_old_self {
            rule.program.get_or_init(|| rule.compile(true));
        }
        Some(rule)
    }

    fn compile(&self, optional_old_self: bool) -> Result<Program, String> {
        let rule = parser::parse(&self.text)?;
        let is_transition = !optional_old_self && rule.mentions("oldSelf");
        // A message that does not compile falls back on the fixed one, as at the API server.
        let message = self.message_expression.as_deref().and_then(|text| parser::parse(text).ok());
        Ok(Program { rule, message, is_transition })
    }

    /// Where a person looks first: of the fields of the value that the rule names, the last that is written; else the
    /// value itself.
    fn blamed(&self, node: &Node) -> Span {
        let names = self.text.split("self.").skip(1).map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            rest.get(..end).unwrap_or_default()
        });
        let written = names.filter_map(|name| node.entry(name));
        let last = written.filter(|entry| !entry.value.is_null()).max_by_key(|entry| entry.key.span.start);
        last.map_or(node.span, |entry| match entry.value.kind {
            Kind::Mapping(_) | Kind::Sequence(_) => entry.key.span,
            _ => entry.value.span,
        })
    }

    /// Of a rule about all items or keys of the value, the last of them that it does not hold for.
    fn failing(&self, node: &Node, schema: &Schema) -> Option<Span> {
        let program = self.program.get()?.as_ref().ok()?;
        let all = over_all(&program.rule)?;
        let evaluation = Evaluation { budget: Cell::new(RULE_COST) };
        let scope = Scope { name: "self", value: Value::of_node(node, Some(schema)), outer: None };
        let fails = |item: Value<'_>| {
            let inner = Scope { name: &all.variable, value: item, outer: Some(&scope) };
            matches!(evaluation.value(&all.body, &inner), Ok(Value::Bool(false)))
        };
        match &node.kind {
            Kind::Sequence(items) => {
                let schema = schema.items.as_deref();
                let failing = items.iter().rev().find(|item| fails(Value::of_node(item, schema)));
                failing.map(|item| item.span)
            }
            Kind::Mapping(entries) => {
                let failing =
                    entries.iter().rev().find(|entry| fails(Value::Text(Cow::Borrowed(&entry.key.text))));
                failing.map(|entry| entry.key.span)
            }
            _ => None,
        }
    }

    /// What is wrong, and whether it is that the rule could not be evaluated.
    fn check(&self, value: &Value<'_>, evaluation: &Evaluation) -> Option<Problem> {
        let broken = |error: String| {
            let message = self.message.as_deref().unwrap_or(&self.text).trim().to_owned();
            Some(Problem::Rule { message, error: Some(error) })
        };
        let program = match self.program.get_or_init(|| self.compile(false)) {
            Ok(program) if program.is_transition => return None,
            Ok(program) => program,
            Err(error) => return broken(format!("the rule does not compile: {error}")),
        };
        let old = Scope { name: "oldSelf", value: Value::Optional(None), outer: None };
        let scope = Scope { name: "self", value: value.clone(), outer: Some(&old) };
        match evaluation.value(&program.rule, &scope) {
            Ok(Value::Bool(true)) => None,
            Ok(Value::Bool(false)) => {
                let evaluated = program.message.as_ref().and_then(|message| {
                    match evaluation.value(message, &scope) {
                        Ok(Value::Text(text)) => Some(text.trim().to_owned()),
                        _ => None,
                    }
                    .filter(|text| !text.is_empty() && text.len() <= MESSAGE_LENGTH && !text.contains('\n'))
                });
                let fixed = || match &self.message {
                    Some(message) => message.trim().to_owned(),
                    None => format!("failed rule: {}", self.text.trim()),
                };
                Some(Problem::Rule { message: evaluated.unwrap_or_else(fixed), error: None })
            }
            Ok(other) => broken(format!("the rule gives a {}, no Boolean", other.type_name())),
            Err(error) => broken(error.to_string()),
        }
    }
}

/// The part of a rule that asks something of each item or key of the value itself.
fn over_all(rule: &Expr) -> Option<&Comprehension> {
    match rule {
        Expr::Macro(all) if all.kind == Fold::All && all.second.is_none() => {
            matches!(&all.range, Expr::Name(name) if &**name == "self").then_some(&**all)
        }
        Expr::And(parts) | Expr::Or(parts) => parts.iter().find_map(over_all),
        _ => None,
    }
}

/// What is wrong with the text of a rule, if it is no expression.
pub(crate) fn flaw(text: &str) -> Option<String> {
    parser::parse(text).err()
}

/// Asks all rules of a schema about a document whose structure is right.
pub(crate) fn check(schema: &Schema, document: &Node, found: &mut Vec<Violation>) {
    let mut walk = Walk { budget: TOTAL_COST, found };
    walk.value(schema, schema, document, &Path::Root);
}

struct Walk<'f> {
    budget: u64,
    found: &'f mut Vec<Violation>,
}

impl Walk<'_> {
    /// The rules of `rules`, which is `schema` itself or a branch of its `allOf`, about a value.
    fn value(&mut self, rules: &Schema, schema: &Schema, node: &Node, path: &Path<'_>) {
        if !rules.has_rules || node.is_null() {
            return;
        }
        for rule in &rules.rules {
            let limit = RULE_COST.min(self.budget);
            let evaluation = Evaluation { budget: Cell::new(limit) };
            let problem = rule.check(&Value::of_node(node, Some(schema)), &evaluation);
            self.budget -= limit - evaluation.budget.get();
            if let Some(problem) = problem {
                let (path, span) = match &rule.field_path {
                    Some(field) => below(node, field, path),
                    None => (path.render(), rule.failing(node, schema).unwrap_or_else(|| rule.blamed(node))),
                };
                self.found.push(Violation { path, span, problem });
            }
            if self.budget == 0 {
                return;
            }
        }
        for branch in &rules.checks.all_of {
            self.value(branch, schema, node, path);
        }
        match &node.kind {
            Kind::Mapping(entries) => {
                for entry in entries {
                    let key = &*entry.key.text;
                    if let (Some(inner), Some(own)) = (rules.below(key), schema.below(key)) {
                        self.value(inner, own, &entry.value, &Path::Key(path, key));
                    }
                }
            }
            Kind::Sequence(items) => {
                if let (Some(inner), Some(own)) = (rules.items.as_deref(), schema.items.as_deref()) {
                    for (index, item) in items.iter().enumerate() {
                        self.value(inner, own, item, &Path::Index(path, index));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The place that a rule's `fieldPath` names: `.spec.field` or `['key']`, as far as the document has it.
fn below(node: &Node, field_path: &str, path: &Path<'_>) -> (String, Span) {
    let mut node = node;
    let mut span = node.span;
    for part in field_path.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
        let Some(entry) = node.entry(part.trim_matches('\'')) else { break };
        node = &entry.value;
        span = node.span;
    }
    (format!("{}{field_path}", path.render()).trim_start_matches('.').to_owned(), span)
}
