//! What is put into one Envoy, and what comes out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use meshc_effective::model::{EffectiveMesh, Proxy};
use meshc_testkit::real::{echo, serving::Serving};
use meshc_trace::{Answer, Query, Tracer};
use meshc_xds::Writer;
use meshc_xds::bootstrap::bootstrap;
use serde_json::{Value, json};

use super::judge::{Happened, differences};
use super::{Claim, World};

/// Requests on their way at once.
const CLIENTS: usize = 8;

/// A request with what is said about it.
pub(super) struct Case {
    /// World and line.
    pub(super) label: String,
    pub(super) line: String,
    pub(super) claim: Claim,
    pub(super) query: Query,
    pub(super) said: Answer,
    /// Before the names of its clusters.
    pub(super) prefix: String,
    pub(super) listener: String,
}

/// What is put into one Envoy.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) cases: Vec<Case>,
    listeners: BTreeMap<String, Value>,
    clusters: BTreeMap<String, Value>,
    /// By listener: headers that one of several weighted destinations changes.
    varying: BTreeMap<String, Varying>,
    /// Tables that no listener of their proxy serves.
    pub(super) unserved: usize,
    pub(super) wrong: Vec<String>,
}

/// Envoy's file of its log.
const LOG: &str = "access.log";

impl Plan {
    pub(super) fn add(&mut self, world: &World, index: usize, service: SocketAddr) {
        let mesh = &world.mesh;
        let tracer = Tracer::new(mesh, &world.sources);
        let mut writer = Writer::new();
        let mut made: BTreeMap<String, Value> = BTreeMap::new();
        for (at, line) in world.lines.iter().enumerate() {
            let label = format!("{}.{at}", world.label);
            let query = Query::from_line(&line.text).expect("a line of trace's input");
            let (Some(table), Some(proxy)) = (query.route_table.clone(), find(mesh, &query.proxy)) else {
                continue;
            };
            let id = proxy.id.to_string();
            let listener = format!("{index}/{id}/{table}");
            if !self.listeners.contains_key(&listener) {
                let bootstrap = made.entry(id.clone()).or_insert_with(|| bootstrap(&id, &writer.node(proxy)));
                let Some(manager) = manager(bootstrap, &table) else {
                    self.unserved += 1;
                    continue;
                };
                self.serve(&listener, manager, &format!("{index}/{id}~"), proxy, service);
            }
            match tracer.trace(&query) {
                Ok(said) => self.cases.push(Case {
                    label,
                    line: line.text.clone(),
                    claim: line.claim.clone(),
                    query,
                    said,
                    prefix: format!("{index}/{id}~"),
                    listener,
                }),
                Err(error) => self.wrong.push(format!("{label} {}: {error}", line.text)),
            }
        }
    }

    /// A listener with a connection manager, and the clusters that its routes name.
    fn serve(&mut self, name: &str, mut manager: Value, prefix: &str, proxy: &Proxy, service: SocketAddr) {
        let mut used = BTreeSet::new();
        rename(&mut manager["typed_config"]["route_config"], prefix, &mut used);
        for cluster in used {
            let Some(known) = proxy.clusters.get(&cluster) else { continue };
            let name = format!("{prefix}{cluster}");
            let mut made = json!({"name": name, "type": "STATIC", "connect_timeout": "5s", "load_assignment": {"cluster_name": name}});
            if known.has_endpoints() {
                let address = json!({"address": "127.0.0.1", "port_value": service.port()});
                made["load_assignment"]["endpoints"] =
                    json!([{"lb_endpoints": [{"endpoint": {"address": {"socket_address": address}}}]}]);
            }
            self.clusters.insert(name, made);
        }
        let mut varying = Varying::default();
        of_destinations(&manager["typed_config"]["route_config"], &mut varying);
        self.varying.insert(name.to_owned(), varying);
        if let Some(config) = manager["typed_config"].as_object_mut() {
            config.remove("tracing");
            config.insert("access_log".to_owned(), json!([{
                "name": "envoy.access_loggers.file",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                    "path": LOG,
                    "log_format": {"json_format": {"case": "%REQ(X-CASE)%", "route": "%ROUTE_NAME%", "cluster": "%UPSTREAM_CLUSTER_RAW%"}},
                },
            }]));
        }
        let address = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
        let listener = json!({"name": name, "address": address, "filter_chains": [{"filters": [manager]}]});
        self.listeners.insert(name.to_owned(), listener);
    }

    /// Sends everything, and tells what differs.
    pub(super) fn run(mut self, envoy: &Path) -> Vec<String> {
        if self.cases.is_empty() {
            return Vec::new();
        }
        let folder = tempfile::tempdir().expect("a directory");
        let log = folder.path().join(LOG);
        for listener in self.listeners.values_mut() {
            let log_of = listener
                .pointer_mut("/filter_chains/0/filters/0/typed_config/access_log/0/typed_config/path");
            *log_of.expect("it was put there") = log.display().to_string().into();
        }
        let (listeners, clusters): (Vec<_>, Vec<_>) =
            (self.listeners.into_values().collect(), self.clusters.into_values().collect());
        let bootstrap = json!({"static_resources": {"listeners": listeners, "clusters": clusters}});
        let serving = Serving::start(envoy, bootstrap, folder.path()).expect("Envoy serves");
        let happened = send(&self.cases, &serving);
        serving.stop().expect("Envoy ends");
        let log = fs::read_to_string(&log).unwrap_or_default();
        let logged: BTreeMap<usize, Value> = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|line| Some((line["case"].as_str()?.parse().ok()?, line)))
            .collect();
        let differing = self.cases.iter().enumerate().filter_map(|(at, case)| {
            let happened = happened.get(&at)?;
            let happened = Happened {
                answer: happened,
                logged: logged.get(&at).unwrap_or(&Value::Null),
                varying: &self.varying[&case.listener],
            };
            let found = differences(case, &happened);
            (!found.is_empty()).then(|| format!("{} {}: {}", case.label, case.line, found.join("; ")))
        });
        differing.collect()
    }
}

fn find<'m>(mesh: &'m EffectiveMesh, name: &str) -> Option<&'m Proxy> {
    mesh.find(name).ok().map(AsRef::as_ref)
}

/// The first connection manager of a bootstrap that has this table.
fn manager(bootstrap: &Value, table: &str) -> Option<Value> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let listeners = list(&bootstrap["static_resources"], "listeners").into_iter();
    let chains = listeners.flat_map(|listener| {
        let mut chains = list(&listener, "filter_chains");
        chains.extend(listener.get("default_filter_chain").cloned());
        chains
    });
    let mut filters = chains.flat_map(|chain| list(&chain, "filters"));
    filters.find(|filter| filter["typed_config"]["route_config"]["name"] == table)
}

/// Puts something before the name of every cluster, and collects the names.
fn rename(value: &mut Value, prefix: &str, used: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, prefix, used)),
        Value::Object(fields) => {
            for (key, field) in fields {
                if key == "cluster" && field.is_string() {
                    rename_one(field, prefix, used);
                } else if key == "clusters" {
                    let weighted = field.as_array_mut().into_iter().flatten();
                    let names = weighted.filter_map(|cluster| cluster.get_mut("name"));
                    names.for_each(|name| rename_one(name, prefix, used));
                } else {
                    rename(field, prefix, used);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Names of headers that weighted destinations change: of answers, which is not told, and of requests, which is told once a
/// cluster.
#[derive(Default)]
pub(super) struct Varying {
    pub(super) requests: BTreeSet<String>,
    pub(super) answers: BTreeSet<String>,
}

/// The headers that weighted destinations change.
fn of_destinations(value: &Value, names: &mut Varying) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| of_destinations(item, names)),
        Value::Object(fields) => {
            for cluster in fields.get("clusters").and_then(Value::as_array).into_iter().flatten() {
                let list = |key: String| cluster[key].as_array().into_iter().flatten();
                for (side, names) in [("request", &mut names.requests), ("response", &mut names.answers)] {
                    let added = list(format!("{side}_headers_to_add"))
                        .filter_map(|header| header["header"]["key"].as_str());
                    let removed = list(format!("{side}_headers_to_remove")).filter_map(Value::as_str);
                    names.extend(added.chain(removed).map(str::to_ascii_lowercase));
                }
            }
            fields.values().for_each(|field| of_destinations(field, names));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn rename_one(name: &mut Value, prefix: &str, used: &mut BTreeSet<String>) {
    if let Some(text) = name.as_str().map(ToOwned::to_owned) {
        *name = format!("{prefix}{text}").into();
        used.insert(text);
    }
}

fn send(cases: &[Case], serving: &Serving) -> BTreeMap<usize, echo::Answer> {
    let (next, happened) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { break };
                    let request = case.query.request.clone().unwrap_or_default();
                    let mut headers =
                        vec![("host".to_owned(), request.authority), ("x-case".to_owned(), at.to_string())];
                    headers.extend(request.headers);
                    let to = serving.listeners[&case.listener];
                    let answer = echo::ask(to, &request.method, &request.path, &headers);
                    let answer = answer.unwrap_or_else(|error| echo::Answer {
                        body: error.to_string().into(),
                        ..echo::Answer::default()
                    });
                    happened.lock().expect("no client panicked").insert(at, answer);
                }
            });
        }
    });
    happened.into_inner().expect("no client panicked")
}
