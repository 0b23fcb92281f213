//! Every fixture of this crate's rules with its findings: `testdata/rules/CODE/*.yaml`, where `clean.yaml` has none.

use std::fmt::Write as _;

use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;
use meshc_xds::rules::{LEFT_OUT, RULES, left_out};

#[test]
fn every_rule_fires_on_its_fixture_and_only_there() {
    // What is left out is told of what is written, not of what is read: it has a test of its own.
    for rule in RULES.iter().filter(|rule| rule.code != LEFT_OUT.code) {
        let folder = meshc_testkit::workspace().join("testdata/rules").join(rule.code.to_string());
        for name in ["object", "clean"] {
            let text =
                std::fs::read_to_string(folder.join(format!("{name}.yaml"))).expect("the fixture is there");
            let sources = SourceSet::new(vec![SourceFile::new(format!("{name}.yaml"), text)]);
            let outcome = meshc_resources::read(&sources, &Limits::default());
            let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
            let found = meshc_xds::rules::check(&mesh);
            if name == "clean" {
                assert!(found.is_empty(), "{found:?}");
                continue;
            }
            let mut out = String::new();
            for finding in &found {
                let (start, _) = sources.location(finding.span);
                let text = sources.slice(finding.span).lines().next().unwrap_or_default();
                let _ = writeln!(
                    out,
                    "{} {} at {}:{} `{text}`",
                    finding.code, finding.severity, start.line, start.column
                );
                let _ = writeln!(out, "  {}", finding.message);
            }
            insta::with_settings!({snapshot_path => &folder, prepend_module_to_snapshot => false}, {
                insta::assert_snapshot!(name, out);
            });
        }
    }
}

#[test]
fn what_is_left_out_is_told_once_for_all_proxies_that_have_it() {
    let told = |text: &str| {
        let outcome = meshc_resources::read(&SourceSet::of("mesh.yaml", text), &Limits::default());
        let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
        left_out(mesh.proxies.iter().map(|proxy| &**proxy)).map(|finding| finding.message)
    };
    let workload = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  \
             template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: {name}}}]}}}}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80}}]}}\n---\n"
        )
    };
    let message = told(&(workload("a") + &workload("b"))).expect("sidecars have Istio's own filters");
    for part in ["istio.metadata_exchange", "istio.alpn", "mutual TLS", "statistics of gRPC"] {
        assert!(message.contains(part), "{message}");
    }
    for part in ["Wasm", "tracer", "names that clusters"] {
        assert!(!message.contains(part), "{message}");
    }
    let mesh = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    \
                outboundClusterStatName: '%SERVICE%'\n    extensionProviders: [{name: z, zipkin: {service: z.ops.svc.cluster.local, \
                port: 9411}}]\n    defaultProviders: {tracing: [z]}\n---\n\
                apiVersion: v1\nkind: Service\nmetadata: {name: z, namespace: ops, annotations: {networking.istio.io/exportTo: '.'}}\n\
                spec: {ports: [{name: http, port: 9411}]}\n---\n\
                apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: w, namespace: shop}\nspec: \
                {url: 'oci://registry.example.com/w'}\n---\n";
    let message = told(&(mesh.to_owned() + &workload("a"))).expect("more is left out");
    for part in ["Wasm modules", "a tracer that is out of sight", "names that clusters have"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(told("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"), None);
}
