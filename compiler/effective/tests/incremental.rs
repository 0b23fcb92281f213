//! Edits of meshes made by chance: what follows them is the same as compiling anew, in every proxy and every finding.
//! `MESHC_CASES=1000` tries so many meshes.

use std::io::Write as _;

use meshc_effective::Incremental;
use meshc_settings::Settings;
use meshc_source::{SourceFile, SourceSet};
use meshc_testkit::meshes::{Style, mesh};
use meshc_testkit::random::Random;
use serde_json::{Value, json};

/// Edits of each mesh.
const EDITS: usize = 12;

/// A mesh, one document a file; a file without one is empty.
struct Tree(Vec<Option<Value>>);

impl Tree {
    fn of(seed: u64) -> Self {
        let text = mesh(seed, Style::Everything);
        let documents = text.split("---\n").filter(|document| !document.trim().is_empty());
        let mut documents: Vec<Value> =
            documents.map(|text| serde_json::from_str(text).expect("a document is JSON")).collect();
        let slices: Vec<Value> =
            documents.iter().filter(|document| document["kind"] == "Service").map(slice).collect();
        documents.extend(slices);
        Self(documents.into_iter().map(Some).chain([None, None]).collect())
    }

    fn sources(&self) -> SourceSet {
        let files = self.0.iter().enumerate().map(|(number, document)| {
            let text = document.as_ref().map(ToString::to_string).unwrap_or_default();
            SourceFile::new(format!("{number:03}.yaml"), text)
        });
        SourceSet::new(files.collect())
    }

    /// One edit: of a scalar, or a document that goes, comes or is renamed.
    fn edit(&mut self, random: &mut Random, other: &Self) {
        let file = random.below(self.0.len());
        match random.below(10) {
            0 => self.0[file] = None,
            1 => self.0[file].clone_from(&other.0[file % other.0.len()]),
            2 => {
                if let Some(document) = &mut self.0[file] {
                    document["metadata"]["name"] = format!("renamed-{}", random.below(3)).into();
                }
            }
            3..=6 => self.edit_of("VirtualService", random),
            7 => self.edit_of("EndpointSlice", random),
            8 => self.edit_of("AuthorizationPolicy", random),
            _ => {
                if let Some(document) = &mut self.0[file] {
                    scalar(&mut document["spec"], random);
                }
            }
        }
    }

    fn edit_of(&mut self, kind: &str, random: &mut Random) {
        let mut of_kind: Vec<&mut Value> =
            self.0.iter_mut().flatten().filter(|document| document["kind"] == kind).collect();
        if of_kind.is_empty() {
            return;
        }
        let which = random.below(of_kind.len());
        let document = &mut *of_kind[which];
        match kind {
            "EndpointSlice" if random.chance(80) => document["endpoints"] = endpoints(random),
            "EndpointSlice" => scalar(document, random),
            "AuthorizationPolicy" => scalar(&mut document["spec"], random),
            _ => {
                let routes = document["spec"]["http"].as_array().map_or(0, Vec::len);
                if routes > 1 && random.chance(30) {
                    let route = random.below(routes);
                    document["spec"]["http"].as_array_mut().expect("routes").remove(route);
                } else if routes > 0 && random.chance(70) {
                    let route = random.below(routes);
                    document["spec"]["http"][route]["timeout"] = format!("{}s", 1 + random.below(90)).into();
                } else {
                    scalar(&mut document["spec"], random);
                }
            }
        }
    }
}

fn slice(service: &Value) -> Value {
    let name = service["metadata"]["name"].clone();
    let ports = service["spec"]["ports"].as_array().cloned().unwrap_or_default();
    let ports: Vec<Value> =
        ports.iter().map(|port| json!({"name": port["name"], "port": port["port"]})).collect();
    json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
           "metadata": {"name": name, "namespace": service["metadata"]["namespace"],
                        "labels": {"kubernetes.io/service-name": name}},
           "ports": ports, "endpoints": [{"addresses": ["10.7.7.7"]}]})
}

fn endpoints(random: &mut Random) -> Value {
    let addresses = random.several(0, 3, |random| format!("10.7.0.{}", random.below(200)));
    let ready = |address: &String| json!({"addresses": [address], "conditions": {"ready": address.len().is_multiple_of(2)}});
    addresses.iter().map(ready).collect()
}

/// Changes one scalar somewhere below.
fn scalar(value: &mut Value, random: &mut Random) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let which = random.below(fields.len());
            if let Some((_, field)) = fields.iter_mut().nth(which) {
                scalar(field, random);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let which = random.below(items.len());
            scalar(&mut items[which], random);
        }
        Value::Number(number) => *value = json!(number.as_u64().unwrap_or(1) + 1),
        Value::String(text) => text.push('x'),
        Value::Bool(is) => *is = !*is,
        _ => {}
    }
}

#[test]
fn what_follows_edits_is_what_is_compiled_anew() {
    let cases = std::env::var("MESHC_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(8_u64);
    let (mut followed, mut anew) = (0_u64, 0_u64);
    for seed in 0..cases {
        let mut random = Random::new(seed ^ 0xed17);
        let (mut tree, other) = (Tree::of(seed), Tree::of(seed + 1_000_000));
        let mut state = Incremental::new(tree.sources(), Settings::default());
        for edit in 0..EDITS {
            tree.edit(&mut random, &other);
            let before = state.effective().proxies.clone();
            let change = state.update(tree.sources());
            let whole = Incremental::new(tree.sources(), Settings::default());
            let (ours, theirs) = (state.effective(), whole.effective());
            assert_eq!(ours.proxies.len(), theirs.proxies.len(), "seed {seed}, edit {edit}");
            for (ours, theirs) in ours.proxies.iter().zip(&theirs.proxies) {
                assert!(ours == theirs, "seed {seed}, edit {edit}: {}", ours.id);
            }
            assert_eq!(ours.diagnostics, theirs.diagnostics, "seed {seed}, edit {edit}");
            assert_eq!(state.diagnostics(), whole.diagnostics(), "seed {seed}, edit {edit}");
            assert_eq!(state.mesh().services, whole.mesh().services, "seed {seed}, edit {edit}");
            assert_eq!(
                state.mesh().virtual_services,
                whole.mesh().virtual_services,
                "seed {seed}, edit {edit}"
            );
            match change {
                Some(change) => {
                    followed += 1;
                    for (place, (before, after)) in before.iter().zip(&ours.proxies).enumerate() {
                        let touched = change.proxies.binary_search(&place).is_ok();
                        assert!(touched || before == after, "seed {seed}, edit {edit}: {} unsaid", after.id);
                    }
                }
                None => anew += 1,
            }
        }
    }
    let _ = writeln!(std::io::stderr().lock(), "{followed} edits followed, {anew} compiled anew");
    if cases == 8 {
        assert_eq!((followed, anew), (29, 67));
    }
}
