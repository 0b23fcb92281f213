//! Envoy resources as JSON to a snapshot: nothing that a file can hold makes the proxy's reader panic.

use mesh_proxy_config::Snapshot;
use meshc_envoy::{Bootstrap, protojson};
use meshc_fuzz::{bookshop, edited};
use meshc_source::SourceSet;

fn load(bytes: &[u8]) {
    if let Ok(bootstrap) = protojson::from_slice::<Bootstrap>(bytes) {
        let _ = Snapshot::from_bootstrap(&bootstrap);
    }
}

/// Bootstraps that are ours: those of the bookshop's proxies.
fn seeds() -> Vec<Vec<u8>> {
    let sources = SourceSet::of("bookshop.yaml", &bookshop().join("\n---\n"));
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let effective = meshc_effective::compile(&meshc_mesh::Mesh::new(&outcome.resources));
    let mut writer = meshc_xds::Writer::new();
    let bootstrap = |proxy: &meshc_effective::model::Proxy| {
        let node = writer.node(proxy);
        serde_json::to_vec(&meshc_xds::bootstrap::bootstrap("fuzz", &node)).expect("resources are JSON")
    };
    effective.proxies.iter().map(|proxy| &**proxy).map(bootstrap).collect()
}

#[test]
fn any_bytes() {
    bolero::check!().for_each(load);
}

#[test]
fn a_bootstrap_with_edits() {
    let seeds = seeds();
    assert!(!seeds.is_empty());
    bolero::check!().with_type::<(u8, Vec<u8>)>().for_each(|(which, script)| {
        load(&edited(&seeds[usize::from(*which) % seeds.len()], script));
    });
}
