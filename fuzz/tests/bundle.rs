//! Damaged bundles: any file with any edit gives an answer or an error, never a panic, and never a resource that was
//! not written.

use std::fs;
use std::sync::Arc;

use meshc_bundle::{BundleBuilder, Format, read};
use meshc_envoy::{Listener, SharedNode};
use meshc_fuzz::edited;

#[test]
fn a_bundle_with_edits() {
    let written = tempfile::tempdir().expect("a directory");
    let mut builder = BundleBuilder::new();
    let listener = Listener { name: "outbound".to_owned(), ..Listener::default() };
    let node = SharedNode {
        listeners: std::iter::once(Arc::new(listener.into())).collect(),
        ..SharedNode::default()
    };
    builder.node("a.shop", &node);
    let expected = node.to_node_config();
    builder.write(written.path(), Format::Oci).expect("a bundle");
    let mut files = vec![written.path().join("index.json")];
    let blobs = fs::read_dir(written.path().join("blobs/sha256")).expect("blobs");
    files.extend(blobs.filter_map(|entry| Some(entry.ok()?.path())));
    files.sort();
    let whole: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("a file")).collect();
    bolero::check!().with_type::<(u8, Vec<u8>)>().for_each(|(which, script)| {
        let index = usize::from(*which) % files.len();
        fs::write(&files[index], edited(&whole[index], script)).expect("a file");
        if let Ok(Some(found)) = read(written.path()).and_then(|bundle| bundle.node("a.shop")) {
            assert_eq!(Ok(found), expected);
        }
        fs::write(&files[index], &whole[index]).expect("a file");
    });
}
