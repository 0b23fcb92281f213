//! Istio's names for what it makes.

/// The cluster of connections that no service claims.
pub(crate) const PASSTHROUGH_CLUSTER: &str = "PassthroughCluster";
/// The cluster that has no endpoint.
pub(crate) const BLACK_HOLE_CLUSTER: &str = "BlackHoleCluster";
/// The cluster of inbound connections to ports that no service names.
pub(crate) const INBOUND_PASSTHROUGH_CLUSTER: &str = "InboundPassthroughCluster";
/// Istio's cluster of a backend of the Gateway API that is none; it does not exist.
pub(crate) const UNKNOWN_SERVICE: &str = "UnknownService";
/// The virtual host for what no service claims.
pub(crate) const ALLOW_ANY: &str = "allow_any";
/// The virtual host for what no service claims where its name is looked up.
pub(crate) const ALLOW_ANY_DYNAMIC_DNS: &str = "allow_any_dynamic_dns";
/// The cluster of those requests.
pub(crate) const ALLOW_ANY_DYNAMIC_DNS_CLUSTER: &str = "AllowAnyDynamicDNSCluster";
/// The virtual host for what no service claims where that is refused.
pub(crate) const BLOCK_ALL: &str = "block_all";
/// The listener that hands captured outbound connections over.
pub(crate) const VIRTUAL_OUTBOUND: &str = "virtualOutbound";
/// The listener of captured inbound connections.
pub(crate) const VIRTUAL_INBOUND: &str = "virtualInbound";
/// The table of the port on which a sidecar is an HTTP proxy.
pub(crate) const HTTP_PROXY: &str = "http_proxy";

/// `outbound|9080|v2|reviews.shop.svc.cluster.local`
pub(crate) fn outbound(host: &str, port: u16, subset: Option<&str>) -> String {
    format!("outbound|{port}|{}|{host}", subset.unwrap_or_default())
}

/// `outbound_.9080_.v2_.reviews.shop.svc.cluster.local`: the name that Istio's mutual TLS asks for, and by which
/// gateways pass it on.
pub(crate) fn sni(host: &str, port: u16, subset: Option<&str>) -> String {
    format!("outbound_.{port}_.{}_.{host}", subset.unwrap_or_default())
}

/// `inbound|9080||`
pub(crate) fn inbound(port: u16) -> String {
    format!("inbound|{port}||")
}

/// `reviews.shop.svc.cluster.local:9080`; an IPv6 address in brackets.
pub(crate) fn host_port(host: &str, port: u16) -> String {
    format!("{}:{port}", domain(host))
}

/// A host as it stands in a `Host` header: an IPv6 address in brackets.
pub(crate) fn domain(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
