//! Endpoints of other networks, in whose place their gateways stand (Istio's `EndpointsByNetworkFilter`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_mesh::NetworkGateway;
use meshc_mesh::place::augmented;

use super::service::Context;
use crate::model::{Address, Endpoint, Health, ProxyKind};

/// The endpoints of one place as the caller reaches them, each given with its network: those of its own network as they
/// are, then gateways with the weights of those behind them. `by_name` is said of clusters that look names up.
pub(super) fn reached(
    context: &Context<'_>,
    endpoints: Vec<(Endpoint, &str)>,
    by_name: bool,
) -> Vec<Endpoint> {
    let networks = &context.mesh.networks;
    if !networks.has_gateways(by_name) {
        return endpoints.into_iter().map(|(endpoint, _)| endpoint).collect();
    }
    let own = context.caller.network;
    let scale = networks.scale(by_name).max(1);
    let mut reached = Vec::new();
    let mut weights: BTreeMap<&NetworkGateway, u32> = BTreeMap::new();
    for (mut endpoint, network) in endpoints {
        let mut gateways = networks.gateways_to(network, by_name);
        if context.caller.kind == ProxyKind::Sidecar {
            // Sidecars cannot speak to those of ambient mode.
            gateways.retain(|gateway| gateway.port != 0);
        }
        let weight = match endpoint.weight {
            None | Some(0) => scale,
            Some(weight) if weight < u32::MAX / scale => weight * scale,
            Some(_) => u32::MAX,
        };
        endpoint.weight = Some(weight);
        // A caller that is in no network takes the gateway all the same.
        let is_forced = own.is_empty() && !network.is_empty() && !gateways.is_empty();
        let is_near = own.is_empty() || network.is_empty() || own == network;
        if !is_forced && (is_near || gateways.is_empty()) {
            reached.push(endpoint);
            continue;
        }
        gateways.retain(|gateway| context.caller.families.reach(&gateway.address));
        // Gateways route by the server names of mutual TLS.
        let Some(count) =
            u32::try_from(gateways.len()).ok().filter(|count| *count > 0 && endpoint.mutual_tls)
        else {
            continue;
        };
        for gateway in gateways {
            let sum = weights.entry(gateway).or_default();
            *sum = sum.saturating_add(weight / count);
        }
    }
    reached.extend(weights.into_iter().map(|(gateway, weight)| standing_for(gateway, weight.max(1))));
    reached
}

fn standing_for(gateway: &NetworkGateway, weight: u32) -> Endpoint {
    let mut labels = augmented(&BTreeMap::new(), "", "", &gateway.network);
    if !gateway.of_cluster {
        labels.remove(meshc_mesh::place::IN_CLUSTER);
    }
    Endpoint {
        address: Address::Socket { address: gateway.address.clone(), port: gateway.port },
        weight: Some(weight),
        workload: None,
        namespace: None,
        pod: None,
        labels: labels.into(),
        health: Health::Unknown,
        mutual_tls: true,
        described: true,
        of_no_cluster: !gateway.of_cluster,
    }
}

/// Which addresses a proxy can connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Families {
    v4: bool,
    v6: bool,
}

impl Families {
    /// Those of its own addresses.
    pub(super) fn of<'a>(own: impl Iterator<Item = &'a str>) -> Self {
        let mut families = Self::default();
        for address in own.filter_map(|address| address.parse::<IpAddr>().ok()) {
            families.v4 |= address.is_ipv4();
            families.v6 |= address.is_ipv6();
        }
        families
    }

    fn reach(self, address: &str) -> bool {
        match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
            _ if self.v4 == self.v6 => true,
            Ok(address) => address.is_ipv4() == self.v4,
            Err(_) => false,
        }
    }
}
