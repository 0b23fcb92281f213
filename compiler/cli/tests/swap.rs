//! Edits reach running proxies with no failed request; a corrupt bundle changes nothing.

use std::path::Path;

use meshc_testkit::swap::{Plan, run};

const MESHC: &str = env!("CARGO_BIN_EXE_meshc");

#[test]
fn edits_reach_mesh_proxy_with_no_failed_request() {
    let plan = Plan { meshc: Path::new(MESHC), proxy: "mesh-proxy", edits: 20, corrupt: true };
    let report = run(&plan).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((report.failed, report.closed), (0, 0), "{report:?}");
    assert!(
        report.requests > 200 && report.live.len() == 20 && report.during_corruption == 200,
        "{report:?}"
    );
}

#[test]
fn edits_reach_envoy_with_no_failed_request() {
    if meshc_testkit::envoy("edits_reach_envoy_with_no_failed_request").is_none() {
        return;
    }
    let plan = Plan { meshc: Path::new(MESHC), proxy: "envoy", edits: 5, corrupt: false };
    let report = run(&plan).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(report.failed, 0, "{report:?}");
    assert!(report.requests > 50 && report.live.len() == 5, "{report:?}");
}
