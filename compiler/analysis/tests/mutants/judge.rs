//! A second opinion, by enumeration: every request of a small alphabet, from everyone to everyone, asked of both meshes
//! by the interpreter alone. No set of requests is computed here.

use std::collections::{BTreeMap, BTreeSet};

use meshc_analysis::Kind;
use meshc_effective::model::{EffectiveMesh, Proxy, ProxyKind};
use meshc_source::{SourceFile, SourceSet};
use meshc_trace::{Answer, Direction, Query, Request, Tracer};
use serde_json::{Value, json};

/// A mesh that was compiled.
pub(crate) struct World {
    pub(crate) sources: SourceSet,
    pub(crate) mesh: EffectiveMesh,
}

impl World {
    pub(crate) fn compile(files: Vec<(String, String)>) -> Self {
        let files = files.into_iter().map(|(name, text)| SourceFile::new(name, text)).collect();
        let sources = SourceSet::new(files);
        let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
        let refusal = outcome.diagnostics.iter().find(|found| meshc_resources::rules::is_refusal(found));
        assert!(refusal.is_none(), "{refusal:?}");
        let mesh = meshc_effective::compile(&meshc_mesh::Mesh::new(&outcome.resources));
        Self { sources, mesh }
    }

    /// The answers to every request of the alphabet, in one order.
    pub(crate) fn answers(&self) -> BTreeMap<String, (String, Value)> {
        let tracer = Tracer::new(&self.mesh, &self.sources);
        let mut seen = BTreeSet::new();
        let mut answers = BTreeMap::new();
        for proxy in &self.mesh.proxies {
            // Pods of one workload are alike.
            if !seen.insert((&proxy.workload, &proxy.id.namespace)) {
                continue;
            }
            for query in queries(proxy) {
                let Ok(answer) = tracer.trace(&query) else { continue };
                let workload = format!("{}.{}", proxy.workload, proxy.id.namespace);
                answers.insert(format!("{query:?}"), (workload, self.plain(proxy, &answer)));
            }
        }
        answers
    }

    /// An answer as behaviour: shares in place of weights, and where nothing answers its name is nothing.
    fn plain(&self, proxy: &Proxy, answer: &Answer) -> Value {
        self.plain_json(&proxy.id.to_string(), serde_json::to_value(answer).expect("JSON"))
    }

    pub(crate) fn plain_json(&self, proxy: &str, mut answer: Value) -> Value {
        let lives = |cluster: &str| {
            let proxy = self.mesh.find(proxy).expect("a proxy");
            proxy.clusters.get(cluster).is_some_and(|known| known.has_endpoints())
        };
        let Some(fields) = answer.as_object_mut() else { return answer };
        fields.remove("route");
        fields.remove("because");
        let destinations = fields.remove("destinations").unwrap_or_default();
        let mut shares: BTreeMap<String, f64> = BTreeMap::new();
        for pair in destinations.as_array().into_iter().flatten() {
            let (cluster, weight) =
                (pair[0].as_str().unwrap_or_default(), pair[1].as_f64().unwrap_or_default());
            let name = if lives(cluster) { cluster.to_owned() } else { "nothing".to_owned() };
            *shares.entry(name).or_default() += weight;
        }
        let total: f64 = shares.values().sum();
        let shares: BTreeMap<String, u64> = shares
            .into_iter()
            .filter(|(_, share)| *share > 0.0)
            .map(|(name, share)| (name, (share / total * 1e6).round() as u64))
            .collect();
        fields.insert("shares".to_owned(), json!(shares));
        let alternatives = fields.remove("alternatives").unwrap_or_default();
        // Where some destinations answer and others do not, one of both is the alternative: what arrives stands there.
        let arrived = alternatives.as_array().into_iter().flatten().map(|one| &one["answer"]);
        if let Some(other) = arrived.into_iter().find(|other| !other["upstream"].is_null())
            && fields.get("upstream").is_none_or(Value::is_null)
        {
            for key in ["upstream", "timeout_ms", "retries", "mirrors", "response_headers"] {
                fields.insert(key.to_owned(), other[key].clone());
            }
        }
        if let Some(retry) = fields.get_mut("retries") {
            if retry.get("attempts") == Some(&json!(0))
                && retry.get("per_try_timeout_ms") == Some(&Value::Null)
            {
                *retry = Value::Null;
            } else if let Some(on) = retry.get("retry_on").and_then(Value::as_str) {
                let mut words: Vec<&str> = on.split(',').collect();
                words.sort_unstable();
                retry["retry_on"] = json!(words);
            }
        }
        // What Envoy notes of a rewrite is the rewrite: all that shows of one which leaves a path as it is.
        if let Some(Value::Object(upstream)) = fields.get_mut("upstream") {
            let headers = upstream.get_mut("headers").and_then(Value::as_object_mut);
            let notes = ["x-envoy-original-path", "x-envoy-original-host"];
            let noted: Vec<Value> = headers
                .map(|headers| notes.iter().filter_map(|note| headers.remove(*note)).collect())
                .unwrap_or_default();
            upstream.insert("notes".to_owned(), noted.into());
        }
        let alternatives: Vec<Value> = alternatives
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| json!([one["percent"], one["answer"]["status"], one["answer"]["delay_ms"]]))
            .collect();
        let fails = |status: &Value| status == &json!(503);
        // Of what nobody answers the status counts, not how it is explained.
        if fails(&fields["status"]) && shares.keys().any(|name| name == "nothing") {
            fields.insert("body".to_owned(), Value::Null);
        }
        fields.insert("alternatives".to_owned(), json!(alternatives));
        answer
    }
}

fn queries(proxy: &Proxy) -> Vec<Query> {
    const PATHS: &[&str] = &["/", "/a", "/a/b", "/ab", "/b", "/b/c", "/c/b"];
    let mut all = Vec::new();
    let mut ask = |table: Option<&str>, direction, peer: Option<String>, authority: &str, wide: bool| {
        for path in PATHS {
            for value in if wide { &[None, Some("1"), Some("2")][..] } else { &[None][..] } {
                for method in ["GET", "POST"] {
                    all.push(Query {
                        proxy: proxy.id.to_string(),
                        route_table: table.map(ToOwned::to_owned),
                        port: table.is_none().then_some(8080),
                        direction: Some(direction),
                        peer: peer.clone(),
                        request: Some(Request {
                            method: method.to_owned(),
                            authority: authority.to_owned(),
                            path: (*path).to_owned(),
                            headers: value.map(|v| ("v".to_owned(), v.to_owned())).into_iter().collect(),
                        }),
                        ..Query::default()
                    });
                }
            }
        }
    };
    if proxy.kind == ProxyKind::Gateway {
        for host in ["shop.example.com", "api.example.com", "other.example.com"] {
            ask(Some("http.80"), Direction::Gateway, None, host, true);
        }
        return all;
    }
    for host in ["s0.shop.svc.cluster.local", "s1.shop.svc.cluster.local", "s2.depot", "unknown.example.com"]
    {
        ask(Some("8080"), Direction::Outbound, None, host, true);
    }
    let accounts = ["shop/sa/zero", "shop/sa/one", "depot/sa/two", "depot/sa/stranger"];
    for peer in
        accounts.iter().map(|account| Some(format!("spiffe://cluster.local/ns/{account}"))).chain([None])
    {
        ask(None, Direction::Inbound, peer, "s", false);
    }
    all
}

/// What differs between two answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aspect {
    End,
    Fault,
    Rewrite,
    Headers,
    Timeout,
    Retries,
    Mirrors,
}

/// The aspects of two plain answers that differ. Where a request ends otherwise, what is done on the way is no
/// difference of its own.
pub(crate) fn aspects(a: &Value, b: &Value) -> BTreeSet<Aspect> {
    let mut all = BTreeSet::new();
    if a == b {
        return all;
    }
    let differ = |key: &str| a.get(key) != b.get(key);
    if differ("delay_ms") || differ("alternatives") {
        all.insert(Aspect::Fault);
    }
    if differ("status") || differ("shares") || differ("location") || differ("body") {
        all.insert(Aspect::End);
    }
    // Where nothing arrives, nothing shows what would have been done on the way.
    if a["upstream"].is_null() && b["upstream"].is_null() {
        return all;
    }
    let upstream = |of: &Value, key: &str| of["upstream"].get(key).cloned();
    if ["path", "authority", "notes"].iter().any(|key| upstream(a, key) != upstream(b, key)) {
        all.insert(Aspect::Rewrite);
    }
    if ["headers", "by_destination"].iter().any(|key| upstream(a, key) != upstream(b, key))
        || differ("response_headers")
    {
        all.insert(Aspect::Headers);
    }
    if differ("timeout_ms") {
        all.insert(Aspect::Timeout);
    }
    if differ("retries") {
        all.insert(Aspect::Retries);
    }
    if differ("mirrors") {
        all.insert(Aspect::Mirrors);
    }
    all
}

/// The aspects that a kind of change is seen in; none for what no request shows.
pub(crate) fn shows(kind: Kind) -> &'static [Aspect] {
    match kind {
        Kind::NewlyUnreachable
        | Kind::NewlyReachable
        | Kind::TrafficMoved
        | Kind::RedirectChanged
        | Kind::NewlyDenied
        | Kind::NewlyAllowed
        | Kind::SecurityChanged
        | Kind::ResponseChanged => &[Aspect::End, Aspect::Fault],
        Kind::FaultChanged => &[Aspect::Fault, Aspect::End],
        Kind::RewriteChanged => &[Aspect::Rewrite],
        Kind::HeadersChanged => &[Aspect::Headers],
        Kind::TimeoutChanged => &[Aspect::Timeout],
        Kind::RetriesChanged => &[Aspect::Retries],
        Kind::MirrorChanged => &[Aspect::Mirrors],
        _ => &[],
    }
}
