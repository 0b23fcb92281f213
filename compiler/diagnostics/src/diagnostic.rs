//! One finding: what, where, why, and what to do.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use meshc_source::{SourceSet, Span};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Code, Rule, Severity, Witness};

/// The resource that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceId {
    /// `VirtualService`
    pub kind: String,
    /// None for kinds that have no namespace.
    pub namespace: Option<String>,
    /// `metadata.name`
    pub name: String,
}

/// A second place that explains the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there: a few words without a full stop.
    pub message: String,
}

/// A replacement of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// What is replaced; an empty span inserts.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// A change that makes the finding go away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What the change does, as an imperative: `Replace with "reviews"`.
    pub message: String,
    /// The edits, which do not overlap.
    pub edits: Vec<Edit>,
}

/// A finding. Built with [`Diagnostic::new`] and the methods named after its fields:
///
/// ```
/// # use meshc_diagnostics::{declare_rule, Diagnostic};
/// # use meshc_source::{FileId, Span};
/// # declare_rule! {
/// #     /// ## What it does
/// #     pub UNKNOWN_HOST = "MC1001", "unknown-host", Error, Mesh, "A host that nothing declares", ["IST0101"]
/// # }
/// # let span = Span::new(FileId(0), 10, 20);
/// let finding = Diagnostic::new(&UNKNOWN_HOST, span, "host `reviws` is not in the mesh: requests get 503")
///     .resource("VirtualService", Some("default"), "reviews")
///     .help("did you mean `reviews`?")
///     .replace("Replace with `reviews`", span, "reviews")
///     .alias("IST0101");
/// assert_eq!(finding.code.to_string(), "MC1001");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The rule's code.
    pub code: Code,
    /// The rule's severity, unless a user set another.
    pub severity: Severity,
    /// What is wrong and what happens to traffic: one sentence without a full stop at its end.
    pub message: String,
    /// The resource that it is about.
    pub resource: Option<ResourceId>,
    /// The exact YAML node.
    pub span: Span,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// A request that shows it.
    pub witness: Option<Witness>,
    /// Codes of Istio and Kiali whose original would report this very finding, no others.
    #[serde(deserialize_with = "aliases")]
    pub aliases: Vec<&'static str>,
    /// Changes that are certain to be right.
    pub fixes: Vec<Fix>,
}

// === impl Diagnostic ===

impl Diagnostic {
    /// A finding of a rule at a place.
    pub fn new(rule: &Rule, span: Span, message: impl Into<String>) -> Self {
        Self {
            code: rule.code,
            severity: rule.severity,
            message: message.into(),
            resource: None,
            span,
            labels: Vec::new(),
            help: None,
            witness: None,
            aliases: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// Another severity than the rule's.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Names the resource.
    #[must_use]
    pub fn resource(mut self, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        self.resource = Some(ResourceId {
            kind: kind.to_owned(),
            namespace: namespace.map(ToOwned::to_owned),
            name: name.to_owned(),
        });
        self
    }

    /// Names the resource.
    #[must_use]
    pub fn resource_id(mut self, resource: ResourceId) -> Self {
        self.resource = Some(resource);
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a request that shows it.
    #[must_use]
    pub fn witness(mut self, witness: Witness) -> Self {
        self.witness = Some(witness);
        self
    }

    /// Adds a code whose original would report this very finding.
    #[must_use]
    pub fn alias(mut self, alias: &'static str) -> Self {
        self.aliases.push(alias);
        self
    }

    /// Adds a fix of one edit.
    #[must_use]
    pub fn replace(self, message: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fix(message, vec![Edit { span, text: text.into() }])
    }

    /// Adds a fix.
    #[must_use]
    pub fn fix(mut self, message: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fixes.push(Fix { message: message.into(), edits });
        self
    }
}

/// Aliases as they were written. There are a few hundred of them: each is made once and then lives as long as the
/// process, as those do that stand in rules.
fn aliases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<&'static str>, D::Error> {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let written = Vec::<String>::deserialize(deserializer)?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let one = |alias: String| {
        if let Some(alias) = known.get(alias.as_str()) {
            return *alias;
        }
        let alias: &'static str = alias.leak();
        known.insert(alias);
        alias
    };
    Ok(written.into_iter().map(one).collect())
}

/// Brings findings into the order in which every output lists them: path, start, code, then whatever
/// else tells two apart, so that the order never depends on threads. Exact doubles are dropped.
pub fn sort(diagnostics: &mut Vec<Diagnostic>, sources: &SourceSet) {
    diagnostics.sort_by(|a, b| compare(a, b, sources));
    diagnostics.dedup();
}

fn compare(a: &Diagnostic, b: &Diagnostic, sources: &SourceSet) -> Ordering {
    let path = |d: &Diagnostic| sources.file(d.span.file).path.clone();
    let by_file = if a.span.file == b.span.file {
        Ordering::Equal
    } else {
        path(a).cmp(&path(b)).then(a.span.file.cmp(&b.span.file))
    };
    by_file
        .then_with(|| a.span.start.cmp(&b.span.start))
        .then_with(|| a.code.cmp(&b.code))
        .then_with(|| a.span.end.cmp(&b.span.end))
        .then_with(|| a.message.cmp(&b.message))
        .then_with(|| a.resource.cmp(&b.resource))
        .then_with(|| a.labels.iter().map(|l| l.span).cmp(b.labels.iter().map(|l| l.span)))
}

impl fmt::Display for ResourceId {
    /// `VirtualService default/reviews`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use meshc_source::{FileId, SourceFile};

    use super::*;

    crate::declare_rule! {
        /// ## What it does
        /// Serves as a rule here.
        FIRST = "MC9998", "first", Error, Mesh, "First", []
    }
    crate::declare_rule! {
        /// ## What it does
        /// Serves as another.
        SECOND = "MC9999", "second", Info, Mesh, "Second", []
    }

    #[test]
    fn the_order_is_path_then_start_then_code() {
        let sources =
            SourceSet::new(vec![SourceFile::new("b.yaml", "text"), SourceFile::new("a.yaml", "text")]);
        let at = |file, start| Span::new(FileId(file), start, 4);
        let mut found = vec![
            Diagnostic::new(&SECOND, at(0, 1), "4"),
            Diagnostic::new(&FIRST, at(0, 1), "3"),
            Diagnostic::new(&FIRST, at(1, 2), "2"),
            Diagnostic::new(&SECOND, at(1, 0), "1"),
            Diagnostic::new(&FIRST, at(1, 2), "2"),
        ];
        sort(&mut found, &sources);
        let order: Vec<_> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(order, ["1", "2", "3", "4"]);
    }
}
