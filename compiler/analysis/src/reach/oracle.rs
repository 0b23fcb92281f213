//! Recorded answers of real Envoys: a route that took a request is never one that is called unreachable.

use std::collections::BTreeMap;
use std::path::Path;

use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use serde_json::Value;

use super::{Reachable, reachability};
use crate::requests::hosts::Domains;

#[test]
fn recorded_requests_take_reachable_routes_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle");
    if !root.is_dir() {
        #[expect(clippy::print_stderr, reason = "says that nothing was tested")]
        {
            eprintln!("skipped: no ../shared");
        }
        return;
    }
    let (mut cases, mut answers, mut wrong) = (0, 0, Vec::new());
    for set in ["requests", "meshes"] {
        let entries = std::fs::read_dir(root.join(set)).expect("readable");
        let mut directories: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        directories.sort();
        for directory in directories {
            let text = |name: &str| std::fs::read_to_string(directory.join(name)).expect("readable");
            let sources = SourceSet::new(vec![SourceFile::new("input.yaml", text("input.yaml"))]);
            let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
            if outcome.diagnostics.iter().any(meshc_resources::rules::is_refusal) {
                continue;
            }
            cases += 1;
            let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
            let mut known = BTreeMap::new();
            for line in text("requests.jsonl").lines() {
                let line: Value = serde_json::from_str(line).expect("JSON");
                let (Some(proxy), Some(table), Some(authority), Some(route)) = (
                    line["proxy"].as_str(),
                    line["route_table"].as_str(),
                    line["request"]["authority"].as_str(),
                    line["expect"]["route"].as_str(),
                ) else {
                    continue;
                };
                let Ok(proxy) = mesh.find(proxy) else { continue };
                let Some(table) = proxy.tables.get(table) else { continue };
                let domains = Domains::of([&**table]);
                let Some(domain) = domains.best(authority) else { continue };
                let fits = |host: &std::sync::Arc<meshc_effective::model::VirtualHost>| {
                    host.domains.iter().any(|own| own.eq_ignore_ascii_case(domain))
                };
                let Some(at) = table.virtual_hosts.iter().position(fits) else { continue };
                let host = &table.virtual_hosts[at];
                let key = (std::ptr::from_ref(&**host).addr(), table.name.clone());
                let reached = known.entry(key).or_insert_with(|| reachability(table, at, proxy.reader()));
                let mut of_name =
                    host.routes.iter().zip(reached.iter()).filter(|(r, _)| r.name.as_deref() == Some(route));
                answers += 1;
                if !of_name.any(|(_, reach)| reach.reachable != Reachable::No) {
                    wrong.push(format!("{}: {line}", directory.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {answers}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases > 20 && answers > 500, "{cases} cases, {answers} answers");
}
