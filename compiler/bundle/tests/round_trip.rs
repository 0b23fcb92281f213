//! Bundles are written and read back; what was cut off or altered is refused by name.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use meshc_bundle::{BundleBuilder, BundleError, Format, Written, read};
use meshc_envoy::{
    Cluster, ClusterLoadAssignment, Emitted, Filter, FilterChain, HttpConnectionManager, Layered, Listener,
    RouteConfiguration, SharedNode, SharedSet,
};

/// Something that may happen to a file.
type Damage = fn(&Path);

fn node(cluster: &str) -> SharedNode {
    SharedNode {
        listeners: one(Listener {
            name: "l".to_owned(),
            filter_chains: vec![FilterChain {
                filters: vec![Filter {
                    name: "http".to_owned(),
                    typed_config: Some(HttpConnectionManager::default().into()),
                    ..Filter::default()
                }],
                ..FilterChain::default()
            }],
            ..Listener::default()
        }
        .into()),
        routes: one(RouteConfiguration { name: "9080".to_owned(), ..RouteConfiguration::default() }.into()),
        clusters: one(Cluster { name: cluster.to_owned(), ..Cluster::default() }.into()),
        endpoints: one(ClusterLoadAssignment {
            cluster_name: cluster.to_owned(),
            ..ClusterLoadAssignment::default()
        }),
    }
}

fn one<T>(resource: T) -> Layered<T> {
    std::iter::once(Arc::new(resource)).collect()
}

fn write(out: &Path, format: Format, nodes: &[(&str, SharedNode)]) -> Written {
    let mut builder = BundleBuilder::new();
    for (name, node) in nodes {
        builder.node(name, node);
    }
    builder.write(out, format).unwrap()
}

#[test]
fn both_forms_give_back_what_went_in() {
    for format in [Format::Dir, Format::Oci] {
        let dir = tempfile::tempdir().unwrap();
        let written = write(dir.path(), format, &[("a.shop", node("one")), ("b.shop", node("two"))]);
        let bundle = read(dir.path()).unwrap();
        assert_eq!(bundle.digest(), written.configuration);
        assert_eq!(bundle.nodes().collect::<Vec<_>>(), ["a.shop", "b.shop"]);
        assert_eq!(bundle.node("b.shop").unwrap().unwrap(), node("two").to_node_config().unwrap());
        assert_eq!(bundle.node("c.shop").unwrap(), None);
    }
}

#[test]
fn the_digest_depends_on_intent_alone_and_not_on_the_order() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = write(one.path(), Format::Dir, &[("a.shop", node("one")), ("b.shop", node("two"))]);
    let mut moved = node("two");
    moved.endpoints = Layered::default();
    let second = write(two.path(), Format::Oci, &[("b.shop", moved), ("a.shop", node("one"))]);
    assert_eq!(first.configuration, second.configuration);
    assert_ne!(first.endpoints, second.endpoints);
}

#[test]
fn layers_that_nodes_share_are_one_set() {
    let shared: SharedSet<Emitted<Cluster>> = Arc::new(
        (0..100).map(|n| Arc::new(Cluster { name: format!("c{n}"), ..Cluster::default() }.into())).collect(),
    );
    let layered = |own: &str| {
        let own = Arc::new(vec![Arc::new(Cluster { name: own.to_owned(), ..Cluster::default() }.into())]);
        SharedNode { clusters: Layered::new([Arc::clone(&shared), own]), ..SharedNode::default() }
    };
    for format in [Format::Dir, Format::Oci] {
        let dir = tempfile::tempdir().unwrap();
        let written = write(dir.path(), format, &[("a.shop", layered("a")), ("b.shop", layered("b"))]);
        // Two indexes, the view's set and one beside it for each node, 102 clusters.
        assert_eq!(written.blobs, 2 + 3 + 102);
        let found = read(dir.path()).unwrap().node("b.shop").unwrap().unwrap();
        assert_eq!(found, layered("b").to_node_config().unwrap());
    }
}

#[test]
fn an_image_has_few_layers_however_many_parts_there_are() {
    let cluster = |n: usize| Arc::new(Cluster { name: format!("{n}"), ..Cluster::default() }.into());
    let clusters = (0..5000).map(cluster).collect();
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), Format::Oci, &[("a.shop", SharedNode { clusters, ..SharedNode::default() })]);
    // Two indexes, the sets and the clusters with their contents, the image's manifest and configuration.
    assert_eq!(fs::read_dir(dir.path().join("blobs/sha256")).unwrap().count(), 2 + 4 + 2);
}

#[test]
fn equal_parts_are_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let one = write(dir.path(), Format::Dir, &[("a.shop", node("one"))]);
    let both = write(dir.path(), Format::Dir, &[("a.shop", node("one")), ("b.shop", node("one"))]);
    assert_eq!(one.blobs, both.blobs);
}

#[test]
fn blobs_of_the_bundle_before_stay_and_older_ones_go() {
    let dir = tempfile::tempdir().unwrap();
    let count = || fs::read_dir(dir.path().join("blobs/sha256")).unwrap().count();
    let first = write(dir.path(), Format::Dir, &[("a.shop", node("one"))]).blobs;
    write(dir.path(), Format::Dir, &[("a.shop", node("two"))]);
    assert!(count() > first, "the replaced bundle's blobs are still there");
    for round in 0..5 {
        write(dir.path(), Format::Dir, &[("a.shop", node(&format!("cluster-{round}")))]);
    }
    assert!(count() <= 2 * first, "{} blobs, {first} in each bundle", count());
}

#[test]
fn a_cut_off_or_altered_bundle_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let damages: [(&str, Damage); 3] = [
        ("missing", |blob| fs::remove_file(blob).unwrap()),
        ("altered or cut off", |blob| {
            let bytes = fs::read(blob).unwrap();
            fs::write(blob, &bytes[..bytes.len() - 1]).unwrap();
        }),
        ("altered or cut off", |blob| {
            let mut bytes = fs::read(blob).unwrap();
            bytes[0] ^= 1;
            fs::write(blob, bytes).unwrap();
        }),
    ];
    let blobs = |dir: &Path| -> Vec<_> {
        let entries = fs::read_dir(dir.join("blobs/sha256")).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    write(dir.path(), Format::Oci, &[("a.shop", node("one"))]);
    let all = blobs(dir.path()).len();
    for index in 0..all {
        for (expected, damage) in &damages {
            let dir = tempfile::tempdir().unwrap();
            write(dir.path(), Format::Oci, &[("a.shop", node("one"))]);
            damage(&blobs(dir.path())[index]);
            let error = read(dir.path()).and_then(|bundle| bundle.node("a.shop")).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

#[test]
fn a_directory_with_other_things_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let error = BundleBuilder::new().write(dir.path(), Format::Dir).unwrap_err();
    assert!(matches!(error, BundleError::Occupied { .. }), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_bundle_is_named() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(read(dir.path()).unwrap_err(), BundleError::NoBundle { .. }));
    fs::write(dir.path().join("bundle.json"), "{\"version\":1").unwrap();
    assert!(matches!(read(dir.path()).unwrap_err(), BundleError::Malformed { .. }));
}
