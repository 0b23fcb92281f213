//! `cargo xtask laws`: the laws of proofs, over as many cases as one likes.

use crate::parts::{Suite, number, run};

/// As many virtual hosts as the project promises.
const CASES: u64 = 100_000;

/// Runs the laws of reachability, of the diff and of who can reach what against enumeration by the second
/// implementation.
pub(crate) fn laws(count: Option<&str>) -> Result<(), String> {
    let count = number(count, CASES)?;
    let suite = |test, each, until| Suite { target: "laws", test, each, until: Some(until), env: Vec::new() };
    run(&[
        suite("the_algebra_agrees_with_enumeration", 5_000, ("virtual hosts", count)),
        suite("the_interpreter_agrees_with_what_is_claimed", 100, ("cases", (count / 50).max(1))),
        suite("the_diff_agrees_with_the_judge", 200, ("cases", (count / 10).max(1))),
        suite("who_can_reach_what_agrees_with_enumeration", 200, ("cases", (count / 50).max(1))),
    ])
}
