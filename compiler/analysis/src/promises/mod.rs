//! What a repository promises about its mesh (`RouteTest`, `Invariant`), held against what the mesh does: tried
//! request by request, or proved for all requests of a set, and refuted with one that shows it.

mod destination;
mod expectation;
mod for_all;
mod invariant;
mod route_test;

pub use destination::Destination;
pub(crate) use destination::words as destination_words;

use meshc_diagnostics::{ResourceId, Witness};
use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_resources::meshc::Invariant;
use meshc_resources::{Object, Resources};
use meshc_source::{SourceSet, Span};
use meshc_trace::{Answer, Because, Tracer};
use serde::Serialize;

/// Every promise of the tree with what became of it, in the order of the files.
pub fn keep_promises(
    resources: &Resources,
    mesh: &Mesh,
    effective: &EffectiveMesh,
    sources: &SourceSet,
) -> Vec<Promise> {
    let world = World { mesh, effective, sources, tracer: Tracer::new(effective, sources) };
    let tests = resources.route_tests.iter().map(|test| route_test::run(test, &world));
    let invariants = resources.invariants.iter().map(|invariant| invariant::run(invariant, &world));
    let mut all: Vec<Promise> = tests.chain(invariants).collect();
    all.sort_by_key(|promise| promise.span);
    all
}

/// Invariants that stand in no tree, with what became of each.
pub fn keep_invariants<'i>(
    invariants: impl IntoIterator<Item = &'i Object<Invariant>>,
    mesh: &Mesh,
    effective: &EffectiveMesh,
    sources: &SourceSet,
) -> Vec<Promise> {
    let world = World { mesh, effective, sources, tracer: Tracer::new(effective, sources) };
    invariants.into_iter().map(|invariant| invariant::run(invariant, &world)).collect()
}

/// The mesh as promises look at it.
struct World<'m> {
    mesh: &'m Mesh,
    effective: &'m EffectiveMesh,
    sources: &'m SourceSet,
    tracer: Tracer<'m>,
}

/// One resource with its cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Promise {
    /// The RouteTest or Invariant.
    pub resource: ResourceId,
    /// Where it stands.
    #[serde(skip)]
    pub span: Span,
    /// Each proxy with each request or set; an invariant is one case.
    pub cases: Vec<Case>,
}

/// One thing that was tried or proved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// `storefront-v1.shop: GET http://reviews:9080/api`
    pub name: String,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The requests that it was tried with: of a set, one of each part that is treated alike.
    #[serde(skip)]
    pub asked: Vec<Witness>,
    /// How many of them were sent through real proxies; none where nobody asked for that.
    pub sent: Option<usize>,
    /// Why the others were not.
    pub not_sent: Vec<String>,
}

impl Case {
    fn new(name: String, verdict: Verdict, asked: Vec<Witness>) -> Self {
        Self { name, verdict, asked, sent: None, not_sent: Vec::new() }
    }
}

/// Whether a promise is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// It holds: of the request, or of all requests of the set.
    Kept,
    /// It does not.
    Broken(Box<Refutation>),
    /// It cannot be told.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// Why a promise is not kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refutation {
    /// What is not as promised.
    pub message: String,
    /// A request that shows it; none for what no request shows.
    pub witness: Option<Witness>,
    /// The answer to it.
    pub answer: Option<Answer>,
    /// The lines that decided.
    pub because: Vec<Because>,
}

impl Verdict {
    fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }

    fn broken(message: String, witness: Witness, answer: Answer) -> Self {
        let because = answer.because.clone();
        Self::Broken(Box::new(Refutation { message, witness: Some(witness), answer: Some(answer), because }))
    }
}

impl Promise {
    /// Whether all cases are kept.
    pub fn is_kept(&self) -> bool {
        self.cases.iter().all(|case| case.verdict == Verdict::Kept)
    }
}

#[cfg(test)]
mod tests;
