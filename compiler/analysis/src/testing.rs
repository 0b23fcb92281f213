//! Trees for tests: the bookshop, its edits, and generated routes, through the whole compiler.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use proptest::prelude::*;

/// A tree as files with their texts.
pub(crate) type Tree = Vec<(String, String)>;

/// A tree that was compiled.
pub(crate) struct World {
    pub(crate) sources: SourceSet,
    pub(crate) mesh: EffectiveMesh,
}

/// The bookshop.
pub(crate) fn bookshop() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/bookshop");
    let mut files: Vec<PathBuf> = Vec::new();
    for directory in ["backoffice", "edge", "shop"] {
        let entries = std::fs::read_dir(root.join(directory)).expect("readable");
        files.extend(entries.map(|entry| entry.expect("readable").path()));
    }
    files.sort();
    let name = |path: &Path| path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).expect("readable"))).collect()
}

/// The tree with a text of one file replaced, which must be there once.
pub(crate) fn edited(tree: &Tree, file: &str, from: &str, to: &str) -> Tree {
    let mut tree = tree.clone();
    let (_, text) = tree.iter_mut().find(|(name, _)| name == file).unwrap_or_else(|| panic!("no {file}"));
    assert_eq!(text.matches(from).count(), 1, "{file}: {from:?}");
    *text = text.replace(from, to);
    tree
}

/// Compiles a tree.
pub(crate) fn world(tree: &Tree) -> World {
    let files = tree.iter().map(|(name, text)| SourceFile::new(name.clone(), text.as_str()));
    let sources = SourceSet::new(files.collect());
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    // A change of behaviour may be one that Istio's webhook would refuse; what is not modelled would be a guess.
    let refusal = outcome.diagnostics.iter().find(|found| meshc_resources::rules::is_refusal(found));
    assert!(refusal.is_none(), "{refusal:?}");
    let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
    World { sources, mesh }
}

/// A route as YAML, from few enough parts that routes overlap.
pub(crate) fn generated() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        Just(None),
        prop::sample::select(vec![
            "prefix: /a",
            "prefix: /a/",
            "exact: /a",
            "exact: /a/b",
            "regex: \"/a(/.*)?\"",
            "regex: \"/[ab]/.*\"",
            "prefix: /b",
        ])
        .prop_map(Some),
    ];
    let header = prop_oneof![
        2 => Just(None),
        1 => prop::sample::select(vec!["headers:\n          v: {exact: \"1\"}", "withoutHeaders:\n          v: {}", "headers:\n          v: {}"])
            .prop_map(Some),
    ];
    let action = prop::sample::select(vec![
        "route: [{destination: {host: reviews, subset: v1}}]",
        "route: [{destination: {host: reviews, subset: v2}}]",
        "route: [{destination: {host: reviews, subset: v1}, weight: 1}, {destination: {host: reviews, subset: v2}, weight: 1}]",
        "route: [{destination: {host: reviews, subset: v1}, weight: 50}, {destination: {host: reviews, subset: v2}, weight: 50}]",
        "redirect: {uri: /elsewhere}",
        "directResponse: {status: 418}",
    ]);
    let extra = prop::sample::select(vec!["", "timeout: 1s", "headers: {request: {set: {x: blue}}}"]);
    (path, header, action, extra).prop_map(|(path, header, action, extra)| {
        let mut text = String::from("    - ");
        let conditions: Vec<String> =
            path.map(|p| format!("uri: {{{p}}}")).into_iter().chain(header.map(str::to_owned)).collect();
        if !conditions.is_empty() {
            let _ = write!(text, "match:\n      - {}\n      ", conditions.join("\n        "));
        }
        let extra = if action.starts_with("route") { extra } else { "" };
        let _ = writeln!(text, "{action}{}{extra}", if extra.is_empty() { "" } else { "\n      " });
        text
    })
}

/// A tree of reviews with these routes.
pub(crate) fn tree_of_routes(routes: &[String]) -> Tree {
    let wanted = ["shop/namespace.yaml", "shop/reviews.yaml"];
    let mut tree: Tree = bookshop().into_iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect();
    let http: String = routes.concat();
    tree.push((
        "shop/routes.yaml".to_owned(),
        format!(
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: reviews, namespace: shop}}\nspec:\n  \
             host: reviews\n  subsets:\n    - {{name: v1, labels: {{version: v1}}}}\n    - {{name: v2, labels: {{version: v2}}}}\n---\n\
             apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: reviews, namespace: shop}}\nspec:\n  \
             hosts: [reviews]\n  http:\n{http}"
        ),
    ));
    tree
}

/// Requests over the small alphabet that the generated routes speak of.
pub(crate) fn requests() -> Vec<(String, Vec<(String, String)>)> {
    let paths = [
        "/", "/a", "/ab", "/a/", "/a/b", "/a/b/c", "/b", "/b/", "/b/a", "/c", "/c/a", "/A", "/a?v=1",
        "/a//b", "/a/../b",
    ];
    let headers = [None, Some("1"), Some("2"), Some("")];
    let header = |value: Option<&str>| value.map(|v| ("v".to_owned(), v.to_owned())).into_iter().collect();
    paths
        .iter()
        .flat_map(|path| headers.iter().map(move |value| ((*path).to_owned(), header(*value))))
        .collect()
}

/// What the sidecar of reviews gets for a request to reviews.
pub(crate) fn answer(world: &World, path: &str, headers: Vec<(String, String)>) -> meshc_trace::Answer {
    let tracer = meshc_trace::Tracer::new(&world.mesh, &world.sources);
    let query = meshc_trace::Query {
        proxy: "reviews-v1-0.shop".to_owned(),
        route_table: Some("9080".to_owned()),
        direction: Some(meshc_trace::Direction::Outbound),
        request: Some(meshc_trace::Request {
            authority: "reviews".to_owned(),
            path: path.to_owned(),
            headers,
            ..meshc_trace::Request::default()
        }),
        ..meshc_trace::Query::default()
    };
    tracer.trace(&query).unwrap_or_else(|e| panic!("{path}: {e}"))
}
