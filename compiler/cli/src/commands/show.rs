//! `meshc show`: what a proxy does.

use std::fmt::Write;

use meshc_analysis::routes_view;
use meshc_effective::model::{Address, Origin, Proxy, SecurityFilter};
use meshc_xds::Writer;
use serde_json::{Value, json};

use super::DONE;
use crate::args::{Show, ShowFormat, ShowWhat, Target};
use crate::load::{Failure, Selected, Tree};
use crate::{output, render};

pub(crate) fn run(args: &Show) -> Result<u8, Failure> {
    let tree = Tree::read(&Selected::of(&args.tree))?;
    let mesh = tree.compile_to_look()?;
    let proxy = mesh.find(&args.proxy).map_err(Failure::new)?;
    match args.format {
        ShowFormat::Envoy => {
            if args.target == Target::Envoy {
                tree.report(meshc_xds::rules::left_out([&**proxy]).as_slice());
            }
            output::json_pretty(&envoy(proxy, args)?);
        }
        ShowFormat::Json => output::json_pretty(&json(&tree, proxy, args.what)),
        ShowFormat::Human => output::out(&human(&tree, proxy, args.what)),
    }
    Ok(DONE)
}

/// Envoy's resources.
fn envoy(proxy: &Proxy, args: &Show) -> Result<Value, Failure> {
    let target = match args.target {
        Target::Envoy => meshc_xds::Target::Envoy,
        Target::IstioProxy => meshc_xds::Target::IstioProxy,
    };
    let node = Writer::for_target(target).node(proxy);
    let resources = match args.what {
        ShowWhat::Listeners => serde_json::to_value(&node.listeners),
        ShowWhat::Routes => serde_json::to_value(&node.routes),
        ShowWhat::Clusters => serde_json::to_value(&node.clusters),
        ShowWhat::Endpoints => serde_json::to_value(&node.endpoints),
        ShowWhat::Policy => return Err(Failure::new("Envoy has no resource of its own for policy")),
    };
    resources.map_err(Failure::new)
}

/// What is shown, as JSON: for routes an object, for the others an array of objects.
fn json(tree: &Tree, proxy: &Proxy, what: ShowWhat) -> Value {
    match what {
        ShowWhat::Routes => to_value(&routes_view(proxy, &tree.sources)),
        ShowWhat::Listeners => listeners(proxy),
        ShowWhat::Clusters => clusters(proxy),
        ShowWhat::Endpoints => endpoints(proxy),
        ShowWhat::Policy => policy(tree, proxy),
    }
}

fn listeners(proxy: &Proxy) -> Value {
    let all = proxy.listeners.iter().map(|listener| {
        let chains: Vec<Value> = listener
            .all_chains()
            .map(|chain| {
                let (protocol, leads_to) = match &chain.action {
                    meshc_effective::model::ChainAction::HttpTable { table, .. } => ("http", table.clone()),
                    meshc_effective::model::ChainAction::HttpInline { table, .. } => {
                        ("http", table.name.clone())
                    }
                    meshc_effective::model::ChainAction::Tcp(forward) => ("tcp", leads_to(forward)),
                };
                json!({"name": chain.name, "destination_port": chain.matches.destination_port,
                       "server_names": chain.matches.server_names, "tls": chain.is_tls(),
                       "protocol": protocol, "leads_to": leads_to})
            })
            .collect();
        json!({"name": listener.name, "address": listener.address, "port": listener.port,
               "direction": listener.direction, "binding": listener.binding, "chains": chains})
    });
    all.collect()
}

/// The cluster, or all with their weights.
fn leads_to(forward: &meshc_effective::model::TcpForward) -> String {
    if !forward.weighted {
        return forward.cluster().to_owned();
    }
    let shares: Vec<String> =
        forward.destinations.iter().map(|(cluster, weight)| format!("{cluster} ({weight})")).collect();
    shares.join(", ")
}

fn clusters(proxy: &Proxy) -> Value {
    let all = proxy.clusters.values().map(|cluster| {
        json!({"name": cluster.name, "kind": cluster.kind, "load_balancer": cluster.load_balancer,
               "connect_timeout_ms": u64::try_from(cluster.connect_timeout.as_millis()).ok(),
               "host": cluster.host, "port": cluster.port, "subset": cluster.subset,
               "endpoints": cluster.endpoints.iter().map(|group| group.endpoints.len()).sum::<usize>()})
    });
    all.collect()
}

fn endpoints(proxy: &Proxy) -> Value {
    let all = proxy.clusters.values().filter(|cluster| !cluster.endpoints.is_empty()).map(|cluster| {
        let endpoints: Vec<Value> =
            cluster.endpoints.iter().flat_map(|group| &group.endpoints).map(to_value).collect();
        json!({"cluster": cluster.name, "endpoints": endpoints})
    });
    all.collect()
}

/// What the proxy checks, in the order in which connections and requests meet it.
fn policy(tree: &Tree, proxy: &Proxy) -> Value {
    let security = &proxy.security;
    let because = |origins: &[Origin]| to_value(&meshc_analysis::because(origins, &tree.sources));
    let one =
        |kind: &str, port: Option<u16>, protocol: &str, text: String, origins: &[Origin], rules: Value| {
            json!({"kind": kind, "port": port, "protocol": protocol, "text": text, "rules": rules,
               "because": because(origins)})
        };
    let mut all = Vec::new();
    let modes = security.mtls.ports.iter().map(|(port, setting)| (Some(*port), setting));
    for (port, setting) in std::iter::once((None, &security.mtls.all)).chain(modes) {
        if !setting.origins.is_empty() {
            let text = format!("mutual TLS is {}", word(&json!({"mode": setting.mode}), "mode"));
            all.push(one("mtls", port, "any", text, &setting.origins, Value::Null));
        }
    }
    for (protocol, filters) in [("http", &security.http), ("tcp", &security.tcp)] {
        for filter in filters {
            match filter {
                SecurityFilter::Jwt(jwt) => {
                    for provider in &jwt.providers {
                        let text = format!("tokens of {} are verified", provider.issuer);
                        all.push(one("jwt", None, protocol, text, &provider.origins, to_value(provider)));
                    }
                }
                SecurityFilter::Rbac(rbac) => {
                    let sets = [("rules", &rbac.enforced), ("shadow-rules", &rbac.shadow)];
                    for (kind, set) in sets.into_iter().filter_map(|(kind, set)| Some((kind, set.as_ref()?)))
                    {
                        let action = word(&json!({"action": set.action}), "action").to_owned();
                        let text = format!("{action}: {} rules", set.policies.len());
                        all.push(one(kind, None, protocol, text, &set.origins, to_value(&set.policies)));
                    }
                }
                SecurityFilter::External(external) => {
                    let text = format!("{} is asked at {}", external.provider, external.cluster);
                    all.push(one("external", None, protocol, text, &external.origins, to_value(external)));
                }
            }
        }
    }
    Value::Array(all)
}

fn to_value(value: &impl serde::Serialize) -> Value {
    // Our types have string keys only, which is all that can fail.
    serde_json::to_value(value).unwrap_or_default()
}

/// A listing for people.
fn human(tree: &Tree, proxy: &Proxy, what: ShowWhat) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    match what {
        ShowWhat::Routes => text.push_str(&render::routes(&routes_view(proxy, &tree.sources))),
        ShowWhat::Policy => {
            let all = array(policy(tree, proxy));
            if all.is_empty() {
                text.push_str("no policy: every connection and request is taken\n");
            }
            for one in all {
                let place = one["port"].as_u64().map(|port| format!(" port {port}")).unwrap_or_default();
                let _ = writeln!(text, "{}{place}  {}", word(&one, "kind"), word(&one, "text"));
                for reason in one["because"].as_array().into_iter().flatten() {
                    let (file, line) = (word(reason, "file"), &reason["line"]);
                    let _ = writeln!(text, "  {file}:{line} {}", word(reason, "text"));
                }
            }
        }
        ShowWhat::Listeners => {
            for listener in array(listeners(proxy)) {
                let _ = writeln!(text, "{} {}", word(&listener, "direction"), word(&listener, "name"));
                for chain in listener["chains"].as_array().into_iter().flatten() {
                    let port =
                        chain["destination_port"].as_u64().map(|p| format!(" port {p}")).unwrap_or_default();
                    let _ =
                        writeln!(text, "  {}{port} → {}", word(chain, "protocol"), word(chain, "leads_to"));
                }
            }
        }
        ShowWhat::Clusters => {
            for cluster in array(clusters(proxy)) {
                let (name, kind, count) =
                    (word(&cluster, "name"), word(&cluster, "kind"), &cluster["endpoints"]);
                let _ =
                    writeln!(text, "{name}  {kind}  {}  {count} endpoints", word(&cluster, "load_balancer"));
            }
        }
        ShowWhat::Endpoints => {
            for cluster in proxy.clusters.values().filter(|cluster| !cluster.endpoints.is_empty()) {
                let _ = writeln!(text, "{}", cluster.name);
                for endpoint in cluster.endpoints.iter().flat_map(|group| &group.endpoints) {
                    let address = match &endpoint.address {
                        Address::Socket { address, port } => format!("{address}:{port}"),
                        Address::Pipe { path } => path.clone(),
                    };
                    let pod = endpoint.pod.as_deref().unwrap_or("outside the mesh");
                    let state = if endpoint.is_healthy() { "" } else { "  not ready" };
                    let _ = writeln!(text, "  {address}  {pod}{state}");
                }
            }
        }
    }
    text
}

fn array(value: Value) -> Vec<Value> {
    if let Value::Array(items) = value { items } else { Vec::new() }
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
