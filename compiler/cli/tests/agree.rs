//! Prediction and reality: `meshc trace` against requests that `meshc up` sends through real proxies.

mod common;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use common::{bookshop, json, meshc};
use serde_json::{Value, json};

/// Headers that a route of the bookshop or of Bookinfo looks at, and some that none does.
const HEADERS: [&str; 6] = [
    r"{}",
    r#"{"x-app-version":"v2"}"#,
    r#"{"x-rehearse":"outage"}"#,
    r#"{"end-user":"jason"}"#,
    r#"{"x-debug":"1","x-app-version":"v1"}"#,
    r#"{"end-user":"nobody","x-rehearse":"no"}"#,
];

/// Paths on both sides of every condition, and some that need normalising.
const PATHS: [&str; 12] = [
    "/",
    "/api/v2/x",
    "/api/v2",
    "/api/v2/?q=1",
    "/api/reviews/7?full=yes",
    "/shop/old?x=1",
    "/checkout/1",
    "/isbn/9783161484100",
    "/search?sort=price",
    "/a/../api/v2/%7Eme",
    "/productpage",
    "/static/x.css",
];

struct World {
    /// A caller or a gateway, and the table it is asked for.
    doors: &'static [(&'static str, &'static str)],
    hosts: &'static [&'static str],
}

const BOOKSHOP: World = World {
    doors: &[
        ("storefront-v1.shop", "9080"),
        ("orders-v1.backoffice", "8080"),
        ("istio-ingressgateway", "http.8080"),
    ],
    hosts: &[
        "reviews",
        "reviews.shop",
        "ratings.shop.svc.cluster.local",
        "catalog",
        "catalog.shop",
        "payments.backoffice",
        "bookshop.example.com",
    ],
};

const BOOKINFO: World = World {
    doors: &[("productpage-v1.default", "9080"), ("istio-ingressgateway", "http.8080")],
    hosts: &["reviews", "ratings:9080", "details.default", "shop.example.com"],
};

/// Requests at every door. A host that the table does not know is left to the gateway: a sidecar would pass it on to
/// wherever the caller was going, which is nowhere on this machine.
fn requests(world: &World, known: impl FnMut(&Value) -> bool) -> Vec<Value> {
    let mut all = Vec::new();
    for (d, (proxy, table)) in world.doors.iter().enumerate() {
        for (h, host) in world.hosts.iter().enumerate() {
            for (p, path) in PATHS.iter().enumerate() {
                for turn in [0, 3] {
                    let header = HEADERS[(d + h + p + turn) % HEADERS.len()];
                    let method = if p == 6 { "POST" } else { "GET" };
                    let request =
                        json!({"method": method, "authority": host, "path": path, "headers": json(header)});
                    all.push(json!({"proxy": proxy, "route_table": table, "request": request}));
                }
            }
        }
    }
    all.retain(known);
    all
}

fn answers(directory: &Path, args: &[&str], count: usize) -> Vec<Value> {
    let output = meshc().current_dir(directory).args(args).output().expect("the program runs");
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{args:?}\n{out}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = out.lines().map(json).collect();
    assert_eq!(lines.len(), count, "{args:?}: {out}");
    lines
}

/// What differs between what was said and what happened.
fn differences(said: &Value, happened: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, said: &Value, happened: &Value| {
        if said != happened {
            found.push(format!("{what}: said {said}, happened {happened}"));
        }
    };
    compare("status", &said["status"], &happened["status"]);
    compare("location", &said["location"], &happened["location"]);
    if said["status"] == 200 && !said["upstream"].is_null() {
        compare("path", &said["upstream"]["path"], &happened["upstream"]["path"]);
        compare("authority", &said["upstream"]["authority"], &happened["upstream"]["authority"]);
        compare("timeout", &said["timeout_ms"], &happened["timeout_ms"]);
        let by = &happened["answered_by"];
        let to = said["destinations"].as_array().into_iter().flatten();
        let allowed: Vec<&str> = to.filter(|d| d[1] != 0).filter_map(|d| d[0].as_str()).collect();
        let fits = |cluster: &&str| {
            let mut parts = cluster.split('|').skip(2);
            let (subset, host) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let name = host.split('.').next().unwrap_or_default();
            by["workload"].as_str().is_some_and(|w| w.starts_with(name))
                && (subset.is_empty() || by["version"] == subset)
        };
        compare("answered by one of the destinations", &json!(true), &json!(allowed.iter().any(fits)));
    }
    for (name, value) in said["response_headers"].as_object().into_iter().flatten() {
        compare(name, value, &happened["response_headers"][name]);
    }
    found
}

/// Asks `trace`, sends the same through real proxies, and gives how many requests were compared.
fn compare(directory: &Path, paths: &[&str], world: &World, proxy: &str) -> usize {
    let temporary = tempfile::tempdir().expect("a directory");
    let write = |name: &str, requests: &[Value]| -> PathBuf {
        let file = temporary.path().join(name);
        let text = requests.iter().fold(String::new(), |mut text, request| {
            writeln!(text, "{request}").expect("a String");
            text
        });
        fs::write(&file, text).expect("a file");
        file
    };
    let everything = requests(world, |_| true);
    let file = write("all.jsonl", &everything).display().to_string();
    let trace =
        |file: &str, count| answers(directory, &[&["trace", "--requests", file], paths].concat(), count);
    let first = trace(&file, everything.len());
    let passed_on: Vec<bool> =
        first.iter().map(|said| said["destinations"][0][0] == "PassthroughCluster").collect();
    let mut index = 0;
    let kept = requests(world, |_| {
        index += 1;
        !passed_on[index - 1]
    });
    let file = write("kept.jsonl", &kept).display().to_string();
    let said = trace(&file, kept.len());
    let up = ["up", "--once", "--allow-errors", "--proxy", proxy, "--format", "json", "--requests", &file];
    let happened = answers(directory, &[&up, paths].concat(), kept.len());
    let mut wrong = String::new();
    for ((request, said), happened) in kept.iter().zip(&said).zip(&happened) {
        let found = differences(said, happened);
        if !found.is_empty() {
            writeln!(wrong, "{request}\n  {}", found.join("\n  ")).expect("a String");
        }
    }
    assert!(wrong.is_empty(), "{proxy} {paths:?}\n{wrong}");
    kept.len()
}

fn bookinfo(shared: &Path, variant: &str) -> Vec<String> {
    [
        "platform/kube/bookinfo.yaml",
        "networking/bookinfo-gateway.yaml",
        "networking/destination-rule-all.yaml",
        variant,
    ]
    .iter()
    .map(|path| shared.join(path).display().to_string())
    .collect()
}

/// Every `virtual-service-*.yaml` of Istio's Bookinfo, each with the gateway and the subsets.
fn variants(shared: &Path) -> Vec<String> {
    let entries = fs::read_dir(shared.join("networking")).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("virtual-service-"))
        .map(|name| format!("networking/{name}"))
        .collect();
    names.sort();
    names
}

fn all_of_bookinfo(test: &str, proxy: &str) -> usize {
    let Some(shared) = meshc_testkit::shared(test, "samples/istio/bookinfo") else { return 0 };
    let shared = shared.canonicalize().expect("a directory");
    let variants = variants(&shared);
    assert!(variants.len() >= 10, "{variants:?}");
    let here = bookshop();
    variants
        .iter()
        .map(|variant| {
            let paths = bookinfo(&shared, variant);
            compare(&here, &paths.iter().map(String::as_str).collect::<Vec<_>>(), &BOOKINFO, proxy)
        })
        .sum()
}

#[test]
fn the_bookshop_through_mesh_proxy() {
    let count = compare(&bookshop(), &["."], &BOOKSHOP, "mesh-proxy");
    assert!(count >= 250, "{count}");
}

#[test]
fn the_bookshop_through_envoy() {
    if meshc_testkit::envoy("the_bookshop_through_envoy").is_none() {
        return;
    }
    let count = compare(&bookshop(), &["."], &BOOKSHOP, "envoy");
    assert!(count >= 250, "{count}");
}

#[test]
fn every_bookinfo_variant_through_mesh_proxy() {
    let count = all_of_bookinfo("every_bookinfo_variant_through_mesh_proxy", "mesh-proxy");
    assert!(count == 0 || count >= 500, "{count}");
}

#[test]
fn every_bookinfo_variant_through_envoy() {
    if meshc_testkit::envoy("every_bookinfo_variant_through_envoy").is_none() {
        return;
    }
    let count = all_of_bookinfo("every_bookinfo_variant_through_envoy", "envoy");
    assert!(count == 0 || count >= 500, "{count}");
}
