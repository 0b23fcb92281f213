//! Many worlds in one Envoy: a listener for each route table that is asked, with the connection manager that the proxy has
//! there; every cluster that has endpoints leads to one service, which tells what it gets.

mod judge;
mod plan;

use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_testkit::parts;
use meshc_testkit::real::echo;
use plan::Plan;

/// Worlds that one Envoy has at once.
const AT_ONCE: usize = 20;

/// A mesh with the lines that are asked of it.
pub(crate) struct World {
    pub(crate) label: String,
    pub(crate) mesh: EffectiveMesh,
    pub(crate) sources: SourceSet,
    pub(crate) lines: Vec<Line>,
}

/// A line of trace's input.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) claim: Claim,
}

/// What is claimed of a line beside trace's answer.
#[derive(Debug, Clone)]
pub(crate) enum Claim {
    Nothing,
    /// It takes the route of this name.
    #[allow(dead_code, reason = "not every file of tests proves something")]
    Takes(String),
    /// It takes none of these routes.
    #[allow(dead_code, reason = "not every file of tests proves something")]
    TakesNone(Arc<BTreeSet<String>>),
}

impl World {
    /// Compiles files.
    pub(crate) fn new(label: String, files: Vec<(String, String)>) -> Self {
        let files = files.into_iter().map(|(name, text)| SourceFile::new(name, text)).collect();
        let sources = SourceSet::new(files);
        let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
        let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
        Self { label, mesh, sources, lines: Vec::new() }
    }

    /// Lines of which nothing is claimed.
    #[allow(dead_code, reason = "not every file of tests asks such lines")]
    pub(crate) fn asked(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.lines.extend(lines.into_iter().map(|text| Line { text, claim: Claim::Nothing }));
        self
    }
}

/// Compares every line of every world, and asserts that nothing differs.
#[expect(clippy::print_stdout, reason = "the number is what this test is for")]
pub(crate) fn compare(test: &str, worlds: &[World]) {
    let Some(envoy) = meshc_testkit::envoy(test) else { return };
    let service = echo::start().expect("a service");
    let (mut total, mut unserved, mut wrong) = (0, 0, Vec::new());
    for (batch, worlds) in worlds.chunks(AT_ONCE).enumerate() {
        let mut plan = Plan::default();
        for (index, world) in worlds.iter().enumerate() {
            plan.add(world, batch * AT_ONCE + index, service);
        }
        total += plan.cases.len();
        unserved += plan.unserved;
        wrong.append(&mut plan.wrong);
        wrong.extend(plan.run(&envoy));
    }
    for text in wrong.iter().take(12) {
        println!("  {text}");
    }
    parts::found(&[
        ("worlds", worlds.len() as u64),
        ("requests", total as u64),
        ("differing", wrong.len() as u64),
        ("of tables that no listener serves", unserved as u64),
    ]);
    assert!((total > 0 || worlds.is_empty()) && wrong.is_empty(), "{test}: {} answers differ", wrong.len());
}
