//! Istio's own samples: nothing above `info` is found in them that is not a real fault; each that is has its argument.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::{json, run};

/// The real faults: where, the rule, and why it is one.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "bookinfo/networking/fault-injection-details-v1.yaml",
        "MC2001",
        "two routes without a match: the second, without the fault, is never taken",
    ),
    (
        "bookinfo/networking/egress-rule-google-apis.yaml",
        "MC1410",
        "the settings of port 443 replace the load balancer that the rule asks for",
    ),
    (
        "bookinfo/policy/productpage_envoy_ratelimit.yaml",
        "MC1601",
        "patches relative to another filter without a priority: `istioctl analyze` says so too (IST0151)",
    ),
];

/// Files that are applied together.
const TOGETHER: &[&[&str]] = &[
    &["bookinfo/platform/kube/bookinfo.yaml", "bookinfo/networking/bookinfo-gateway.yaml"],
    &["bookinfo/platform/kube/bookinfo.yaml", "bookinfo/gateway-api/bookinfo-gateway.yaml"],
    &[
        "bookinfo/platform/kube/bookinfo.yaml",
        "bookinfo/platform/kube/bookinfo-versions.yaml",
        "bookinfo/gateway-api/bookinfo-gateway.yaml",
        "bookinfo/gateway-api/route-reviews-90-10.yaml",
    ],
    &["helloworld/helloworld.yaml", "helloworld/helloworld-gateway.yaml"],
    &["httpbin/httpbin.yaml", "httpbin/httpbin-gateway.yaml"],
    &["tcp-echo/tcp-echo-services.yaml", "tcp-echo/tcp-echo-all-v1.yaml"],
    &["curl/curl.yaml", "httpbin/httpbin.yaml"],
    &["websockets/app.yaml", "websockets/route.yaml"],
];

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

/// `FILE CODE` of what is found above `info`.
fn loud(root: &Path, names: &[&str]) -> BTreeSet<(String, String)> {
    let output = run(root, &[&["check", "--format", "json"], names].concat());
    assert!(output.status.code().is_some_and(|code| code <= 1), "{names:?}: {output:?}");
    let out = json(&String::from_utf8_lossy(&output.stdout));
    let findings = out["diagnostics"].as_array().expect("a list");
    let loud = findings.iter().filter(|finding| finding["severity"] != "info");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    loud.map(|finding| (text(&finding["file"]), text(&finding["code"]))).collect()
}

#[test]
fn istios_samples_have_no_finding_that_is_no_fault() {
    let Some(root) =
        meshc_testkit::shared("Istio's samples have no finding that is no fault", "samples/istio")
    else {
        return;
    };
    let mut all = Vec::new();
    files(&root, &mut all);
    assert!(all.len() > 60, "{}", all.len());
    let mut found = BTreeSet::new();
    for file in &all {
        let name = file.strip_prefix(&root).expect("below the samples").to_string_lossy().into_owned();
        found.extend(loud(&root, &[&name]));
    }
    let argued: BTreeSet<(String, String)> =
        FAULTS.iter().map(|(file, code, _)| ((*file).to_owned(), (*code).to_owned())).collect();
    assert_eq!(found, argued, "each file alone");
    for set in TOGETHER {
        for name in *set {
            assert!(root.join(name).is_file(), "{name}");
        }
        let found = loud(&root, set);
        assert_eq!(found, BTreeSet::new(), "{set:?} together");
    }
}
