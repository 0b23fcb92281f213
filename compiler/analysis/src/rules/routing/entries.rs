//! ServiceEntries by the hosts and ports that they declare: two rules look for pairs.

use std::collections::BTreeMap;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::ExportTo;
use meshc_resources::Object;
use meshc_resources::istio::{ServiceEntry, ServiceEntryPort};
use meshc_syntax::de::Spanned;

use super::{entry_protocol, shared_entry};
use crate::rules::context::Context;

/// A port of a ServiceEntry.
pub(super) struct Entry<'a> {
    pub(super) object: &'a Object<ServiceEntry>,
    pub(super) port: &'a Spanned<ServiceEntryPort>,
    export_to: ExportTo,
}

impl Entry<'_> {
    /// What it says is spoken, in capitals.
    pub(super) fn protocol(&self) -> String {
        self.port.protocol.as_ref().map(|protocol| protocol.to_ascii_uppercase()).unwrap_or_default()
    }

    /// Whether some namespace sees both.
    fn is_seen_with(&self, other: &Self) -> bool {
        let (a, b) = (&self.export_to, &other.export_to);
        if a.is_none() || b.is_none() {
            return false;
        }
        (a.is_public() && b.is_public())
            || a.named(self.object.namespace()).any(|n| b.allows(other.object.namespace(), n))
            || b.named(other.object.namespace()).any(|n| a.allows(self.object.namespace(), n))
    }
}

/// Every host and port that several ServiceEntries declare.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut by_host: BTreeMap<(String, u32), Vec<Entry<'_>>> = BTreeMap::new();
    for object in &context.resources.service_entries {
        for host in &object.spec.hosts {
            for port in &object.spec.ports {
                let Some(number) = &port.number else { continue };
                let export_to = ExportTo::new(object.spec.export_to.iter().map(|e| e.value.clone()));
                let key = (host.to_ascii_lowercase(), number.value);
                by_host.entry(key).or_default().push(Entry { object, port, export_to });
            }
        }
    }
    for ((host, number), entries) in by_host.iter().filter(|(_, entries)| entries.len() > 1) {
        for (place, entry) in entries.iter().enumerate() {
            let others = || {
                let all = entries.iter().enumerate().filter(|(other, _)| *other != place);
                all.map(|(_, other)| other).filter(|other| entry.is_seen_with(other))
            };
            if let Some(other) = others().find(|other| other.protocol() != entry.protocol()) {
                found.push(entry_protocol::finding(host, *number, entry, other));
            } else if let Some(other) = others().find(|other| other.object.id() != entry.object.id()) {
                found.push(shared_entry::finding(host, *number, entry, other));
            }
        }
    }
}
