//! The client's own address.

use std::net::IpAddr;

use meshc_effective::model::ProxyKind;

use crate::seen::Seen;

/// As Envoy finds it: a gateway believes the connection, a sidecar the last address that proxies wrote down.
pub(crate) fn of_client(seen: &Seen, source: Option<IpAddr>, kind: ProxyKind) -> Option<IpAddr> {
    if kind == ProxyKind::Gateway {
        return source;
    }
    let forwarded = seen.header("x-forwarded-for");
    let last = forwarded.as_deref().and_then(|list| list.rsplit(',').next()).map(str::trim);
    last.and_then(|address| address.parse().ok()).or(source)
}
