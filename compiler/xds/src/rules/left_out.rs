//! What only Istio's build of Envoy has, and what is written for another therefore lacks.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_effective::model::{Certificates, Chain, ExtensionCode, LogTarget, Proxy, Tls};

declare_rule! {
    /// ## What it does
    /// Names what is left out of the configuration that `build` and `show --format envoy` write for stock Envoy and
    /// mesh-proxy, because only Istio's own build of Envoy has it, or only Istio's agent provides for it.
    ///
    /// ## What happens to traffic
    /// Requests go where they would go. Istio's metrics (`istio.stats`) are not kept, peers do not tell each other who they
    /// are (`istio.metadata_exchange`), ALPN does not say that a connection is between sidecars (`istio.alpn`), connections
    /// between sidecars are not encrypted by Istio's certificates, no log goes to the service that Istio's agent starts
    /// its proxy with, calls of gRPC are not counted apart, clusters have their own names in statistics whatever
    /// `outboundClusterStatName` says, Wasm modules do not run, and spans go to no tracer whose service the proxy does not
    /// see (stock Envoy would refuse the listener).
    ///
    /// ## Example
    /// ```sh
    /// meshc build shop -o bundle
    /// ```
    ///
    /// ## Use instead
    /// `meshc show PROXY listeners --format envoy --target istio-proxy` shows what Istio's build gets.
    pub LEFT_OUT = "MC1390", "left-out", Info, Mesh,
    "Parts that only Istio's build of Envoy has",
    []
}

/// What each part is called, and whether a proxy has it.
const PARTS: [(&str, fn(&Proxy) -> bool); 9] = [
    ("Istio's metrics (`istio.stats`)", has_metrics),
    ("the exchange of peers' metadata (`istio.metadata_exchange`)", speaks),
    ("the ALPN of sidecars (`istio.alpn`)", speaks),
    ("Istio's mutual TLS", has_mutual_tls),
    ("the log service of Istio's agent", logs_to_agent),
    ("the statistics of gRPC (`envoy.filters.http.grpc_stats`)", speaks),
    ("the names that clusters have in statistics", renames_clusters),
    ("Wasm modules", runs_wasm),
    ("spans for a tracer that is out of sight", lacks_tracer),
];

/// The finding about all proxies that are written; none where nothing is left out.
pub fn left_out<'p>(proxies: impl IntoIterator<Item = &'p Proxy>) -> Option<Diagnostic> {
    let proxies: Vec<&Proxy> = proxies.into_iter().collect();
    let first = proxies.first()?;
    let parts: Vec<&str> = PARTS
        .iter()
        .filter(|(_, has)| proxies.iter().any(|proxy| has(proxy)))
        .map(|(name, _)| *name)
        .collect();
    let (last, others) = parts.split_last()?;
    let list =
        if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    let message = format!("stock Envoy is not Istio's build: {list} are left out of what is written for it");
    let finding = Diagnostic::new(&LEFT_OUT, first.origin.span, message);
    Some(finding.help("`show --format envoy --target istio-proxy` has them"))
}

fn has_metrics(proxy: &Proxy) -> bool {
    [&proxy.telemetry.client, &proxy.telemetry.server].iter().any(|side| !side.statistics.is_empty())
}

/// Whether it speaks HTTP at all.
fn speaks(proxy: &Proxy) -> bool {
    proxy.listeners.iter().flat_map(|listener| listener.all_chains()).any(Chain::is_http)
}

fn has_mutual_tls(proxy: &Proxy) -> bool {
    proxy.clusters.values().any(|cluster| match &cluster.tls {
        Tls::Plaintext => false,
        Tls::Always(tls) | Tls::WherePossible(tls) => tls.certificates == Certificates::Istio,
    })
}

fn logs_to_agent(proxy: &Proxy) -> bool {
    let sides = [&proxy.telemetry.client, &proxy.telemetry.server];
    sides.iter().flat_map(|side| &side.logs).any(|log| log.to == LogTarget::OwnService)
}

fn renames_clusters(proxy: &Proxy) -> bool {
    proxy.clusters.values().any(|cluster| {
        // Every proxy has clusters that Istio renames; those of services are renamed where someone asks for it.
        cluster.telemetry.stat_name.is_some() && cluster.name.starts_with("outbound|")
    })
}

fn runs_wasm(proxy: &Proxy) -> bool {
    proxy.extensions.iter().any(|extension| matches!(extension.code, ExtensionCode::Wasm(_)))
}

fn lacks_tracer(proxy: &Proxy) -> bool {
    let sides = [&proxy.telemetry.client, &proxy.telemetry.server];
    let mut tracers = sides.iter().filter_map(|side| side.tracing.as_ref()?.tracer.as_ref());
    tracers.any(|tracer| proxy.clusters.get(&tracer.cluster).is_none())
}
