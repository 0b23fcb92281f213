//! Delivery to mesh-proxy: the bundle's directory, whose pointer is replaced last.

use std::collections::BTreeMap;
use std::path::Path;

use meshc_bundle::{BundleBuilder, Format, Written};
use meshc_envoy::SharedNode;

use crate::DeliveryError;

/// What each proxy does, by Envoy node id (`POD.NAMESPACE`).
pub type Nodes = BTreeMap<String, SharedNode>;

/// Writes the bundle of `nodes` to `directory`. Proxies that watch it take it as a whole; whenever the writer is
/// killed, they find the old one or the new one.
pub fn publish(directory: &Path, nodes: &Nodes) -> Result<Written, DeliveryError> {
    let mut builder = BundleBuilder::new();
    for (id, node) in nodes {
        builder.node(id, node);
    }
    Ok(builder.write(directory, Format::Dir)?)
}
