//! The client's own address.

use std::net::IpAddr;

use meshc_effective::model::ProxyKind;

use crate::seen::Seen;

/// As Envoy finds it: a sidecar believes the last address that proxies wrote down, a gateway the connection or, where
/// proxies before it are trusted, the address that the first of them wrote down.
pub(crate) fn of_client(
    seen: &Seen,
    source: Option<IpAddr>,
    kind: ProxyKind,
    trusted: u32,
) -> Option<IpAddr> {
    let skipped = match (kind, trusted.checked_sub(1)) {
        (ProxyKind::Gateway, None) => return source,
        (ProxyKind::Gateway, Some(others)) => usize::try_from(others).unwrap_or(usize::MAX),
        (ProxyKind::Sidecar, _) => 0,
    };
    let forwarded = seen.header("x-forwarded-for");
    let last = forwarded.as_deref().and_then(|list| list.rsplit(',').nth(skipped)).map(str::trim);
    last.and_then(|address| address.parse().ok()).or(source)
}
