//! `meshc test`: hold the mesh against what the tree promises.

use meshc_analysis::{Case, Promise, Refutation, Verdict, keep_promises};

use super::{DONE, FINDINGS};
use crate::args::{Test, TestFormat};
use crate::load::{Failure, Selected, Tree};
use crate::{output, render, up};

pub(crate) fn run(args: &Test) -> Result<u8, Failure> {
    let tree = Tree::read(&Selected::new(&args.tree.paths, &args.tree.revision))?;
    if tree.resources.route_tests.is_empty() && tree.resources.invariants.is_empty() {
        return Err(Failure::new(
            "the tree holds no RouteTest and no Invariant (apiVersion meshc.dev/v1alpha1)",
        ));
    }
    let effective = tree.compile_to_look()?;
    let mut promises = keep_promises(&tree.resources, &tree.mesh, &effective, &tree.sources);
    if args.live {
        let asked: Vec<_> =
            promises.iter().flat_map(|p| &p.cases).flat_map(|case| case.asked.clone()).collect();
        let seen = up::probe(tree.sources.clone(), effective, &asked, args.proxy).map_err(Failure::new)?;
        let mut seen = seen.into_iter();
        let cases = promises.iter_mut().flat_map(|promise| &mut promise.cases);
        cases.for_each(|case| confirm(case, &mut seen, args.proxy.name()));
    }
    match args.format {
        TestFormat::Human => output::out(&render::promises::human(&promises, output::colour_out())),
        TestFormat::Json => output::json_pretty(&serde_json::json!({"version": 1, "tests": promises})),
        TestFormat::Junit => output::out(&render::promises::junit(&promises)),
    }
    Ok(if promises.iter().all(Promise::is_kept) { DONE } else { FINDINGS })
}

/// Holds a case against what the real proxies answered to its requests.
fn confirm(case: &mut Case, seen: &mut impl Iterator<Item = Result<Vec<String>, String>>, proxy: &str) {
    let mut sent = 0;
    for witness in case.asked.clone() {
        match seen.next() {
            Some(Ok(differences)) => {
                sent += 1;
                if !differences.is_empty() && case.verdict == Verdict::Kept {
                    case.verdict = Verdict::Broken(Box::new(Refutation {
                        message: format!("{proxy} answers otherwise: {}", differences.join("; ")),
                        witness: Some(witness),
                        answer: None,
                        because: Vec::new(),
                    }));
                }
            }
            Some(Err(why)) => case.not_sent.push(why),
            None => {}
        }
    }
    case.sent = Some(sent);
}
