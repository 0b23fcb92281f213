//! `meshc test`: hold the mesh against what the tree promises.

use meshc_analysis::keep_promises;

use super::{DONE, FINDINGS};
use crate::args::{Test, TestFormat};
use crate::load::{Failure, Selected, Tree};
use crate::{output, render};

pub(crate) fn run(args: &Test) -> Result<u8, Failure> {
    let tree = Tree::read(&Selected::new(&args.tree.paths, &args.tree.revision))?;
    if tree.resources.route_tests.is_empty() && tree.resources.invariants.is_empty() {
        return Err(Failure::new(
            "the tree holds no RouteTest and no Invariant (apiVersion meshc.dev/v1alpha1)",
        ));
    }
    let effective = tree.compile_to_look()?;
    let promises = keep_promises(&tree.resources, &tree.mesh, &effective, &tree.sources);
    match args.format {
        TestFormat::Human => output::out(&render::promises::human(&promises, output::colour_out())),
        TestFormat::Json => output::json_pretty(&serde_json::json!({"version": 1, "tests": promises})),
        TestFormat::Junit => output::out(&render::promises::junit(&promises)),
    }
    Ok(if promises.iter().all(meshc_analysis::Promise::is_kept) { DONE } else { FINDINGS })
}
