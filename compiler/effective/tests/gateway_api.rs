//! The Gateway API and Ingress, topic by topic: `gateway_api/TOPIC.yaml` begins with what it shows and where the
//! specification says so, and its snapshot beside it is the status of each object and what the gateways do.

#![allow(dead_code, reason = "the support files serve other tests too")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use meshc_effective::model::ProxyKind;
use meshc_mesh::{Condition, Mesh, ObjectStatus};
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;
use support::text;

fn conditions(out: &mut String, indent: &str, all: &[Condition]) {
    for condition in all {
        let Condition { kind, status, reason, message, .. } = condition;
        let _ = writeln!(out, "{indent}{kind} {status} {reason}: {message}");
    }
}

fn statuses(all: &[ObjectStatus]) -> String {
    let mut out = String::new();
    for status in all {
        let sets = match status.attached_listener_sets {
            0 => String::new(),
            count => format!(", {count} ListenerSets"),
        };
        let _ = writeln!(out, "{}{sets}", status.meta);
        conditions(&mut out, "  ", &status.conditions);
        for listener in &status.listeners {
            let kinds = listener.supported_kinds.join(" ");
            let _ = writeln!(out, "  listener {}: {} of {kinds}", listener.name, listener.attached_routes);
            conditions(&mut out, "    ", &listener.conditions);
        }
        for parent in status.parents.iter().chain(&status.targets) {
            let _ = writeln!(out, "  {}", parent.parent);
            conditions(&mut out, "    ", &parent.conditions);
        }
    }
    out
}

/// A world of the folder with what all have in common.
fn world(name: &str) -> Mesh {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway_api");
    let files = ["_base.yaml".to_owned(), format!("{name}.yaml")].map(|file| {
        let text = fs::read_to_string(folder.join(&file)).expect("readable");
        SourceFile::new(file, text)
    });
    let outcome = meshc_resources::read(&SourceSet::new(files.into()), &Limits::default());
    let found: Vec<_> = outcome.diagnostics.iter().map(|d| format!("{} {}", d.code, d.message)).collect();
    assert!(found.is_empty(), "{name}: {found:#?}");
    Mesh::new(&outcome.resources)
}

#[test]
fn a_backend_is_held_to_its_oldest_policy() {
    let effective = meshc_effective::compile(&world("backend-tls"));
    let proxy = effective.find("edge-istio-0.ops").expect("the gateway is there");
    let cluster = |port: u16| {
        let name = format!("outbound|{port}||ledger.backoffice.svc.cluster.local");
        proxy.clusters.get(&name).expect("the cluster is there").tls.settings().cloned()
    };
    let tls = cluster(8443).expect("it speaks TLS");
    assert_eq!(tls.sni.as_deref(), Some("ledger.example.com"));
    assert_eq!(tls.subject_alt_names, ["ledger.example.com"]);
    assert!(cluster(8080).is_none_or(|tls| tls.sni.as_deref() != Some("ledger.example.com")));
}

#[test]
fn topics() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway_api");
    let entries = fs::read_dir(&folder).expect("the folder is there").flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .filter(|path| !path.ends_with("_base.yaml"))
        .collect();
    files.sort();
    assert!(files.len() > 15, "{files:?}");
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mesh = world(&name);
        let mut effective = meshc_effective::compile(&mesh);
        let wanted = if name == "mesh" { ProxyKind::Sidecar } else { ProxyKind::Gateway };
        effective.proxies.retain(|proxy| proxy.kind == wanted);
        let shown = format!("{}\n{}", statuses(&mesh.statuses), text::mesh(&effective));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, shown));
    }
}

/// Istio's samples that use the Gateway API: no finding of a document but what is only worth knowing, and every object
/// is accepted.
#[test]
fn istios_samples_are_accepted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/istio");
    let Ok(text) = fs::read_to_string(root.join("bookinfo/gateway-api/bookinfo-gateway.yaml")) else {
        #[expect(clippy::print_stderr, reason = "says that nothing was tested")]
        {
            eprintln!("skipped: no ../shared");
        }
        return;
    };
    let mut files = vec![SourceFile::new("gateway.yaml", text)];
    let folder = root.join("bookinfo/gateway-api");
    let platform =
        ["bookinfo.yaml", "bookinfo-versions.yaml"].map(|f| root.join("bookinfo/platform/kube").join(f));
    for path in platform {
        files.push(SourceFile::new(path.to_string_lossy(), fs::read_to_string(&path).expect("readable")));
    }
    let mut routes: Vec<_> =
        fs::read_dir(&folder).expect("readable").flatten().map(|entry| entry.path()).collect();
    routes.sort();
    for path in routes.iter().filter(|path| !path.ends_with("bookinfo-gateway.yaml")) {
        let mut files = files.clone();
        files.push(SourceFile::new(path.to_string_lossy(), fs::read_to_string(path).expect("readable")));
        let outcome = meshc_resources::read(&SourceSet::new(files), &Limits::default());
        let mesh = Mesh::new(&outcome.resources);
        meshc_effective::compile(&mesh);
        let all = mesh.statuses.iter().flat_map(|status| {
            let listeners = status.listeners.iter().flat_map(|listener| &listener.conditions);
            let parents = status.parents.iter().flat_map(|parent| &parent.conditions);
            status.conditions.iter().chain(listeners).chain(parents)
        });
        let refused: Vec<_> = all.filter(|condition| condition.problem.is_some()).collect();
        assert!(refused.is_empty(), "{}: {refused:#?}", path.display());
    }
}
