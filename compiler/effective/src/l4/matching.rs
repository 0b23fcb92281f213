//! Which proxies get a TLS or TCP route: what of its conditions is known before any connection comes.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use meshc_mesh::selects;
use meshc_resources::istio::{L4Match, TlsMatch};
use meshc_syntax::de::Spanned;

/// The proxy that a route may be for.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// Its labels.
    pub(crate) labels: &'a BTreeMap<String, String>,
    /// `mesh`, or the gateway `NAMESPACE/NAME`.
    pub(crate) gateway: &'a str,
    /// The port that connections come to.
    pub(crate) port: u16,
}

impl Caller<'_> {
    fn is(
        self,
        gateways: &[Spanned<String>],
        port: Option<&Spanned<u32>>,
        labels: &IndexMap<Spanned<String>, Spanned<String>>,
        namespace: Option<&Spanned<String>>,
    ) -> bool {
        let wanted = port.map_or(0, |port| port.value);
        let namespace = namespace.map_or("", |namespace| namespace.value.as_str());
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect();
        (gateways.is_empty() || gateways.iter().any(|gateway| gateway.value == self.gateway))
            && (wanted == 0 || wanted == u32::from(self.port))
            && (namespace.is_empty() || namespace == self.namespace)
            && selects(&labels, self.labels)
    }
}

/// Whether a TLS route's condition can hold for a proxy's connections.
pub(crate) fn tls_concerns(condition: &TlsMatch, caller: Caller<'_>) -> bool {
    caller.is(
        &condition.gateways,
        condition.port.as_ref(),
        &condition.source_labels,
        condition.source_namespace.as_ref(),
    )
}

/// Whether a TCP route's condition can hold for a proxy's connections.
pub(crate) fn tcp_concerns(condition: &L4Match, caller: Caller<'_>) -> bool {
    caller.is(
        &condition.gateways,
        condition.port.as_ref(),
        &condition.source_labels,
        condition.source_namespace.as_ref(),
    )
}
