//! `cargo xtask mutants`: mutation testing of the diff, over as many mutants as one likes.

use crate::parts::{Suite, number, run};

/// As many as the project promises.
const MUTANTS: u64 = 2_000;

/// Mutates generated meshes and judges what the diff says of each, by requests through the interpreter and by the second
/// implementation; what is only written otherwise must not be told, and a diff turned round must be the same.
pub(crate) fn mutants(count: Option<&str>) -> Result<(), String> {
    let count = number(count, MUTANTS)?;
    let suite = |test, each, until| Suite {
        target: "mutants",
        test,
        each,
        until: Some(until),
        env: vec![("MESHC_BOOK", "1".to_owned())],
    };
    run(&[
        suite("no_change_is_missed_and_none_is_invented", 1, ("mutants", count)),
        suite("what_is_written_otherwise_is_no_change", 10, ("meshes written otherwise", (count / 2).max(1))),
        suite("a_mirrored_diff_is_the_diff_mirrored", 10, ("diffs both ways", (count / 4).max(1))),
    ])
}
