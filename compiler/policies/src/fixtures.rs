//! What a pack's policies let pass and what they refuse, tried: `tests/NAME.pass.yaml` and `tests/NAME.fail.yaml`.

use meshc_diagnostics::Diagnostic;
use meshc_mesh::Mesh;
use meshc_source::{FileId, SourceSet, Span};

use crate::pack::fixture;
use crate::subject::Subjects;
use crate::{Pack, check, check_invariants};

/// One policy with one of its fixtures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The pack.
    pub pack: String,
    /// The policy or Invariant.
    pub policy: String,
    /// `pass` or `fail`.
    pub fixture: &'static str,
    /// How many objects it has.
    pub objects: usize,
    /// What is not as it should be.
    pub problem: Option<String>,
}

/// Tries every policy of a pack with both of its fixtures.
pub fn try_fixtures(pack: &Pack) -> Vec<Trial> {
    let mut trials = Vec::new();
    for flaw in &pack.flaws {
        trials.push(Trial {
            pack: pack.name.clone(),
            policy: flaw.place.clone(),
            fixture: "file",
            objects: 0,
            problem: Some(flaw.message.clone()),
        });
    }
    for policy in pack.members() {
        for kind in ["pass", "fail"] {
            let (objects, problem) = attempt(pack, policy, kind);
            trials.push(Trial {
                pack: pack.name.clone(),
                policy: policy.to_owned(),
                fixture: kind,
                objects,
                problem,
            });
        }
    }
    trials
}

fn attempt(pack: &Pack, policy: &str, kind: &str) -> (usize, Option<String>) {
    let wanted = format!("{policy}.{kind}.yaml");
    let is_it = |file: FileId| fixture(&pack.sources.file(file).path) == Some(wanted.as_str());
    let sources = pack.sources.masked(is_it);
    if !sources.iter().any(|_| true) {
        return (0, Some(format!("there is no tests/{wanted}")));
    }
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let subjects = Subjects::read(&sources);
    let objects = subjects.all.len();
    let found = findings(pack, policy, &outcome.resources, &sources);
    let problem = match (kind, found.first()) {
        ("pass", Some(first)) => Some(first.message.clone()),
        ("fail", None) => Some("nothing of it is refused".to_owned()),
        _ => None,
    };
    (objects, problem)
}

/// What one member of a pack finds.
fn findings(
    pack: &Pack,
    name: &str,
    resources: &meshc_resources::Resources,
    sources: &SourceSet,
) -> Vec<Diagnostic> {
    let only = |found: Vec<Diagnostic>| -> Vec<Diagnostic> {
        let (of_policy, of_invariant) = (format!("policy `{name}` "), format!("invariant `{name}` "));
        found
            .into_iter()
            .filter(|f| f.message.starts_with(&of_policy) || f.message.starts_with(&of_invariant))
            .collect()
    };
    let loudness = |_: &str, _| None;
    let packs = std::slice::from_ref(pack);
    let mut found = only(check(packs, resources, sources, &loudness));
    if pack.invariants.iter().any(|promised| promised.name == name) {
        let mesh = Mesh::new(resources);
        let effective = meshc_effective::compile(&mesh);
        let nowhere = sources.iter().next().map(|(file, _)| Span::start_of(file));
        found.extend(only(check_invariants(packs, (&mesh, &effective), sources, &|_| nowhere, &loudness)));
    }
    found
}
