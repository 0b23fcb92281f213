//! Which things by name a patch is for; `meshc-xds` asks the same when it applies them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{PatchCluster, PatchHost, PatchListener, PatchRoutes, PatchSide};

/// The listeners that take all of a sidecar's traffic: a port that is asked for is that of their chains.
const ALL_TRAFFIC: [&str; 2] = ["virtualInbound", "virtualOutbound"];

impl PatchListener {
    /// Whether a listener of this name is one of those in front of everything.
    pub fn takes_all(name: &str) -> bool {
        ALL_TRAFFIC.contains(&name)
    }

    /// Whether it is for a listener; `whole` for what changes the listener itself.
    pub fn is_for(&self, name: &str, port: Option<u32>, whole: bool) -> bool {
        if !self.name.is_empty() && self.name != name {
            return false;
        }
        if !whole && Self::takes_all(name) {
            return true;
        }
        self.port == 0 || port == Some(self.port)
    }
}

impl PatchRoutes {
    /// Whether it is for a table of this name; `server_ports` as in [`crate::model::Patches`].
    pub fn is_for(&self, table: &str, side: PatchSide, server_ports: &BTreeMap<u16, BTreeSet<u16>>) -> bool {
        if !self.name.is_empty() && self.name != table {
            return false;
        }
        if side != PatchSide::Gateway {
            return self.port == 0 || self.port == port_of_table(table);
        }
        let (port, port_name, gateway) = parts_of_gateways_table(table);
        (self.port_name.is_empty() || self.port_name == port_name)
            && (self.gateway.is_empty() || self.gateway == gateway)
            && (self.port == 0 || is_any_port(self.port, port, server_ports))
    }
}

impl PatchHost {
    /// Whether it is for a virtual host.
    pub fn is_for<'a>(&self, name: &str, mut domains: impl Iterator<Item = &'a str>) -> bool {
        (self.name.is_empty() || self.name == name)
            && (self.domain.is_empty() || domains.any(|domain| domain == self.domain))
    }
}

impl PatchCluster {
    /// Whether it is for a cluster; `hosts` are those of the services that an inbound one is for.
    pub fn is_for<'a>(&self, name: &str, mut hosts: impl Iterator<Item = &'a str>) -> bool {
        if !self.name.is_empty() {
            return self.name == name;
        }
        let key = SubsetKey::parse(name);
        let mut is_host = || {
            let mut known = None;
            if key.direction == "inbound" {
                known = hosts.next();
            }
            match known {
                Some(first) => first == self.service || hosts.any(|host| host == self.service),
                None => key.host == self.service,
            }
        };
        (self.subset.is_empty() || self.subset == key.subset)
            && (self.service.is_empty() || is_host())
            && (self.port == 0 || u64::from(self.port) == key.port)
    }
}

/// The parts of a cluster's name, `DIRECTION|PORT|SUBSET|HOST` or with `_.` between them.
#[derive(Default)]
struct SubsetKey<'a> {
    direction: &'a str,
    port: u64,
    subset: &'a str,
    host: &'a str,
}

impl<'a> SubsetKey<'a> {
    fn parse(name: &'a str) -> Self {
        let by_name = name.starts_with("outbound_.") || name.starts_with("inbound_.");
        let separator = if by_name { "_." } else { "|" };
        let mut key = Self::default();
        let Some((direction, rest)) = name.split_once(separator) else { return key };
        key.direction = direction;
        let Some((port, rest)) = rest.split_once(separator) else { return key };
        key.port = port.parse().unwrap_or_default();
        let Some((subset, host)) = rest.split_once(separator) else { return key };
        key.subset = subset;
        if !host.contains(separator) {
            key.host = host;
        }
        key
    }
}

/// The port in a sidecar's table's name: the whole name, or the port of an inbound cluster.
fn port_of_table(name: &str) -> u32 {
    if name.starts_with("inbound") {
        SubsetKey::parse(name).port.try_into().unwrap_or_default()
    } else {
        name.parse().unwrap_or_default()
    }
}

/// Port, name of the port, and Gateway of a gateway's table: `http.PORT…` or `https.PORT.PORTNAME.GATEWAY.NAMESPACE`.
fn parts_of_gateways_table(name: &str) -> (u16, &str, String) {
    if let Some(port) = name.strip_prefix("http.") {
        return (port.parse().unwrap_or_default(), "", String::new());
    }
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        ["https", port, port_name, gateway, namespace] => {
            (port.parse().unwrap_or_default(), port_name, format!("{namespace}/{gateway}"))
        }
        _ => (0, "", String::new()),
    }
}

/// Whether a port that is asked for is the table's, or one that a server names where servers are known.
fn is_any_port(asked: u32, port: u16, server_ports: &BTreeMap<u16, BTreeSet<u16>>) -> bool {
    match server_ports.get(&port) {
        Some(ports) => ports.iter().any(|port| u32::from(*port) == asked),
        None => u32::from(port) == asked,
    }
}
