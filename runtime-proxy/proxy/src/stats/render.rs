//! Statistics as text, as Envoy writes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Kind, Registry, Scope};

/// `name: value` lines, sorted.
pub(crate) fn text(registry: &Registry) -> String {
    let mut lines = BTreeMap::new();
    for (scope, sums) in registry.sums() {
        let prefix = match &scope {
            Scope::Cluster(name) => format!("cluster.{name}"),
            Scope::Http(prefix) => format!("http.{prefix}"),
            Scope::Listener(address) => format!("listener.{}", address.replace(':', "_")),
            Scope::Tcp(prefix) => format!("tcp.{prefix}"),
            Scope::Host(..) => continue,
        };
        for (name, sum) in sums {
            lines.insert(format!("{prefix}.{name}"), sum.value);
        }
    }
    for (name, _, value) in registry.server_values() {
        lines.insert(name.to_owned(), value);
    }
    let mut out = String::new();
    for (name, value) in lines {
        let _ = writeln!(out, "{name}: {value}");
    }
    out
}

/// The Prometheus format: Envoy's names with its tags taken out as labels.
pub(crate) fn prometheus(registry: &Registry) -> String {
    let mut families: BTreeMap<String, (Kind, Vec<(String, u64)>)> = BTreeMap::new();
    let mut add = |name: String, kind: Kind, labels: String, value: u64| {
        families.entry(name).or_insert((kind, Vec::new())).1.push((labels, value));
    };
    for (scope, sums) in registry.sums() {
        let (family, label) = match &scope {
            Scope::Cluster(name) => ("envoy_cluster", format!("envoy_cluster_name=\"{}\"", escape(name))),
            Scope::Http(prefix) => {
                ("envoy_http", format!("envoy_http_conn_manager_prefix=\"{}\"", escape(prefix)))
            }
            Scope::Listener(address) => (
                "envoy_listener",
                format!("envoy_listener_address=\"{}\"", escape(&address.replace(':', "_"))),
            ),
            Scope::Tcp(prefix) => ("envoy_tcp", format!("envoy_tcp_prefix=\"{}\"", escape(prefix))),
            Scope::Host(..) => continue,
        };
        for (name, sum) in sums {
            let (name, label) = split_code(&name, &label);
            add(format!("{family}_{}", sanitize(&name)), sum.kind, label, sum.value);
        }
    }
    for (name, kind, value) in registry.server_values() {
        let name = sanitize(name);
        let name = if name.starts_with("mesh_proxy") { name } else { format!("envoy_{name}") };
        add(name, kind, String::new(), value);
    }
    let mut out = String::new();
    for (name, (kind, samples)) in families {
        let kind = if kind == Kind::Counter { "counter" } else { "gauge" };
        let _ = writeln!(out, "# TYPE {name} {kind}");
        for (labels, value) in samples {
            if labels.is_empty() {
                let _ = writeln!(out, "{name}{{}} {value}");
            } else {
                let _ = writeln!(out, "{name}{{{labels}}} {value}");
            }
        }
    }
    out
}

/// Envoy shows `…_rq_200` as `…_rq{envoy_response_code="200"}` and `…_rq_2xx` as `…_rq_xx{…_class="2"}`.
fn split_code(name: &str, label: &str) -> (String, String) {
    let plain = || (name.to_owned(), label.to_owned());
    let Some((base, code)) = name.rsplit_once('_') else { return plain() };
    let bytes = code.as_bytes();
    if bytes.len() != 3 || !bytes[0].is_ascii_digit() {
        return plain();
    }
    if code.bytes().all(|byte| byte.is_ascii_digit()) {
        (base.to_owned(), format!("envoy_response_code=\"{code}\",{label}"))
    } else if code.ends_with("xx") {
        (format!("{base}_xx"), format!("envoy_response_code_class=\"{}\",{label}", &code[..1]))
    } else {
        plain()
    }
}

fn sanitize(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

fn escape(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
