//! Which virtual host an authority leads to, from Envoy's description of `domains`: the exact name, the longest suffix
//! wildcard, the longest prefix wildcard, then `*`.

use meshc_effective::model::RouteTable;

/// The place of the virtual host, none where no domain fits.
pub(crate) fn host_of(table: &RouteTable, authority: &str) -> Option<usize> {
    let mut name = authority.to_ascii_lowercase();
    if table.ignore_port_in_host
        && let Some(colon) = name.rfind(':')
        && name.rfind(']').is_none_or(|bracket| bracket < colon)
    {
        name.truncate(colon);
    }
    // Kind and length of the best domain so far; exact beats suffix beats prefix beats `*`.
    let mut best: Option<((u8, usize), usize)> = None;
    for (at, host) in table.virtual_hosts.iter().enumerate() {
        for domain in &host.domains {
            let domain = domain.to_ascii_lowercase();
            let score = if domain == "*" {
                (1, 0)
            } else if let Some(end) = domain.strip_prefix('*') {
                if name.len() <= end.len() || !name.ends_with(end) {
                    continue;
                }
                (3, end.len())
            } else if let Some(start) = domain.strip_suffix('*') {
                if name.len() <= start.len() || !name.starts_with(start) {
                    continue;
                }
                (2, start.len())
            } else if domain == name {
                (4, 0)
            } else {
                continue;
            };
            if best.is_none_or(|(known, _)| score > known) {
                best = Some((score, at));
            }
        }
    }
    best.map(|(_, at)| at)
}
