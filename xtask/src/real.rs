//! `cargo xtask validate` and `cargo xtask agree`: real Envoy beside what is written for it and said about it.

use crate::parts::{Suite, number, run};

/// Has stock Envoy validate every bootstrap of every recorded world, every sample, and meshes made by chance.
pub(crate) fn validate(meshes: Option<&str>) -> Result<(), String> {
    let meshes = number(meshes, 2_000)?;
    let suite = suites("stock_envoy", Vec::new())?;
    run(&[
        suite("every_recorded_world", 20, None),
        suite("every_sample", 20, None),
        suite("meshes_made_by_chance", 25, Some(("cases", meshes))),
    ])
}

/// Compares `trace` with real Envoy over every recorded world, in one process and as `meshc up` sends requests, and over
/// meshes made by chance.
pub(crate) fn agree(meshes: Option<&str>, requests: Option<&str>) -> Result<(), String> {
    let (meshes, requests) = (number(meshes, 200)?, number(requests, 100)?);
    let by_up = suites("recorded", Vec::new())?;
    let suite = suites("real_envoy", vec![("MESHC_REQUESTS", requests.to_string())])?;
    run(&[
        suite("recorded_requests", 20, None),
        suite("recorded_meshes", 20, None),
        by_up("recorded_requests_by_up", 10, None),
        suite("meshes_made_by_chance", 20, Some(("cases", meshes))),
    ])
}

/// Sends what proofs and diffs show through real Envoy: the routes of so many meshes made by chance, and so many changes.
pub(crate) fn witnesses(meshes: Option<&str>) -> Result<(), String> {
    let meshes = number(meshes, 200)?;
    let suite = suites("witnesses", Vec::new())?;
    run(&[
        suite("routes_are_taken_as_proved", 10, Some(("cases", meshes))),
        suite("changes_are_seen_as_told", 40, Some(("cases", meshes * 10))),
    ])
}

/// Makes suites of one file of tests, which is told where Envoy is.
fn suites(
    target: &'static str,
    mut env: Vec<(&'static str, String)>,
) -> Result<impl Fn(&'static str, u64, Option<(&'static str, u64)>) -> Suite, String> {
    env.push((meshc_testkit::ENVOY, crate::envoy::fetch()?.display().to_string()));
    Ok(move |test, each, until| Suite { target, test, each, until, env: env.clone() })
}
