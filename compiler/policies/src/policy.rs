//! One ValidatingAdmissionPolicy, compiled, and its answer about an object.

use meshc_diagnostics::Severity;
use meshc_resources::Object;
use meshc_resources::kubernetes::{
    MatchResources, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use meshc_schema::{Answer, Expression, Question, Variables};
use meshc_source::Span;
use meshc_syntax::Node;
use meshc_syntax::de::Spanned;

use crate::matching::is_meant;
use crate::pack::annotation;
use crate::subject::Subject;

/// The longest message that an expression may give, in bytes; Kubernetes's `MaxEvaluatedMessageExpressionSizeBytes`.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// A policy.
#[derive(Debug)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The pack that it belongs to; none of a policy of the tree itself.
    pub pack: Option<String>,
    /// What it asks and why, for people: its annotation `meshc.dev/description`.
    pub description: String,
    constraints: MatchResources,
    conditions: Vec<(String, Expression)>,
    validations: Vec<Validation>,
    variables: Variables,
    /// Whether an expression without a value counts as broken.
    fails: bool,
    bindings: Vec<Binding>,
}

#[derive(Debug)]
struct Validation {
    expression: Expression,
    text: String,
    message: Option<String>,
    message_expression: Option<Expression>,
}

#[derive(Debug)]
struct Binding {
    resources: Option<MatchResources>,
    severity: Severity,
}

/// What a policy finds wrong with an object.
pub(crate) struct Broken {
    pub(crate) message: String,
    /// Where a person looks first, if it can be told.
    pub(crate) span: Option<Span>,
    pub(crate) severity: Severity,
}

impl Policy {
    /// Compiles a policy with the bindings that put it in force; what keeps it from being asked, with where it stands.
    pub(crate) fn new(
        object: &Object<ValidatingAdmissionPolicy>,
        bindings: &[Object<ValidatingAdmissionPolicyBinding>],
        pack: Option<&str>,
    ) -> Result<Self, Vec<(Span, String)>> {
        let spec = &object.spec;
        let mut flaws: Vec<(Span, String)> = Vec::new();
        let mut compile = |text: &Spanned<String>| match Expression::new(&text.value) {
            Ok(expression) => {
                let outside = ["params", "authorizer"].into_iter().find(|name| expression.mentions(name));
                if let Some(name) = outside {
                    flaws.push((text.span, format!("it reads `{name}`, which only a cluster has")));
                }
                Some(expression)
            }
            Err(error) => {
                flaws.push((text.span, format!("the expression does not compile: {error}")));
                None
            }
        };
        let mut conditions = Vec::new();
        for condition in &spec.match_conditions {
            let name = condition.name.as_ref().map_or("", |name| &name.value);
            let compiled = condition.expression.as_ref().and_then(&mut compile);
            conditions.extend(compiled.map(|expression| (name.to_owned(), expression)));
        }
        let mut validations = Vec::new();
        for validation in &spec.validations {
            let Some(text) = &validation.expression else { continue };
            let message_expression = validation.message_expression.as_ref().and_then(&mut compile);
            let Some(expression) = compile(text) else { continue };
            validations.push(Validation {
                expression,
                text: text.value.clone(),
                message: validation.message.as_ref().map(|message| message.value.clone()),
                message_expression,
            });
        }
        let mut variables = Variables::default();
        for variable in &spec.variables {
            let (Some(name), Some(text)) = (&variable.name, &variable.expression) else { continue };
            if compile(text).is_some() {
                // It was just compiled.
                let _ = variables.push(&name.value, &text.value);
            }
        }
        let own = bindings.iter().filter(|binding| {
            binding.spec.policy_name.as_ref().is_some_and(|name| name.value == object.name())
        });
        let bindings: Vec<Binding> = own
            .map(|binding| Binding {
                resources: binding.spec.match_resources.as_ref().map(|of| of.value.clone()),
                severity: severity(&binding.spec.validation_actions),
            })
            .collect();
        if !flaws.is_empty() {
            return Err(flaws);
        }
        Ok(Self {
            name: object.name().to_owned(),
            pack: pack.map(ToOwned::to_owned),
            description: annotation(&object.metadata, "meshc.dev/description"),
            constraints: spec.match_constraints.as_ref().map(|of| of.value.clone()).unwrap_or_default(),
            conditions,
            validations,
            variables,
            fails: spec.failure_policy.as_ref().is_none_or(|policy| policy.value != "Ignore"),
            bindings,
        })
    }

    /// How bad it is to break it, by the strictest of its bindings.
    pub fn severity(&self) -> Severity {
        self.bindings.iter().map(|binding| binding.severity).max().unwrap_or(Severity::Error)
    }

    /// Whether a binding puts it in force.
    pub(crate) fn is_bound(&self) -> bool {
        !self.bindings.is_empty()
    }

    /// Whether it is about an object, and how bad it is to break it there.
    pub(crate) fn concerns(&self, subject: &Subject, namespace: Option<&Node>) -> Option<Severity> {
        if !is_meant(&self.constraints, subject, namespace, false) {
            return None;
        }
        if self.bindings.is_empty() {
            return Some(Severity::Error);
        }
        let in_force = self.bindings.iter().filter(|binding| {
            binding.resources.as_ref().is_none_or(|of| is_meant(of, subject, namespace, true))
        });
        in_force.map(|binding| binding.severity).max()
    }

    /// What it finds wrong with an object that it concerns.
    pub(crate) fn ask(
        &self,
        subject: &Subject,
        request: &Node,
        namespace: Option<&Node>,
        severity: Severity,
    ) -> Vec<Broken> {
        let question = Question { object: &subject.root, request, namespace, variables: &self.variables };
        let without_value = |what: String| Broken { message: what, span: None, severity };
        // A condition that does not hold wins over one that has no value.
        let mut unknown = None;
        for (name, condition) in &self.conditions {
            match condition.ask(&question) {
                Ok(Answer::Bool(true)) => {}
                Ok(Answer::Bool(false)) => return Vec::new(),
                Ok(_) => unknown = Some(format!("its condition `{name}` is no Boolean")),
                Err(error) => unknown = Some(format!("its condition `{name}` has no value: {error}")),
            }
        }
        if let Some(unknown) = unknown {
            return if self.fails { vec![without_value(unknown)] } else { Vec::new() };
        }
        let mut broken = Vec::new();
        for validation in &self.validations {
            let span = validation.expression.blamed(&subject.root, &self.variables);
            match validation.expression.ask(&question) {
                Ok(Answer::Bool(true)) => {}
                Ok(Answer::Bool(false)) => {
                    broken.push(Broken { message: validation.words(&question), span, severity });
                }
                Ok(_) if self.fails => {
                    broken.push(without_value(format!("`{}` is no Boolean", validation.text.trim())));
                }
                Err(error) if self.fails => {
                    let message = format!("`{}` has no value: {error}", validation.text.trim());
                    broken.push(Broken { message, span, severity });
                }
                Ok(_) | Err(_) => {}
            }
        }
        broken
    }
}

impl Validation {
    /// What is said where it does not hold: the evaluated message, else the fixed one, else the expression.
    fn words(&self, question: &Question<'_>) -> String {
        let evaluated =
            self.message_expression.as_ref().and_then(|expression| match expression.ask(question) {
                Ok(Answer::Text(text)) => Some(text.trim().to_owned()),
                _ => None,
            });
        let fits = |text: &String| !text.is_empty() && text.len() <= LONGEST_MESSAGE && !text.contains('\n');
        evaluated
            .filter(fits)
            .or_else(|| self.message.as_ref().map(|message| message.trim().to_owned()))
            .unwrap_or_else(|| format!("`{}` does not hold", self.text.trim()))
    }
}

/// How bad it is to break a policy: what the cluster does then.
fn severity(actions: &[Spanned<String>]) -> Severity {
    let has = |action: &str| actions.iter().any(|own| own.value == action);
    if has("Deny") {
        Severity::Error
    } else if has("Warn") {
        Severity::Warning
    } else {
        Severity::Info
    }
}
