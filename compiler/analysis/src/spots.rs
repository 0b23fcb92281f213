//! Where connections come in and are checked, and what the checks ask for that no set of requests holds: ports and
//! addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use meshc_effective::model::{
    Chain, ChainAction, Direction, Listener, Permission, Principal, Proxy, RuleSet, Security, SecurityFilter,
};

use crate::reach::Site;

/// A place where connections come in.
pub(crate) struct Spot {
    /// Where it is asked for.
    pub(crate) site: Site,
    /// The port that policies mean.
    pub(crate) port: u16,
    /// Bytes, not requests.
    pub(crate) tcp: bool,
    /// What goes before a difference in its summary.
    pub(crate) label: String,
    /// One that leads there.
    pub(crate) authority: String,
}

/// The places where connections come in and are checked.
pub(crate) fn spots(proxy: &Proxy, sides: &[&Security]) -> Vec<Spot> {
    let mut spots: Vec<Spot> = Vec::new();
    for listener in proxy.listeners.iter().filter(|listener| listener.security.is_some()) {
        let named: BTreeSet<u16> =
            listener.all_chains().filter_map(|chain| chain.matches.destination_port).collect();
        for chain in listener.all_chains() {
            // What leads nowhere, where no policy applies.
            if matches!(&chain.action, ChainAction::Tcp(forward) if forward.is_guard || forward.is_unchecked)
            {
                continue;
            }
            match (listener.direction, chain.matches.destination_port) {
                // What no chain is for: any port that is not named tells, and those that rules name.
                (Direction::Inbound, None) => {
                    let ports: BTreeSet<u16> = sides.iter().flat_map(|side| ports(side)).collect();
                    let free = (1024..u16::MAX).find(|port| !named.contains(port) && !ports.contains(port));
                    let others = ports.iter().copied().filter(|port| !named.contains(port));
                    spots.extend(others.chain(free).map(|port| spot(proxy, listener, chain, port)));
                }
                (_, port) => spots.push(spot(proxy, listener, chain, port.unwrap_or(listener.port))),
            }
        }
    }
    // Several chains of one port (with TLS and without) are one place.
    let mut seen = BTreeSet::new();
    spots.retain(|spot| seen.insert((format!("{:?}", spot.site), spot.port, spot.tcp)));
    spots
}

fn spot(proxy: &Proxy, listener: &Listener, chain: &Chain, port: u16) -> Spot {
    let (tcp, table) = match &chain.action {
        ChainAction::Tcp(_) => (true, None),
        ChainAction::HttpInline { table, .. } => (false, Some(&**table)),
        ChainAction::HttpTable { table, .. } => (false, proxy.tables.get(table).map(AsRef::as_ref)),
    };
    let domain = table.and_then(|table| table.virtual_hosts.first()?.domains.first());
    let authority = domain.map_or("*", String::as_str);
    let authority = authority.strip_prefix("*.").map_or_else(
        || if authority == "*" { "example.com".to_owned() } else { authority.to_owned() },
        |suffix| format!("a.{suffix}"),
    );
    let site = match (listener.direction, &chain.action) {
        (Direction::Outbound, ChainAction::HttpTable { table, .. }) => Site::Table(table.clone()),
        _ => Site::Inbound(port),
    };
    Spot { site, port, tcp, label: format!("{} port {port}", proxy.workload), authority }
}

/// The ports that rules and modes ask for.
fn ports(security: &Security) -> BTreeSet<u16> {
    fn of(permission: &Permission, ports: &mut BTreeSet<u16>) {
        match permission {
            Permission::DestinationPort(port) => {
                ports.insert(*port);
            }
            Permission::All(each) | Permission::AnyOf(each) => each.iter().for_each(|one| of(one, ports)),
            Permission::Not(inner) => of(inner, ports),
            _ => {}
        }
    }
    let mut ports: BTreeSet<u16> = security.mtls.ports.keys().copied().collect();
    for set in rule_sets(security) {
        let permissions = set.policies.values().flat_map(|policy| &policy.permissions);
        permissions.for_each(|permission| of(permission, &mut ports));
    }
    ports
}

/// The rules of all checks, those too that are only counted.
pub(crate) fn rule_sets(security: &Security) -> impl Iterator<Item = &RuleSet> {
    let filters = security.http.iter().chain(&security.tcp);
    filters
        .filter_map(|filter| match filter {
            SecurityFilter::Rbac(rbac) => Some(&**rbac),
            _ => None,
        })
        .flat_map(|rbac| rbac.enforced.iter().chain(&rbac.shadow))
}

/// Addresses that between them are in every combination of the blocks that rules ask for; none where no rule asks.
pub(crate) fn addresses(sides: &[&Security]) -> Vec<Option<IpAddr>> {
    fn of(principal: &Principal, found: &mut Vec<IpAddr>) {
        match principal {
            Principal::DirectIp(block) | Principal::RemoteIp(block) => {
                found.extend(block.first());
                found.extend(block.after());
            }
            Principal::All(each) | Principal::AnyOf(each) => each.iter().for_each(|one| of(one, found)),
            Principal::Not(inner) => of(inner, found),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for set in sides.iter().copied().flat_map(rule_sets) {
        set.policies.values().flat_map(|p| &p.principals).for_each(|principal| of(principal, &mut found));
    }
    if found.is_empty() {
        return vec![None];
    }
    found.extend([IpAddr::from([0, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])]);
    let mut seen = BTreeSet::new();
    found.into_iter().filter(|address| seen.insert(*address)).map(Some).collect()
}
