//! Namespaces: those that are declared.

use std::collections::BTreeMap;

use meshc_resources::Resources;

use crate::meta::plain;
use crate::{Meta, Namespace};

/// By name.
pub(super) fn read(resources: &Resources) -> BTreeMap<String, Namespace> {
    let declared = resources.namespaces.iter().map(|object| {
        let meta = Meta::new("Namespace", &object.metadata, object.span);
        (meta.name, Namespace { labels: plain(&object.metadata.labels), span: Some(meta.span) })
    });
    declared.collect()
}
