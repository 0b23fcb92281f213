//! How clusters reach their endpoints, for people: what is not Istio's default.

use std::fmt::Write as _;

use meshc_effective::model::{
    Address, Balancing, Certificates, ClientTls, Cluster, Endpoint, EndpointGroup, HttpOptions, Limits,
    LocalityBalancing, OutlierDetection, TcpKeepalive, Tls, UpstreamProtocol,
};

/// One cluster.
pub(super) fn cluster(out: &mut String, cluster: &Cluster) {
    let _ = writeln!(
        out,
        "cluster {} {:?} {:?}: {}",
        cluster.name,
        cluster.kind,
        cluster.load_balancer,
        endpoints(&cluster.endpoints)
    );
    if let Tls::Always(tls) = &cluster.tls {
        let _ = writeln!(out, "  {}", self::tls(tls, &cluster.http));
    }
    let mut settings = Vec::new();
    if cluster.connect_timeout.as_secs() != 10 {
        settings.push(format!("connects within {:?}", cluster.connect_timeout));
    }
    limits(&mut settings, cluster.limits.as_ref());
    http(&mut settings, &cluster.http);
    if let Some(TcpKeepalive { probes, time, interval }) = cluster.tcp_keepalive {
        settings.push(format!("keepalive {probes:?} probes after {time:?} s each {interval:?} s"));
    }
    if !settings.is_empty() {
        let _ = writeln!(out, "  {}", settings.join(", "));
    }
    if let Some(outliers) = &cluster.outlier_detection {
        let _ = writeln!(out, "  {}", self::outliers(outliers));
    }
    if let Some(balancing) = &cluster.balancing {
        self::balancing(out, balancing);
    }
}

/// In groups where places count.
fn endpoints(groups: &[EndpointGroup]) -> String {
    let is_one = groups.iter().all(|group| group.priority == 0 && group.locality.is_empty());
    let texts: Vec<_> = groups
        .iter()
        .filter(|group| !is_one || !group.endpoints.is_empty())
        .map(|group| {
            let endpoints: Vec<_> = group.endpoints.iter().map(endpoint).collect();
            if is_one {
                return endpoints.join(", ");
            }
            let weight = group.weight.map(|weight| format!(" weight {weight}")).unwrap_or_default();
            let endpoints = if endpoints.is_empty() { "nothing".to_owned() } else { endpoints.join(", ") };
            format!("[{} {:?}{weight}: {endpoints}]", group.priority, group.locality)
        })
        .collect();
    match (texts.is_empty(), is_one) {
        (true, _) => "nothing".to_owned(),
        (false, true) => texts.join(", "),
        (false, false) => texts.join(" "),
    }
}

fn endpoint(endpoint: &Endpoint) -> String {
    let (address, port) = match &endpoint.address {
        Address::Socket { address, port } => (address, *port),
        Address::Pipe { path } => (path, 0),
    };
    let name = endpoint.pod.as_deref().unwrap_or(address);
    format!("{name}:{port}{}", if endpoint.is_healthy() { "" } else { " (not ready)" })
}

fn tls(tls: &ClientTls, http: &HttpOptions) -> String {
    let mut out = match &tls.certificates {
        Certificates::Istio => "TLS with Istio's certificates".to_owned(),
        Certificates::Files { client, ca, crl } => {
            let client = client.as_ref().map(|(certificate, key)| format!(" with {certificate} and {key}"));
            let ca = ca.as_deref().unwrap_or("nothing");
            let crl = crl.as_ref().map(|crl| format!(", revoked by {crl}")).unwrap_or_default();
            format!("TLS{}, verified by {ca}{crl}", client.unwrap_or_default())
        }
        Certificates::Credential { name, client, verify } => {
            let client = if *client { " with a certificate" } else { "" };
            let verify = if *verify { ", verified" } else { ", not verified" };
            format!("TLS{client} of credential {name}{verify}")
        }
    };
    let sni = match &tls.sni {
        Some(sni) => sni,
        None if http.auto_sni => "of the request's host",
        None => "none",
    };
    let _ = write!(out, ", SNI {sni}");
    if !tls.subject_alt_names.is_empty() {
        let _ = write!(out, ", for {}", tls.subject_alt_names.join(" or "));
    }
    if http.auto_san_validation {
        out.push_str(", for the request's host");
    }
    if !tls.alpn.is_empty() {
        let _ = write!(out, ", ALPN {}", tls.alpn.join(" "));
    }
    out
}

fn limits(settings: &mut Vec<String>, limits: Option<&Limits>) {
    let Some(limits) = limits else { return };
    for (what, limit) in [
        ("connections", limits.connections),
        ("requests waiting", limits.pending_requests),
        ("requests", limits.requests),
        ("retries", limits.retries),
    ] {
        if let Some(limit) = limit {
            settings.push(format!("at most {limit} {what}"));
        }
    }
    if let Some(budget) = limits.retry_budget {
        settings.push(format!("retries {} %, {} always", budget.percent, budget.min_concurrency));
    }
}

fn http(settings: &mut Vec<String>, http: &HttpOptions) {
    match http.protocol {
        UpstreamProtocol::Http1 => {}
        UpstreamProtocol::Http2 => settings.push("HTTP/2".to_owned()),
        UpstreamProtocol::Downstream => settings.push("HTTP as the client speaks it".to_owned()),
    }
    if let Some(most) = http.max_requests_per_connection {
        settings.push(format!("at most {most} requests a connection"));
    }
    if let Some(most) = http.max_concurrent_streams {
        settings.push(format!("at most {most} streams"));
    }
    if let Some(idle) = http.idle_timeout {
        settings.push(format!("idle for {idle:?}"));
    }
    if let Some(longest) = http.max_connection_duration {
        settings.push(format!("connections of {longest:?}"));
    }
}

fn outliers(outliers: &OutlierDetection) -> String {
    let mut out = String::from("endpoints are put out");
    let counts = [
        ("5xx", outliers.consecutive_5xx),
        ("gateway errors", outliers.consecutive_gateway_failure),
        ("own errors", outliers.consecutive_local_origin_failure),
    ];
    for (what, count) in counts {
        if let Some(count) = count {
            let _ = write!(out, " after {count} {what}");
        }
    }
    for (what, time) in [("looked each", outliers.interval), ("for", outliers.base_ejection_time)] {
        if let Some(time) = time {
            let _ = write!(out, ", {what} {time:?}");
        }
    }
    if let Some(percent) = outliers.max_ejection_percent {
        let _ = write!(out, ", at most {percent} %");
    }
    out
}

fn balancing(out: &mut String, balancing: &Balancing) {
    let mut settings = Vec::new();
    if let Some(percent) = balancing.panic_threshold.filter(|percent| *percent > 0.0) {
        settings.push(format!("all are used below {percent} % healthy"));
    }
    if let Some(warmup) = balancing.warmup {
        settings.push(format!("warm-up {:?} {:?}", warmup.window, warmup.shape));
    }
    if let Some(size) = balancing.minimum_ring_size {
        settings.push(format!("a ring of {size}"));
    }
    if let Some(size) = balancing.table_size {
        settings.push(format!("a table of {size}"));
    }
    match balancing.locality {
        LocalityBalancing::None => {}
        LocalityBalancing::Weighted => settings.push("places by weight".to_owned()),
        LocalityBalancing::ZoneAware { enabled, min_cluster_size } => {
            settings.push(format!("Envoy's zones: {enabled}, from {min_cluster_size:?} on"));
        }
    }
    if !settings.is_empty() {
        let _ = writeln!(out, "  {}", settings.join(", "));
    }
}
