//! A directory of policies.

use meshc_diagnostics::Severity;
use meshc_resources::meshc::Invariant;
use meshc_resources::{Metadata, Object};
use meshc_source::{FileId, SourceSet};

use crate::Policy;

/// The directory, below a pack's own, with what its policies let pass and what they refuse.
pub(crate) const FIXTURES: &str = "tests";

/// A pack.
#[derive(Debug)]
pub struct Pack {
    /// What the settings call it: the name of a bundled one, or a path.
    pub name: String,
    /// Its ValidatingAdmissionPolicies, in the order of the files.
    pub policies: Vec<Policy>,
    /// Its Invariants.
    pub invariants: Vec<Promised>,
    /// What keeps a policy of it from being asked.
    pub flaws: Vec<Flaw>,
    /// All its files.
    pub(crate) sources: SourceSet,
}

/// An Invariant of a pack.
#[derive(Debug)]
pub struct Promised {
    /// Its name.
    pub name: String,
    /// What it asks and why, for people.
    pub description: String,
    /// How bad it is to break it: its annotation `meshc.dev/severity`, an error without it.
    pub severity: Severity,
    pub(crate) invariant: Object<Invariant>,
}

/// What keeps a policy from being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// `policies/ours/a.yaml:12`
    pub place: String,
    /// What is wrong.
    pub message: String,
}

/// An annotation's text on one line; empty where it is absent.
pub(crate) fn annotation(metadata: &Metadata, key: &str) -> String {
    let written = metadata.annotations.iter().find(|(own, _)| own.value == key);
    written
        .map_or_else(String::new, |(_, value)| value.value.split_whitespace().collect::<Vec<_>>().join(" "))
}

impl Pack {
    /// Reads the files of a pack.
    pub fn read(name: &str, sources: SourceSet) -> Self {
        let own = |file: FileId| fixture(&sources.file(file).path).is_none();
        let members = sources.masked(own);
        let outcome = meshc_resources::read(&members, &meshc_syntax::Limits::default());
        let place = |span: meshc_source::Span| {
            let (start, _) = sources.location(span);
            format!("{}:{}", sources.file(span.file).path, start.line)
        };
        let errors = outcome.diagnostics.iter().filter(|finding| finding.severity == Severity::Error);
        let mut flaws: Vec<Flaw> = errors
            .map(|finding| Flaw { place: place(finding.span), message: finding.message.clone() })
            .collect();
        let resources = outcome.resources;
        let mut policies = Vec::new();
        for object in &resources.admission_policies {
            match Policy::new(object, &resources.admission_policy_bindings, Some(name)) {
                Ok(policy) => policies.push(policy),
                Err(wrong) => flaws.extend(wrong.into_iter().map(|(span, message)| Flaw {
                    place: place(span),
                    message: format!("policy `{}`: {message}", object.name()),
                })),
            }
        }
        let invariants = resources.invariants.into_iter().map(|invariant| Promised {
            name: invariant.name().to_owned(),
            description: annotation(&invariant.metadata, "meshc.dev/description"),
            severity: match annotation(&invariant.metadata, "meshc.dev/severity").as_str() {
                "warning" => Severity::Warning,
                "info" => Severity::Info,
                _ => Severity::Error,
            },
            invariant,
        });
        let invariants = invariants.collect();
        Self { name: name.to_owned(), policies, invariants, flaws, sources }
    }

    /// The names of all that is in it.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        let policies = self.policies.iter().map(|policy| policy.name.as_str());
        policies.chain(self.invariants.iter().map(|promised| promised.name.as_str()))
    }
}

/// The file name of a fixture; none of what belongs to the pack itself.
pub(crate) fn fixture(path: &str) -> Option<&str> {
    let mut parts = path.rsplit('/');
    let name = parts.next()?;
    parts.next().filter(|directory| *directory == FIXTURES).map(|_| name)
}
