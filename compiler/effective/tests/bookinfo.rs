//! Istio's Bookinfo as it is, with each of its VirtualServices: no finding of a document, and the destinations that
//! each file is about.

#![allow(dead_code, reason = "the support files serve other tests too")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use meshc_effective::model::{Action, EffectiveMesh, Route};
use support::compile;

fn bookinfo() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/istio/bookinfo");
    path.is_dir().then_some(path)
}

fn read(folder: &Path, files: &[&str]) -> Vec<(String, String)> {
    files
        .iter()
        .map(|file| ((*file).to_owned(), fs::read_to_string(folder.join(file)).unwrap_or_default()))
        .collect()
}

/// The routes of a host in a table, by the host's short name.
fn routes<'a>(mesh: &'a EffectiveMesh, proxy: &str, table: &str, host: &str) -> &'a [Route] {
    let proxy = mesh.find(proxy).expect("the proxy is there");
    let hosts = &proxy.tables.get(table).expect("the table is there").virtual_hosts;
    let found = hosts.iter().find(|h| h.domains.iter().any(|domain| domain == host));
    found.map(|host| host.routes.as_slice()).unwrap_or_default()
}

fn destinations(routes: &[Route]) -> Vec<Vec<(String, u32)>> {
    let of = |route: &Route| match &route.action {
        Action::Forward(forward) => {
            forward.destinations.iter().map(|d| (d.cluster.clone(), d.weight)).collect::<Vec<_>>()
        }
        Action::Redirect(_) | Action::DirectResponse(_) => Vec::new(),
    };
    routes.iter().map(of).collect()
}

const BASE: [&str; 3] = [
    "platform/kube/bookinfo.yaml",
    "networking/bookinfo-gateway.yaml",
    "networking/destination-rule-all.yaml",
];

#[test]
fn every_variant_compiles() {
    let Some(folder) = bookinfo() else {
        let _ = writeln!(std::io::stderr().lock(), "skipped: no ../shared");
        return;
    };
    let entries = fs::read_dir(folder.join("networking")).expect("the folder is there").flatten();
    let variants: BTreeSet<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("virtual-service-"))
        .collect();
    assert!(variants.len() > 5, "{variants:?}");
    for variant in variants {
        let variant = format!("networking/{variant}");
        let files = [BASE.as_slice(), &[variant.as_str()]].concat();
        let (mesh, refused) = compile(read(&folder, &files));
        assert!(refused.is_empty(), "{variant}: {refused:?}");
        assert!(mesh.diagnostics.is_empty(), "{variant}: {:?}", mesh.diagnostics);
        assert_eq!(mesh.proxies.len(), 7, "{variant}: six workloads and the gateway");
        let page = routes(&mesh, "istio-ingressgateway", "http.8080", "*");
        assert_eq!(page.len(), 5, "{variant}: the gateway's routes");
    }
}

#[test]
fn weights_and_users_go_where_the_files_say() {
    let Some(folder) = bookinfo() else {
        let _ = writeln!(std::io::stderr().lock(), "skipped: no ../shared");
        return;
    };
    let compiled = |variant: &str| compile(read(&folder, &[BASE.as_slice(), &[variant]].concat())).0;
    let reviews = |subset: &str| format!("outbound|9080|{subset}|reviews.default.svc.cluster.local");
    let mesh = compiled("networking/virtual-service-reviews-80-20.yaml");
    let split = destinations(routes(&mesh, "productpage-v1", "9080", "reviews"));
    assert_eq!(split, [vec![(reviews("v1"), 80), (reviews("v2"), 20)]]);
    let mesh = compiled("networking/virtual-service-reviews-test-v2.yaml");
    let by_user = routes(&mesh, "productpage-v1", "9080", "reviews");
    assert_eq!(destinations(by_user), [vec![(reviews("v2"), 100)], vec![(reviews("v1"), 100)]]);
    let conditions: Vec<_> = by_user.iter().map(|route| route.matches.headers.len()).collect();
    assert_eq!(conditions, [1, 0]);
    let mesh = compiled("networking/virtual-service-ratings-test-delay.yaml");
    let delayed = routes(&mesh, "reviews-v2", "9080", "ratings");
    let delay = delayed.first().and_then(|route| route.fault.as_ref()?.delay.as_ref());
    assert_eq!(delay.map(|delay| (delay.fixed.as_secs(), delay.percent.value())), Some((7, 100.0)));
}
