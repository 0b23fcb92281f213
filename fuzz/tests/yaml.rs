//! YAML to findings, routes and resources: nothing that a file can hold makes the compiler panic.

use meshc_envoy::protojson;
use meshc_fuzz::{bookshop, edited};
use meshc_source::SourceSet;

/// The whole way of `meshc check` and `meshc build`, on one file.
fn compile(text: &str) {
    let sources = SourceSet::of("fuzz.yaml", text);
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    for finding in &outcome.diagnostics {
        // Spans lie in the text and on its characters; asking for their places must not panic.
        let (start, end) = sources.location(finding.span);
        assert!(start.offset <= end.offset && end.offset as usize <= text.len(), "{finding:?}");
        let _ = sources.slice(finding.span);
    }
    let mesh = meshc_mesh::Mesh::new(&outcome.resources);
    let _ = meshc_analysis::check_mesh(&outcome.resources, &mesh, None);
    let effective = meshc_effective::compile(&mesh);
    let mut writer = meshc_xds::Writer::new();
    for proxy in &effective.proxies {
        let Ok(node) = writer.node(proxy).to_node_config() else { continue };
        // What we write, we read.
        let text = serde_json::to_vec(&node).expect("resources are JSON");
        let again: meshc_envoy::NodeConfig = protojson::from_slice(&text).expect("our own JSON is readable");
        assert_eq!(again, node);
    }
}

#[test]
fn any_bytes() {
    bolero::check!().for_each(|bytes: &[u8]| compile(&String::from_utf8_lossy(bytes)));
}

#[test]
fn the_bookshop_with_edits() {
    let seeds = bookshop();
    bolero::check!().with_type::<(u8, Vec<u8>)>().for_each(|(which, script)| {
        let seed = &seeds[usize::from(*which) % seeds.len()];
        compile(&String::from_utf8_lossy(&edited(seed.as_bytes(), script)));
    });
}

#[test]
fn the_whole_bookshop_with_edits() {
    let seed = bookshop().join("\n---\n");
    bolero::check!().with_type::<Vec<u8>>().for_each(|script| {
        compile(&String::from_utf8_lossy(&edited(seed.as_bytes(), script)));
    });
}
