//! Expressions of admission policies: about an object as it is written, the request that would make it, and variables
//! that are worked out when they are asked for.

use std::cell::Cell;

use meshc_source::Span;
use meshc_syntax::{Kind, Node};

use super::RULE_COST;
use super::ast::Expr;
use super::eval::{Evaluation, Scope};
use super::parser;
use super::value::Value;

/// An expression of a policy.
#[derive(Debug)]
pub struct Expression {
    text: Box<str>,
    expr: Expr,
}

/// The variables of a policy, each of which may read those before it.
#[derive(Debug, Default)]
pub struct Variables {
    all: Vec<(Box<str>, Expression)>,
}

/// What expressions of a policy are about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The object that is made.
    pub object: &'a Node,
    /// The request that makes it.
    pub request: &'a Node,
    /// Its Namespace; none for objects of the cluster.
    pub namespace: Option<&'a Node>,
    /// The policy's variables.
    pub variables: &'a Variables,
}

/// The value of an expression of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Of a condition.
    Bool(bool),
    /// Of a message.
    Text(String),
    /// What is neither: the name of its type.
    Other(&'static str),
}

// === impl Variables ===

impl Variables {
    /// Adds a variable; why not, if its expression is none.
    pub fn push(&mut self, name: &str, text: &str) -> Result<(), String> {
        self.all.push((name.into(), Expression::new(text)?));
        Ok(())
    }
}

// === impl Expression ===

impl Expression {
    /// Reads an expression; why not, if it is none.
    pub fn new(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.into(), expr: parser::parse(text)? })
    }

    /// Whether a name is read anywhere in it.
    pub fn mentions(&self, name: &str) -> bool {
        self.expr.mentions(name)
    }

    /// Its value; why it has none, in the API server's words.
    pub fn ask(&self, question: &Question<'_>) -> Result<Answer, String> {
        let root = Scope { name: "object", value: Value::of_node(question.object, None), outer: None };
        let root = Scope { name: "oldObject", value: Value::Null, outer: Some(&root) };
        let root =
            Scope { name: "request", value: Value::of_node(question.request, None), outer: Some(&root) };
        let namespace = question.namespace.map_or(Value::Null, |node| Value::of_node(node, None));
        let root = Scope { name: "namespaceObject", value: namespace, outer: Some(&root) };
        let variables = Value::Variables(&question.variables.all);
        let root = Scope { name: "variables", value: variables, outer: Some(&root) };
        let evaluation = Evaluation { budget: Cell::new(RULE_COST) };
        match evaluation.value(&self.expr, &root) {
            Ok(Value::Bool(value)) => Ok(Answer::Bool(value)),
            Ok(Value::Text(text)) => Ok(Answer::Text(text.into_owned())),
            Ok(other) => Ok(Answer::Other(other.type_name())),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Where a person looks first: of the parts of the object that it names, the deepest that is written; of several,
    /// the last. Where it names variables, theirs count too.
    pub fn blamed(&self, object: &Node, variables: &Variables) -> Option<Span> {
        let own = deepest(&self.text, object);
        let read = variables.all.iter().filter(|(name, _)| self.text.contains(&format!("variables.{name}")));
        let of_variables = read.filter_map(|(_, expression)| deepest(&expression.text, object));
        own.into_iter()
            .chain(of_variables)
            .max_by_key(|(depth, span)| (*depth, span.start))
            .map(|(_, span)| span)
    }

    /// The expression of a variable among those before it.
    pub(super) fn of_variable<'v>(
        all: &'v [(Box<str>, Self)],
        name: &str,
    ) -> Option<(&'v Expr, &'v [(Box<str>, Self)])> {
        let at = all.iter().position(|(own, _)| &**own == name)?;
        Some((&all.get(at)?.1.expr, all.get(..at)?))
    }
}

/// The deepest part of an object that a text names as `object.…`, and how deep it is.
fn deepest(text: &str, object: &Node) -> Option<(usize, Span)> {
    let paths = text.split("object.").skip(1).filter_map(|rest| {
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
        let mut found = None;
        let mut node = object;
        for (depth, name) in rest.get(..end)?.split('.').enumerate() {
            let Some(entry) = node.entry(name).filter(|entry| !entry.value.is_null()) else { break };
            node = &entry.value;
            let span = match node.kind {
                Kind::Mapping(_) | Kind::Sequence(_) => entry.key.span,
                _ => node.span,
            };
            found = Some((depth, span));
        }
        found
    });
    paths.max_by_key(|(depth, span)| (*depth, span.start))
}

#[cfg(test)]
mod tests {
    use meshc_source::FileId;
    use meshc_syntax::Limits;

    use super::*;

    fn node(text: &str) -> Node {
        let parsed = meshc_syntax::parse(FileId(0), text, &Limits::default());
        parsed.documents.into_iter().next().expect("a document").root
    }

    fn ask(text: &str, variables: &[(&str, &str)]) -> Result<Answer, String> {
        let object = node("kind: VirtualService\nspec: {hosts: [a, b], http: [{timeout: 2s}, {}]}\n");
        let request = node("{operation: CREATE, namespace: shop}");
        let mut all = Variables::default();
        for (name, text) in variables {
            all.push(name, text)?;
        }
        let namespace = node("metadata: {labels: {env: prod}}");
        Expression::new(text)?.ask(&Question {
            object: &object,
            request: &request,
            namespace: Some(&namespace),
            variables: &all,
        })
    }

    #[test]
    fn expressions_see_the_object_the_request_and_the_namespace() {
        for text in [
            "object.spec.hosts.size() == 2 && request.namespace == 'shop' && oldObject == null",
            "namespaceObject.metadata.labels.env == 'prod'",
            "object.spec.http.exists(r, !has(r.timeout))",
        ] {
            assert_eq!(ask(text, &[]), Ok(Answer::Bool(true)), "{text}");
        }
        assert_eq!(ask("'no ' + object.kind", &[]), Ok(Answer::Text("no VirtualService".to_owned())));
        assert_eq!(ask("object.spec.hosts", &[]), Ok(Answer::Other("list")));
        assert!(ask("object.spec.tls", &[]).is_err_and(|error| error.contains("no such key: tls")));
        assert!(ask("params.x", &[]).is_err_and(|error| error.contains("undeclared reference to 'params'")));
    }

    #[test]
    fn variables_are_worked_out_when_they_are_asked_for() {
        let variables = [
            ("hosts", "object.spec.hosts"),
            ("first", "variables.hosts[0]"),
            ("broken", "object.spec.none.x"),
        ];
        assert_eq!(ask("variables.first == 'a'", &variables), Ok(Answer::Bool(true)));
        // Inside of a macro too, where names of its own stand before it.
        assert_eq!(ask("[1].all(object, variables.hosts.size() == 2)", &variables), Ok(Answer::Bool(true)));
        assert!(ask("variables.broken == 1", &variables).is_err());
        assert!(ask("variables.later", &variables).is_err_and(|error| error.contains("no such key: later")));
        let backwards = [("first", "variables.hosts[0]"), ("hosts", "object.spec.hosts")];
        assert!(ask("variables.first == 'a'", &backwards).is_err(), "a variable reads those before it alone");
    }

    #[test]
    fn the_deepest_part_that_is_written_is_blamed() {
        let text = "kind: VirtualService\nspec:\n  hosts: [a]\n  http:\n  - {}\n";
        let object = node(text);
        let blamed = |rule: &str| {
            let span = Expression::new(rule).expect("an expression").blamed(&object, &Variables::default());
            span.map(|span| &text[span.start as usize..span.end as usize])
        };
        assert_eq!(blamed("object.spec.http.all(r, has(r.timeout))"), Some("http"));
        assert_eq!(blamed("!has(object.spec.tls)"), Some("spec"));
        assert_eq!(blamed("object.kind != 'VirtualService'"), Some("VirtualService"));
        assert_eq!(blamed("true"), None);
    }
}
