//! ServiceEntries for one host.

use meshc_mesh::{ExportTo, Registry, Service};

use super::contest::{Contest, pairs};
use crate::rules::context::Context;

pub(super) fn find(context: &Context<'_>, found: &mut Vec<Contest>) {
    for (host, services) in context.hosts() {
        if services.len() < 2 || services.iter().any(|service| service.registry == Registry::Kubernetes) {
            // A Kubernetes Service comes before any ServiceEntry.
            continue;
        }
        let meeting = format!("declare `{host}`");
        let meet = |a: &&std::sync::Arc<Service>, b: &&std::sync::Arc<Service>| {
            contend(a, b).then(|| Contest::new(&a.meta, &b.meta, &meeting))
        };
        pairs(services, meet, found);
    }
}

/// Whether someone sees both and it matters which comes first: they declare one port in two ways, or callers of a third
/// namespace take one whole.
fn contend(a: &Service, b: &Service) -> bool {
    let sees = |export: &ExportTo, of: &Service, caller: &str| export.allows(of.namespace(), caller);
    let public = a.export_to.is_public() || b.export_to.is_public();
    let met = public
        || sees(&a.export_to, a, b.namespace())
        || sees(&b.export_to, b, a.namespace())
        || a.export_to.named(a.namespace()).any(|caller| sees(&b.export_to, b, caller));
    let hidden = a.export_to.is_none() || b.export_to.is_none();
    let same_port = a
        .ports
        .iter()
        .any(|one| b.ports.iter().any(|other| one.number == other.number && one.protocol != other.protocol));
    let differ = a.namespace() != b.namespace() || a.resolution != b.resolution || same_port;
    met && !hidden
        && differ
        && (a.ports != b.ports || a.resolution != b.resolution || a.endpoints != b.endpoints)
}
