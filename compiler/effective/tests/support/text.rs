//! The effective configuration for people: what a snapshot shows.

use std::fmt::Write as _;

use meshc_effective::model::{
    Action, Chain, ChainAction, Cors, Direction, EffectiveMesh, Forward, HeaderCondition, HeaderMatch,
    HeaderOps, Listener, PathMatch, Proxy, QueryCondition, Route, RouteMatch, RouteTable, Secret, ServerTls,
    StringMatch,
};

use super::{checks, reports, upstream};

/// Every proxy, each distinct part once: proxies that do the same are named together, and what callers of one
/// namespace have in common stands behind the first of them.
pub(crate) fn mesh(mesh: &EffectiveMesh) -> String {
    let mut shown: Vec<(String, Vec<String>)> = Vec::new();
    let mut common: Vec<(String, String)> = Vec::new();
    for proxy in &mesh.proxies {
        let (own, rest) = (own_part(proxy), common_part(proxy));
        let known = common.iter().find(|(text, _)| *text == rest).map(|(_, name)| name.clone());
        let text = if let Some(name) = known {
            format!("{own}the rest as {name}\n")
        } else {
            common.push((rest.clone(), proxy.id.to_string()));
            format!("{own}{rest}")
        };
        let name = format!("{:?} {} of {}", proxy.kind, proxy.id, proxy.workload);
        match shown.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(name),
            None => shown.push((text, vec![name])),
        }
    }
    let mut out = String::new();
    for (text, names) in shown {
        let _ = writeln!(out, "# {}\n{text}", names.join("\n# "));
    }
    for found in &mesh.diagnostics {
        let _ = writeln!(out, "{} {}: {}", found.severity, found.code, found.message);
    }
    out
}

/// What a proxy does for its own workload.
fn own_part(proxy: &Proxy) -> String {
    let mut out = String::new();
    checks::security(&mut out, &proxy.security);
    reports::telemetry(&mut out, &proxy.telemetry);
    for inbound in proxy.listeners.iter().filter(|listener| listener.direction == Direction::Inbound) {
        listener(&mut out, inbound);
    }
    out
}

/// What its workload can reach: listeners, tables and clusters.
fn common_part(proxy: &Proxy) -> String {
    let mut out = String::new();
    for outbound in proxy.listeners.iter().filter(|listener| listener.direction == Direction::Outbound) {
        listener(&mut out, outbound);
    }
    for table in proxy.tables.values() {
        self::table(&mut out, table);
    }
    for cluster in proxy.clusters.values().filter(|cluster| !cluster.host.is_empty()) {
        upstream::cluster(&mut out, cluster);
    }
    out
}

fn listener(out: &mut String, listener: &Listener) {
    let _ = writeln!(out, "listener {} {:?} {:?}", listener.name, listener.direction, listener.binding);
    for chain in listener.all_chains() {
        let Chain { matches, action, .. } = chain;
        let mut port = matches.destination_port.map(|port| format!(" {port}")).unwrap_or_default();
        if chain.is_tls() {
            port.push_str(" TLS");
        }
        for name in &matches.server_names {
            let _ = write!(port, " {name}");
        }
        if let Some(tls) = chain.tls.as_deref().filter(|_| listener.direction == Direction::Outbound) {
            port.push_str(&server_tls(tls));
        }
        let _ = match action {
            ChainAction::HttpTable { table, .. } => writeln!(out, "  chain{port} → table {table}"),
            ChainAction::Tcp(forward) => {
                let text = |(cluster, weight): &(String, u32)| {
                    if forward.weighted { format!("{cluster} × {weight}") } else { cluster.clone() }
                };
                let clusters: Vec<_> = forward.destinations.iter().map(text).collect();
                writeln!(out, "  chain{port} → {}", clusters.join(", "))
            }
            ChainAction::HttpInline { table, .. } => {
                let routes = table.virtual_hosts.iter().flat_map(|host| &host.routes);
                let targets: Vec<_> = routes.map(action_text).collect();
                writeln!(out, "  chain{port} → {}", targets.join(", "))
            }
        };
    }
}

/// How a gateway ends TLS.
fn server_tls(tls: &ServerTls) -> String {
    let secret = |secret: &Secret| match secret {
        Secret::Agent(name) => format!("the agent's {name}"),
        Secret::ControlPlane(name) => name.clone(),
    };
    let shown: Vec<_> = tls.certificates.iter().map(secret).collect();
    let mut out = format!(" ending TLS as {}", shown.join(" or "));
    if let Some(clients) = &tls.clients {
        let by = clients.authorities.as_ref().map_or("any".to_owned(), secret);
        let asked = if tls.require_client_certificate { "must" } else { "may" };
        let _ = write!(out, ", clients {asked} have a certificate of {by}");
        let named = clients.names.iter().chain(&clients.name_prefixes).cloned().collect::<Vec<_>>();
        if !named.is_empty() {
            let _ = write!(out, " for {}", named.join(" or "));
        }
        let digests = clients.key_digests.iter().chain(&clients.certificate_digests);
        for digest in digests {
            let _ = write!(out, " with digest {digest}");
        }
    }
    if let Some(version) = tls.min_version {
        let _ = write!(out, ", from {version:?}");
    }
    if let Some(version) = tls.max_version {
        let _ = write!(out, ", to {version:?}");
    }
    if !tls.cipher_suites.is_empty() {
        let _ = write!(out, ", ciphers {}", tls.cipher_suites.join(" "));
    }
    let _ = write!(out, ", ALPN {}", tls.alpn.join(" "));
    out
}

/// One table.
pub(crate) fn table(out: &mut String, table: &RouteTable) {
    let _ = writeln!(out, "table {}", table.name);
    for host in &table.virtual_hosts {
        let tls = if host.require_tls { " (HTTPS required)" } else { "" };
        let _ = writeln!(out, "  host {}{tls} [{}]", host.name, host.domains.join(" "));
        for route in &host.routes {
            let _ = writeln!(out, "    {}", self::route(route));
        }
    }
}

fn route(route: &Route) -> String {
    let mut out = route.name.clone().unwrap_or_else(|| "-".to_owned());
    let _ = write!(out, ": {} → {}", conditions(&route.matches), action_text(route));
    operations(&mut out, &route.headers);
    if let Some(delay) = route.fault.as_ref().and_then(|fault| fault.delay.as_ref()) {
        let _ = write!(out, ", delay {:?} {} %", delay.fixed, delay.percent.value());
    }
    if let Some(abort) = route.fault.as_ref().and_then(|fault| fault.abort.as_ref()) {
        let status = abort.http_status.or(abort.grpc_status).unwrap_or_default();
        let _ = write!(out, ", abort {status} {} %", abort.percent.value());
    }
    if let Some(cors) = &route.cors {
        self::cors(&mut out, cors);
    }
    out
}

fn cors(out: &mut String, cors: &Cors) {
    let origins: Vec<_> = cors.allow_origins.iter().map(string).collect();
    let _ = write!(out, ", CORS for origin{}", origins.join(" or origin"));
    for (what, value) in [
        ("methods", &cors.allow_methods),
        ("headers", &cors.allow_headers),
        ("exposed", &cors.expose_headers),
    ] {
        if !value.is_empty() {
            let _ = write!(out, ", {what} {value}");
        }
    }
    if let Some(age) = &cors.max_age {
        let _ = write!(out, ", for {age} s");
    }
    if cors.allow_credentials == Some(true) {
        out.push_str(", with credentials");
    }
    if cors.forward_not_matching_preflights == Some(true) {
        out.push_str(", other preflights go on");
    }
}

fn conditions(matches: &RouteMatch) -> String {
    let case = if matches.case_sensitive { "" } else { " (any case)" };
    let mut out = match &matches.path {
        PathMatch::Exact(path) => format!("{path}{case}"),
        PathMatch::Prefix(path) => format!("{path}*{case}"),
        PathMatch::PathSeparatedPrefix(path) => format!("{path}/*{case}"),
        PathMatch::Regex(path) => format!("~{path}"),
    };
    for HeaderMatch { name, condition, invert, .. } in &matches.headers {
        let not = if *invert { "!" } else { "" };
        let _ = match condition {
            HeaderCondition::Present => write!(out, " {not}{name}"),
            HeaderCondition::Value(value) => write!(out, " {not}{name}{}", string(value)),
        };
    }
    for query in &matches.query {
        let _ = match &query.condition {
            QueryCondition::Present => write!(out, " ?{}", query.name),
            QueryCondition::Value(value) => write!(out, " ?{}{}", query.name, string(value)),
        };
    }
    for left in &matches.metadata {
        let _ = write!(out, " {}", checks::metadata(left));
    }
    out
}

pub(super) fn string(value: &StringMatch) -> String {
    match value {
        StringMatch::Exact(text) => format!("={text}"),
        StringMatch::Prefix(text) => format!("={text}*"),
        StringMatch::Suffix(text) => format!("=*{text}"),
        StringMatch::Contains(text) => format!("=*{text}*"),
        StringMatch::Regex(text) => format!("~{text}"),
    }
}

fn action_text(route: &Route) -> String {
    match &route.action {
        Action::Forward(forward) => self::forward(forward),
        Action::Redirect(redirect) => format!("{redirect:?}"),
        Action::DirectResponse(response) => format!("status {}", response.status),
    }
}

fn forward(forward: &Forward) -> String {
    let mut out = String::new();
    for destination in &forward.destinations {
        let separator = if out.is_empty() { "" } else { " + " };
        let weight = if forward.weighted { format!("{} × ", destination.weight) } else { String::new() };
        let _ = write!(out, "{separator}{weight}{}", destination.cluster);
        operations(&mut out, &destination.headers);
    }
    if let Some(prefix) = &forward.rewrite.prefix {
        let _ = write!(out, ", path {prefix}");
    }
    if let Some(regex) = &forward.rewrite.regex {
        let _ = write!(out, ", path s/{}/{}/", regex.pattern, regex.substitution);
    }
    if let Some(authority) = &forward.rewrite.authority {
        let _ = write!(out, ", authority {authority}");
    }
    if let Some(timeout) = forward.timeout.filter(|timeout| !timeout.is_zero()) {
        let _ = write!(out, ", timeout {timeout:?}");
    }
    match &forward.retry {
        Some(retry) if retry.attempts == 2 && retry.per_try_timeout.is_none() => {}
        Some(retry) => {
            let _ = write!(
                out,
                ", {} retries on {} of {:?}",
                retry.attempts, retry.retry_on, retry.per_try_timeout
            );
        }
        None => out.push_str(", no retries"),
    }
    for mirror in &forward.mirrors {
        let _ = write!(out, ", copy {} % to {}", mirror.percent.value(), mirror.cluster);
    }
    out
}

fn operations(out: &mut String, headers: &HeaderOps) {
    for (side, added, removed) in [
        ("request", &headers.request_add, &headers.request_remove),
        ("response", &headers.response_add, &headers.response_remove),
    ] {
        for header in added {
            let _ = write!(out, ", {side} {}: {} ({:?})", header.name, header.value, header.action);
        }
        for name in removed {
            let _ = write!(out, ", {side} without {name}");
        }
    }
    if let Some(authority) = &headers.authority {
        let _ = write!(out, ", authority {authority}");
    }
}
