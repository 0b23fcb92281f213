//! The screen of `meshc up` as data: what runs where, how to reach it, and the table of sample requests.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use meshc_effective::model::{ChainAction, ProxyKind};
use serde::Serialize;

use super::layout::{external_key, pod_of};
use super::samples;
use super::trial::{Trial, Trials};
use super::world::{World, socket};

/// Everything that the screen shows.
#[derive(Debug, Serialize)]
pub(super) struct Overview {
    version: u32,
    /// The bundle's digest.
    pub(super) bundle: String,
    /// Whether every sample arrived where the compiler said.
    pub(super) ok: bool,
    /// From the start of the program until the last sample was answered.
    pub(super) ready_ms: u64,
    /// By name.
    pub(super) services: Vec<Service>,
    /// Gateways first.
    pub(super) entries: Vec<Entry>,
    /// What is different here than in a cluster.
    pub(super) notes: Vec<String>,
    /// The table.
    pub(super) requests: Vec<Row>,
    /// Samples that there was no room for.
    pub(super) left_out: usize,
}

/// A service and who is behind it.
#[derive(Debug, Serialize)]
pub(super) struct Service {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) endpoints: Vec<Backend>,
}

/// One endpoint.
#[derive(Debug, Serialize)]
pub(super) struct Backend {
    pub(super) workload: String,
    pub(super) address: String,
}

/// A way in.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    /// Whose: a gateway, or a workload that calls through its sidecar.
    pub(super) through: String,
    /// Works when it is pasted.
    pub(super) curl: String,
}

/// A row of the table.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// The workload that asks.
    pub(super) from: String,
    /// The request as people write it.
    pub(super) request: String,
    /// How often it was sent.
    pub(super) times: usize,
    /// Outcomes with how often each was seen.
    pub(super) outcomes: Vec<(String, usize)>,
    /// What else the route does.
    pub(super) remarks: Vec<String>,
    /// Whether it is what the compiler said.
    pub(super) ok: bool,
    /// How it is not.
    pub(super) differences: Vec<String>,
}

impl Overview {
    pub(super) fn of(world: &World, digest: &str, trials: &Trials, took: Duration) -> Self {
        let requests: Vec<Row> = trials.made.iter().map(row).collect();
        Self {
            version: 1,
            bundle: digest.to_owned(),
            ok: requests.iter().all(|row| row.ok),
            ready_ms: took.as_millis() as u64,
            services: services(world),
            entries: entries(world, &trials.made),
            notes: notes(world),
            requests,
            left_out: trials.left_out,
        }
    }
}

/// What every client of the mesh can call, once, with the addresses of those behind it.
fn services(world: &World) -> Vec<Service> {
    let mut found: BTreeMap<(String, u16), Vec<Backend>> = BTreeMap::new();
    for proxy in &world.local.proxies {
        let outbound =
            proxy.clusters.values().filter(|c| c.subset.is_none() && c.name.starts_with("outbound|"));
        // Gateways have entry points of their own.
        for cluster in outbound.filter(|cluster| !samples::leads_to_gateways(world, cluster)) {
            let endpoints = cluster.endpoints.iter().flat_map(|group| &group.endpoints);
            found.entry((cluster.host.clone(), cluster.port)).or_insert_with(|| {
                let backend = |endpoint: &meshc_effective::model::Endpoint| Backend {
                    workload: endpoint
                        .workload
                        .clone()
                        .or(pod_of(endpoint).map(|id| id.name))
                        .unwrap_or_else(|| "stand-in".to_owned()),
                    address: external_key(endpoint),
                };
                endpoints.map(backend).collect()
            });
        }
    }
    let service = |((host, port), endpoints)| Service { host, port, endpoints };
    found.into_iter().map(service).collect()
}

/// A line for each host of each gateway's listener, and one through the sidecar that the samples use. What is asked is a
/// sample that a workload answered, where there is one.
fn entries(world: &World, trials: &[Trial]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut seen = BTreeSet::new();
    for gateway in world.local.proxies.iter().filter(|proxy| proxy.kind == ProxyKind::Gateway) {
        for listener in &gateway.listeners {
            let Some(socket) = socket(listener) else { continue };
            let tables = listener.chains.iter().filter_map(|chain| match &chain.action {
                ChainAction::HttpTable { table, .. } => gateway.tables.get(table),
                ChainAction::HttpInline { .. } | ChainAction::Tcp(_) => None,
            });
            for host in tables.flat_map(|table| &table.virtual_hosts) {
                let Some(authority) = samples::authority(host) else { continue };
                let mut asked: Vec<&Trial> = trials
                    .iter()
                    .filter(|trial| trial.sample.proxy.id == gateway.id)
                    .filter(|trial| {
                        trial.sample.query.request.as_ref().is_some_and(|r| r.authority == authority)
                    })
                    .filter(|trial| trial.sample.query.request.as_ref().is_some_and(|r| r.method == "GET"))
                    .collect();
                // The last route is the one for everything else: the front door.
                asked.reverse();
                asked.sort_by_key(|trial| {
                    trial.first.as_ref().is_none_or(|first| first.answered_by.is_none())
                });
                let request = asked.first().and_then(|trial| trial.sample.query.request.as_ref());
                let path = request.map_or("/", |request| request.path.as_str());
                let headers = request.map(|request| request.headers.as_slice()).unwrap_or_default();
                // Every host will do: the address is one.
                let authority = (!host.domains.iter().any(|domain| domain == "*")).then_some(authority);
                if seen.insert((socket, authority.clone())) {
                    let through = gateway.workload.clone();
                    entries.push(Entry { through, curl: curl(&socket, authority.as_deref(), path, headers) });
                }
            }
        }
    }
    let http = trials.iter().map(|trial| &trial.sample).filter(|sample| sample.query.request.is_some());
    let mut sidecars = http.filter(|sample| sample.proxy.kind == ProxyKind::Sidecar).peekable();
    let first = sidecars.peek().copied();
    // A split is what is most worth asking again.
    if let Some(sample) = sidecars.find(|sample| sample.times > 1).or(first)
        && let Some(request) = &sample.query.request
        && let Ok(target) = world.target(&sample.query)
    {
        let through = format!("{} (its sidecar)", sample.proxy.workload);
        let curl = curl(&target.socket, Some(&request.authority), &request.path, &request.headers);
        entries.push(Entry { through, curl });
    }
    entries
}

/// A command line for a shell.
fn curl(socket: &SocketAddr, authority: Option<&str>, path: &str, headers: &[(String, String)]) -> String {
    let mut line = "curl".to_owned();
    if let Some(authority) = authority {
        line.extend([" -H ", &quoted(&format!("Host: {authority}"))]);
    }
    for (name, value) in headers {
        line.extend([" -H ", &quoted(&format!("{name}: {value}"))]);
    }
    let port = if socket.port() == 80 { String::new() } else { format!(":{}", socket.port()) };
    let url = format!("http://{}{port}{path}", socket.ip());
    let plain = url.chars().all(|c| c.is_ascii_alphanumeric() || "/:.-_".contains(c));
    line.push(' ');
    line.push_str(&if plain { url } else { quoted(&url) });
    line
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What is different here than in a cluster.
fn notes(world: &World) -> Vec<String> {
    let mut notes = Vec::new();
    let moved: Vec<String> =
        world.layout.moved().iter().map(|(from, to)| format!("port {from} is on {to}")).collect();
    if !moved.is_empty() {
        notes.push(format!("{}, where it may be bound", moved.join(", ")));
    }
    for (workload, left_out) in &world.layout.capped {
        notes.push(format!("{left_out} more pods of {workload} are not run (--replicas-cap)"));
    }
    let external: Vec<&str> = world
        .layout
        .apps
        .values()
        .filter(|app| {
            app.identity.namespace.is_empty() && app.identity.workload != super::layout::APPS_OUTSIDE
        })
        .map(|app| app.identity.pod.as_str())
        .collect();
    if !external.is_empty() {
        notes.push(format!("{} outside the mesh: a stand-in answers for each", external.join(", ")));
    }
    notes
}

fn row(trial: &Trial) -> Row {
    let query = &trial.sample.query;
    let request = if let Some(request) = &query.request {
        let mut text = format!("{} {}{}", request.method, request.authority, request.path);
        for (name, value) in &request.headers {
            text.extend(["  ", name, ": ", value]);
        }
        text
    } else {
        let cluster = trial.predicted.destinations.first().map(|(cluster, _)| cluster.as_str());
        let host = cluster.and_then(|cluster| cluster.rsplit('|').next()).unwrap_or_default();
        format!(
            "TCP {}:{}",
            host.split_once(".svc.").map_or(host, |(short, _)| short),
            query.port.unwrap_or_default()
        )
    };
    Row {
        from: trial.sample.proxy.workload.clone(),
        request,
        times: trial.sample.times,
        outcomes: trial.outcomes.clone(),
        remarks: remarks(trial),
        ok: trial.differences.is_empty(),
        differences: trial.differences.clone(),
    }
}

/// What the route does beside choosing a destination, as far as the answer shows it.
fn remarks(trial: &Trial) -> Vec<String> {
    let mut remarks = Vec::new();
    let predicted = &trial.predicted;
    let weights: Vec<u32> =
        predicted.destinations.iter().map(|(_, weight)| *weight).filter(|w| *w > 0).collect();
    if weights.len() > 1 {
        let shares: Vec<String> = weights.iter().map(u32::to_string).collect();
        remarks.push(format!("weights {}", shares.join(":")));
    }
    if let (Some(request), Some(arrived)) =
        (&trial.sample.query.request, trial.first.as_ref().and_then(|first| first.upstream.as_ref()))
    {
        if arrived.path != request.path {
            remarks.push(format!("as {}", arrived.path));
        }
        if arrived.authority != request.authority {
            remarks.push(format!("to host {}", arrived.authority));
        }
    }
    if let Some(delay) = predicted.delay_ms {
        remarks.push(format!("after {delay} ms"));
    }
    // 15 s is what Envoy has where nobody asked for another.
    if let Some(timeout) = predicted.timeout_ms.filter(|timeout| *timeout != 15_000) {
        remarks.push(format!("timeout {timeout} ms"));
    }
    remarks
}
