//! What a proxy of a small world is sent.

use meshc_mesh::Mesh;
use meshc_source::SourceSet;
use meshc_syntax::Limits;
use meshc_xds::{Target, Writer};
use serde_json::Value;

/// The listeners, routes, clusters and endpoints of a proxy, as istiod sends them.
pub(crate) fn sent(world: &str, proxy: &str) -> [Value; 4] {
    let outcome = meshc_resources::read(&SourceSet::of("mesh.yaml", world), &Limits::default());
    assert_eq!(outcome.diagnostics, []);
    let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
    let node = Writer::for_target(Target::IstioProxy).node(mesh.find(proxy).expect("a proxy"));
    [
        serde_json::to_value(&node.listeners),
        serde_json::to_value(&node.routes),
        serde_json::to_value(&node.clusters),
        serde_json::to_value(&node.endpoints),
    ]
    .map(|value| value.expect("it is JSON"))
}
