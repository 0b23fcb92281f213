//! Istio's own analyzer cases: what `istioctl analyze` finds with the analyzers that are covered here is found, on the
//! same resource, and no more.

use std::path::Path;

use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use serde_json::Value;

use super::{check_lone_routes, check_mesh, check_routes};

/// Istio's messages whose codes this crate gives as aliases.
const COVERED: [(&str, &str); 7] = [
    ("ReferencedResourceNotFound", "IST0101"),
    ("VirtualServiceDestinationPortSelectorRequired", "IST0112"),
    ("VirtualServiceUnreachableRule", "IST0130"),
    ("VirtualServiceIneffectiveMatch", "IST0131"),
    ("VirtualServiceHostNotFoundInGateway", "IST0132"),
    ("DestinationRuleSubsetNotSelectPods", "IST0173"),
    ("UnknownDestinationRuleHost", "IST0174"),
];

/// Codes that `istioctl` without a cluster reports wherever they apply, so that one too many can be told.
const COMPLETE: [&str; 3] = ["IST0130", "IST0131", "IST0132"];

fn read(directory: &Path) -> Option<(Value, SourceSet)> {
    let expected = std::fs::read_to_string(directory.join("expected.json")).ok()?;
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    let names = expected["inputs"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let files = names
        .filter_map(|name| Some(SourceFile::new(name, std::fs::read_to_string(directory.join(name)).ok()?)));
    let sources = SourceSet::new(files.collect());
    Some((expected, sources))
}

/// `IST0101 VirtualService default/reviews`
fn named(code: &str, resource: &str) -> String {
    match resource.split_once(' ') {
        Some((kind, name)) if !name.contains('/') => format!("{code} {kind} default/{name}"),
        _ => format!("{code} {resource}"),
    }
}

#[test]
fn istios_findings_are_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle/analysis");
    let Ok(entries) = std::fs::read_dir(&root) else {
        #[expect(clippy::print_stderr, reason = "says that nothing was tested")]
        {
            eprintln!("skipped: no ../shared");
        }
        return;
    };
    let mut directories: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    directories.sort();
    let (mut checked, mut wrong) = (0, Vec::new());
    for directory in directories {
        let Some((expected, sources)) = read(&directory) else { continue };
        let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
        // Kinds and fields that are not implemented yet are refused before any of these rules is asked.
        let foreign: Vec<&str> = outcome
            .diagnostics
            .iter()
            .filter(|d| meshc_resources::rules::is_refusal(d))
            .filter_map(|d| d.resource.as_ref().map(|r| r.kind.as_str()))
            .filter(|kind| *kind != "VirtualService")
            .collect();
        let mesh = Mesh::new(&outcome.resources);
        let effective = meshc_effective::compile(&mesh);
        let mut found = check_mesh(&outcome.resources, &mesh);
        found.extend(check_routes(&mesh, &effective));
        found.extend(check_lone_routes(&outcome.resources, &mesh, &effective));
        let have: Vec<String> = found
            .iter()
            .flat_map(|d| d.aliases.iter().map(|alias| (alias, d.resource.as_ref())))
            .map(|(alias, resource)| named(alias, &resource.map(ToString::to_string).unwrap_or_default()))
            .collect();
        let focus = expected["expected_by_focus"].as_array().into_iter().flatten();
        let focus: Vec<String> = focus
            .filter_map(|message| {
                let name = message["message"].as_str()?;
                let (_, code) = COVERED.iter().find(|(covered, _)| *covered == name)?;
                Some(named(code, message["resource"].as_str()?))
            })
            .collect();
        let modelled = |what: &&String| {
            let kinds = ["VirtualService", "DestinationRule", "Gateway"];
            kinds.iter().any(|kind| what.contains(&format!(" {kind} "))) && foreign.is_empty()
        };
        let tcp = |what: &&String| what.contains("tcp") || what.contains("tls");
        for missing in focus.iter().filter(modelled).filter(|what| !tcp(what) && !have.contains(what)) {
            wrong.push(format!("{}: missing {missing}", directory.display()));
        }
        checked += focus.len();
        if let Some(all) = expected["istioctl"].as_array().filter(|_| foreign.is_empty()) {
            let all: Vec<String> = all
                .iter()
                .filter_map(|message| Some(named(message["code"].as_str()?, message["origin"].as_str()?)))
                .collect();
            let told = have.iter().filter(|what| COMPLETE.iter().any(|code| what.starts_with(code)));
            for extra in told.filter(|what| !all.contains(what) && !focus.contains(what)) {
                wrong.push(format!("{}: too many {extra}", directory.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 30, "{checked}");
}
