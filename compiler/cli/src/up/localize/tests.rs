//! What the bookshop looks like on this machine.

use meshc_effective::model::{Address, Proxy};

use crate::up::fixture::{TERMS, bookshop, local, world};

fn listing(proxy: &Proxy) -> String {
    let mut lines = Vec::new();
    for listener in &proxy.listeners {
        let leads: Vec<String> = listener.chains.iter().map(|chain| leads_to(&chain.action)).collect();
        lines.push(format!(
            "{} {}:{} → {}",
            listener.name,
            listener.address,
            listener.port,
            leads.join(", ")
        ));
    }
    for cluster in proxy.clusters.values() {
        let endpoints: Vec<String> = cluster
            .endpoints
            .iter()
            .flat_map(|group| &group.endpoints)
            .map(|endpoint| match &endpoint.address {
                Address::Socket { address, port } => format!("{address}:{port}"),
                Address::Pipe { path } => path.clone(),
            })
            .collect();
        lines.push(format!("{} {:?} {}", cluster.name, cluster.kind, endpoints.join(" ")));
    }
    lines.join("\n")
}

fn leads_to(action: &meshc_effective::model::ChainAction) -> String {
    use meshc_effective::model::ChainAction;
    match action {
        ChainAction::HttpTable { table, .. } => format!("table {table}"),
        ChainAction::HttpInline { table, .. } => format!("own table {}", table.name),
        ChainAction::Tcp(forward) => format!("cluster {}", forward.cluster()),
    }
}

#[test]
fn a_sidecar_has_two_sides() {
    let world = world(bookshop(), TERMS, &[]);
    insta::assert_snapshot!(listing(local(&world, "reviews-v2")));
}

#[test]
fn a_gateway_has_one_address() {
    let world = world(bookshop(), TERMS, &[]);
    insta::assert_snapshot!(listing(local(&world, "istio-ingressgateway")));
}
