//! Patches of EnvoyFilters: each operation on each kind of thing, on a small mesh.

use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_source::SourceSet;
use meshc_xds::{Target, Writer};
use serde_json::{Value, json};

const WORLD: &str = r"
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec:
  selector: {app: reviews}
  ports: [{name: http, port: 9080, targetPort: 8000}, {name: tcp, port: 3306}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews, namespace: shop}
spec:
  selector: {matchLabels: {app: reviews}}
  template:
    metadata: {labels: {app: reviews}}
    spec: {containers: [{name: reviews}]}
---
apiVersion: v1
kind: Service
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [public]
  http:
  - name: old
    match: [{uri: {prefix: /old}}]
    redirect: {uri: /new}
  - name: all
    route: [{destination: {host: reviews, port: {number: 9080}}}]
";

fn compile(filter: &str) -> EffectiveMesh {
    let text = format!("{WORLD}---\napiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\n{filter}");
    let sources = SourceSet::of("mesh.yaml", &text);
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let errors: Vec<_> =
        outcome.diagnostics.iter().filter(|d| d.severity > meshc_diagnostics::Severity::Info).collect();
    assert!(errors.is_empty(), "{errors:?}");
    meshc_effective::compile(&Mesh::new(&outcome.resources))
}

/// What a proxy is sent: `listeners`, `routes` and `clusters` by name.
fn sent(mesh: &EffectiveMesh, proxy: &str, target: Target) -> Value {
    let proxy = mesh.find(proxy).expect("it is there");
    let node = Writer::for_target(target).node(proxy);
    let by_name = |list: Value| -> Value {
        let items = list.as_array().cloned().unwrap_or_default();
        items.into_iter().map(|item| (item["name"].as_str().unwrap_or_default().to_owned(), item)).collect()
    };
    json!({
        "listeners": by_name(serde_json::to_value(&node.listeners).expect("JSON")),
        "routes": by_name(serde_json::to_value(&node.routes).expect("JSON")),
        "clusters": by_name(serde_json::to_value(&node.clusters).expect("JSON")),
    })
}

/// What a proxy is sent with patches of the root namespace, each `APPLY_TO MATCH PATCH` in flow style.
fn with(patches: &[(&str, &str, &str)], proxy: &str) -> Value {
    sent(&compile(&filter(patches)), proxy, Target::IstioProxy)
}

fn filter(patches: &[(&str, &str, &str)]) -> String {
    let mut text = "metadata: {name: patches, namespace: istio-system}\nspec:\n  configPatches:\n".to_owned();
    for (to, matches, patch) in patches {
        text.push_str(&format!("  - applyTo: {to}\n    match: {matches}\n    patch: {patch}\n"));
    }
    text
}

const LUA: &str = r#"{name: script, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua, inlineCode: x}}"#;
const MANAGER: &str = "envoy.filters.network.http_connection_manager";

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|item| item["name"].as_str()).collect()
}

/// The HTTP filters of the first chain of a listener that has a manager.
fn http_filters(listener: &Value) -> Vec<&str> {
    let chains = listener["filter_chains"].as_array().into_iter().flatten();
    let mut filters = chains.flat_map(|chain| chain["filters"].as_array().into_iter().flatten());
    let manager = filters.find(|filter| filter["name"] == MANAGER).expect("it speaks HTTP");
    names(&manager["typed_config"]["http_filters"])
}

/// Where the script stands among the HTTP filters: what is before and behind it.
fn around(filters: &[&str]) -> (Option<String>, Option<String>) {
    let at = filters.iter().position(|name| *name == "script").expect("it is there");
    let name = |at: Option<usize>| at.and_then(|at| filters.get(at)).map(|name| (*name).to_owned());
    (name(at.checked_sub(1)), name(Some(at + 1)))
}

#[test]
fn http_filters_stand_where_the_operation_says() {
    let place = |matches: &str, operation: &str| {
        let matches = format!(
            "{{context: GATEWAY, listener: {{filterChain: {{filter: {{name: {MANAGER}{matches}}}}}}}}}"
        );
        let patch = format!("{{operation: {operation}, value: {LUA}}}");
        let sent = with(&[("HTTP_FILTER", &matches, &patch)], "edge");
        around(&http_filters(&sent["listeners"]["0.0.0.0_8080"]))
    };
    let router = ", subFilter: {name: envoy.filters.http.router}";
    let cors = ", subFilter: {name: envoy.filters.http.cors}";
    let name = |name: &str| Some(format!("envoy.filters.http.{name}"));
    assert_eq!(place(router, "INSERT_BEFORE").1, name("router"));
    assert_eq!(place(cors, "INSERT_BEFORE"), (name("fault"), name("cors")));
    assert_eq!(place(cors, "INSERT_AFTER").0, name("cors"));
    assert_eq!(place(cors, "REPLACE").0, name("fault"));
    assert_eq!(place(cors, "INSERT_FIRST").0, None);
    assert_eq!(place("", "INSERT_BEFORE").0, None);
    assert_eq!(place("", "INSERT_AFTER"), (name("router"), None));
    assert_eq!(place("", "ADD"), (name("router"), None));
}

#[test]
fn http_filters_are_merged_and_taken_away() {
    let matches = format!(
        "{{listener: {{filterChain: {{filter: {{name: {MANAGER}, subFilter: {{name: envoy.filters.http.router}}}}}}}}}}"
    );
    let merge = r#"{operation: MERGE, value: {typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router, dynamicStats: false, suppress_envoy_headers: true}}}"#;
    let sent = with(&[("HTTP_FILTER", &matches, merge)], "reviews.shop");
    let all = sent["listeners"].to_string();
    assert!(all.contains(r#""suppress_envoy_headers":true"#), "{all}");
    assert!(
        all.contains(r#""dynamic_stats":false"#),
        "a wrapper's zero is a value where there was none: {all}"
    );
    let sent = with(&[("HTTP_FILTER", &matches, "{operation: REMOVE}")], "reviews.shop");
    assert!(!http_filters(&sent["listeners"]["virtualInbound"]).contains(&"envoy.filters.http.router"));
}

#[test]
fn sides_are_told_apart() {
    let patch = format!("{{operation: INSERT_FIRST, value: {LUA}}}");
    let has = |context: &str, proxy: &str, listener: &str| {
        let sent = with(&[("HTTP_FILTER", &format!("{{context: {context}}}"), &patch)], proxy);
        http_filters(&sent["listeners"][listener]).contains(&"script")
    };
    for (context, inbound, outbound, gateway) in [
        ("ANY", true, true, true),
        ("SIDECAR_INBOUND", true, false, false),
        ("SIDECAR_OUTBOUND", false, true, false),
        ("GATEWAY", false, false, true),
    ] {
        assert_eq!(has(context, "reviews.shop", "virtualInbound"), inbound, "{context}");
        assert_eq!(has(context, "reviews.shop", "0.0.0.0_9080"), outbound, "{context}");
        assert_eq!(has(context, "edge", "0.0.0.0_8080"), gateway, "{context}");
    }
}

#[test]
fn listeners_and_chains_are_patched() {
    let socket = r"{name: own, address: {socket_address: {address: 127.0.0.1, port_value: 7}}}";
    let sent = with(
        &[
            (
                "LISTENER",
                "{context: SIDECAR_OUTBOUND, listener: {portNumber: 9080}}",
                "{operation: MERGE, value: {per_connection_buffer_limit_bytes: 7}}",
            ),
            (
                "LISTENER",
                "{context: SIDECAR_OUTBOUND, listener: {name: virtualOutbound}}",
                "{operation: REMOVE}",
            ),
            ("LISTENER", "{context: SIDECAR_INBOUND}", &format!("{{operation: ADD, value: {socket}}}")),
            (
                "FILTER_CHAIN",
                "{context: SIDECAR_INBOUND, listener: {filterChain: {destinationPort: 8000}}}",
                "{operation: MERGE, value: {name: renamed}}",
            ),
            (
                "LISTENER_FILTER",
                "{context: SIDECAR_INBOUND, listener: {listenerFilter: envoy.filters.listener.tls_inspector}}",
                "{operation: REMOVE}",
            ),
        ],
        "reviews.shop",
    );
    let listeners = &sent["listeners"];
    assert_eq!(listeners["0.0.0.0_9080"]["per_connection_buffer_limit_bytes"], 7);
    assert!(listeners.get("virtualOutbound").is_none());
    assert_eq!(listeners["own"]["address"]["socket_address"]["port_value"], 7);
    let inbound = &listeners["virtualInbound"];
    assert!(names(&inbound["filter_chains"]).contains(&"renamed"));
    assert!(!names(&inbound["listener_filters"]).contains(&"envoy.filters.listener.tls_inspector"));
    let removed = with(
        &[(
            "FILTER_CHAIN",
            "{context: SIDECAR_INBOUND, listener: {portNumber: 8000}}",
            "{operation: REMOVE}",
        )],
        "reviews.shop",
    );
    let ports: Vec<_> = removed["listeners"]["virtualInbound"]["filter_chains"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|chain| &chain["filter_chain_match"]["destination_port"])
        .collect();
    assert!(!ports.contains(&&json!(8000)), "{ports:?}");
}

#[test]
fn network_filters_are_patched() {
    let tcp = "envoy.filters.network.tcp_proxy";
    let sent = with(
        &[
            (
                "NETWORK_FILTER",
                &format!(
                    "{{context: SIDECAR_OUTBOUND, listener: {{filterChain: {{filter: {{name: {tcp}}}}}}}}}"
                ),
                r#"{operation: INSERT_BEFORE, value: {name: echo, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo}}}"#,
            ),
            (
                "NETWORK_FILTER",
                &format!(
                    "{{context: SIDECAR_OUTBOUND, listener: {{portNumber: 9080, filterChain: {{filter: {{name: {MANAGER}}}}}}}}}"
                ),
                r#"{operation: MERGE, value: {typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager, server_header_transformation: PASS_THROUGH, stream_idle_timeout: 5s}}}"#,
            ),
        ],
        "reviews.shop",
    );
    let everything = sent["listeners"].as_object().expect("listeners");
    let chains =
        everything.values().flat_map(|listener| listener["filter_chains"].as_array().into_iter().flatten());
    let of_tcp: Vec<_> =
        chains.map(|chain| names(&chain["filters"])).filter(|names| names.contains(&"echo")).collect();
    assert!(of_tcp.iter().any(|names| names.ends_with(&["echo", tcp])), "{of_tcp:?}");
    let manager = &sent["listeners"]["0.0.0.0_9080"].to_string();
    assert!(
        manager.contains("PASS_THROUGH") && manager.contains(r#""stream_idle_timeout":"5s""#),
        "{manager}"
    );
}

#[test]
fn tables_virtual_hosts_and_routes_are_patched() {
    let table = "context: GATEWAY, routeConfiguration: {portNumber: 80";
    let vhost = format!("{{{table}, vhost: {{name: 'shop.example.com:80'}}}}}}");
    let route = |name: &str| format!("{{{table}, vhost: {{route: {{name: {name}}}}}}}}}");
    let host = |sent: &Value| sent["routes"]["http.8080"]["virtual_hosts"][0].clone();
    let one = |to: &str, matches: &str, patch: &str| with(&[(to, matches, patch)], "edge");
    let extra = "{name: extra, match: {prefix: /extra}, direct_response: {status: 418}}";
    let order = |matches: &str, operation: &str| -> Vec<String> {
        let sent = one("HTTP_ROUTE", matches, &format!("{{operation: {operation}, value: {extra}}}"));
        names(&host(&sent)["routes"]).into_iter().map(ToOwned::to_owned).collect()
    };
    assert_eq!(order(&vhost, "INSERT_FIRST"), ["extra", "old", "all"]);
    assert_eq!(order(&vhost, "ADD"), ["old", "all", "extra"]);
    assert_eq!(order(&route("all"), "INSERT_BEFORE"), ["old", "extra", "all"]);
    assert_eq!(order(&route("old"), "INSERT_AFTER"), ["old", "extra", "all"]);
    assert_eq!(order(&route("all"), "INSERT_FIRST"), ["extra", "old", "all"]);
    assert_eq!(order(&route("none"), "INSERT_FIRST"), ["old", "all"]);
    let merged = one(
        "HTTP_ROUTE",
        &route("all"),
        "{operation: MERGE, value: {route: {max_grpc_timeout: 7s}, response_headers_to_add: [{header: {key: a, value: b}}]}}",
    );
    assert_eq!(host(&merged)["routes"][1]["route"]["max_grpc_timeout"], "7s");
    assert!(host(&merged)["routes"][0].get("route").is_none(), "a redirect stays one");
    let redirects = format!("{{{table}, vhost: {{route: {{action: REDIRECT}}}}}}}}");
    let removed = one("HTTP_ROUTE", &redirects, "{operation: REMOVE}");
    assert_eq!(names(&host(&removed)["routes"]), ["all"]);
    let replaced = one("VIRTUAL_HOST", &vhost, "{operation: REPLACE, value: {name: new, domains: [a]}}");
    assert_eq!(host(&replaced), json!({"name": "new", "domains": ["a"]}));
    let by_domain = format!("{{{table}, vhost: {{domainName: shop.example.com}}}}}}");
    assert_eq!(host(&one("VIRTUAL_HOST", &by_domain, "{operation: REMOVE}")), Value::Null);
    let added =
        one("VIRTUAL_HOST", "{context: GATEWAY}", "{operation: ADD, value: {name: new, domains: [a]}}");
    assert_eq!(names(&added["routes"]["http.8080"]["virtual_hosts"]), ["shop.example.com:80", "new"]);
    let whole = one(
        "ROUTE_CONFIGURATION",
        &format!("{{{table}}}}}"),
        "{operation: MERGE, value: {request_headers_to_add: [{header: {key: a, value: b}}]}}",
    );
    assert_eq!(whole["routes"]["http.8080"]["request_headers_to_add"][0]["header"]["key"], "a");
    let other = one(
        "ROUTE_CONFIGURATION",
        "{context: GATEWAY, routeConfiguration: {portNumber: 8080}}",
        "{operation: MERGE, value: {name: x}}",
    );
    assert!(other["routes"].get("http.8080").is_some(), "a server names 80, so 8080 is nobody's port");
}

#[test]
fn inbound_tables_are_patched_in_their_listeners() {
    let sent = with(
        &[(
            "HTTP_ROUTE",
            "{context: SIDECAR_INBOUND, routeConfiguration: {portNumber: 8000}}",
            "{operation: MERGE, value: {route: {max_grpc_timeout: 7s}}}",
        )],
        "reviews.shop",
    );
    assert!(sent["listeners"]["virtualInbound"].to_string().contains(r#""max_grpc_timeout":"7s""#));
    assert!(!sent["routes"].to_string().contains(r#""max_grpc_timeout":"7s""#));
}

#[test]
fn clusters_are_patched() {
    let service =
        "{context: SIDECAR_OUTBOUND, cluster: {service: reviews.shop.svc.cluster.local, portNumber: 9080}}";
    let name = "outbound|9080||reviews.shop.svc.cluster.local";
    let sent = with(
        &[
            ("CLUSTER", service, "{operation: MERGE, value: {connectTimeout: 250ms}}"),
            (
                "CLUSTER",
                "{context: SIDECAR_INBOUND, cluster: {service: reviews.shop.svc.cluster.local}}",
                "{operation: MERGE, value: {alt_stat_name: mine}}",
            ),
            ("CLUSTER", "{cluster: {name: PassthroughCluster}}", "{operation: REMOVE}"),
            ("CLUSTER", "{}", "{operation: ADD, value: {name: own, type: STATIC}}"),
        ],
        "reviews.shop",
    );
    let clusters = &sent["clusters"];
    assert_eq!(clusters[name]["connect_timeout"], "0.250s");
    assert_eq!(clusters["inbound|8000||"]["alt_stat_name"], "mine");
    assert!(clusters.get("PassthroughCluster").is_none());
    assert_eq!(clusters["own"], json!({"name": "own", "type": "STATIC"}));
    let socket = r#"{operation: MERGE, value: {connect_timeout: 1s, transport_socket: {name: raw, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}}}"#;
    let sent = with(&[("CLUSTER", "{cluster: {name: BlackHoleCluster}}", socket)], "edge");
    let hole = &sent["clusters"]["BlackHoleCluster"];
    assert_eq!(hole["transport_socket"]["name"], "raw");
    assert_ne!(hole["connect_timeout"], "1s", "beside a socket nothing else is merged");
}

#[test]
fn filters_are_applied_by_priority_then_root_then_name() {
    let text = |name: &str, namespace: &str, priority: i32, value: &str| {
        format!(
            "metadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  priority: {priority}\n  configPatches:\n  - applyTo: CLUSTER\n    match: {{cluster: {{name: BlackHoleCluster}}}}\n    patch: {{operation: MERGE, value: {{alt_stat_name: {value}}}}}\n"
        )
    };
    let head = "---\napiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\n";
    let last = |filters: &[String]| {
        let mesh = compile(&filters.join(head));
        sent(&mesh, "reviews.shop", Target::IstioProxy)["clusters"]["BlackHoleCluster"]["alt_stat_name"]
            .clone()
    };
    assert_eq!(last(&[text("a", "shop", 0, "own"), text("z", "istio-system", 0, "root")]), "own");
    assert_eq!(last(&[text("a", "shop", 0, "own"), text("z", "istio-system", 1, "root")]), "root");
    assert_eq!(last(&[text("b", "shop", 0, "b"), text("a", "shop", 0, "a")]), "b");
}

#[test]
fn proxies_are_chosen_by_labels_version_and_metadata() {
    let has = |spec: &str, of_proxy: &str| {
        let filter = format!(
            "metadata: {{name: a, namespace: shop}}\nspec:\n  {spec}\n  configPatches:\n  - applyTo: CLUSTER\n    match: {{proxy: {of_proxy}}}\n    patch: {{operation: ADD, value: {{name: own}}}}\n"
        );
        sent(&compile(&filter), "reviews.shop", Target::IstioProxy)["clusters"].get("own").is_some()
    };
    assert!(has("workloadSelector: {labels: {app: reviews}}", "{}"));
    assert!(!has("workloadSelector: {labels: {app: ratings}}", "{}"));
    assert!(has("priority: 0", r"{proxyVersion: '^1\.32.*'}"));
    assert!(!has("priority: 0", r"{proxyVersion: '^1\.9.*'}"));
    assert!(has("priority: 0", "{metadata: {NAMESPACE: shop}}"));
    assert!(!has("priority: 0", "{metadata: {NAMESPACE: edge}}"));
    assert!(!has("targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: a}]", "{}"));
}

#[test]
fn where_istio_runs_into_an_error_what_was_done_stays() {
    // Istio merges into every listener filter, whichever is named; into one of another type it cannot.
    let wrong = r#"{operation: MERGE, value: {typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol}}}"#;
    let matches =
        "{context: SIDECAR_INBOUND, listener: {listenerFilter: envoy.filters.listener.tls_inspector}}";
    let before = "{operation: MERGE, value: {stat_prefix: done}}";
    let sent = with(
        &[
            ("LISTENER", "{context: SIDECAR_INBOUND}", before),
            ("LISTENER_FILTER", matches, wrong),
            ("HTTP_FILTER", "{context: SIDECAR_INBOUND}", &format!("{{operation: ADD, value: {LUA}}}")),
        ],
        "reviews.shop",
    );
    let inbound = &sent["listeners"]["virtualInbound"];
    assert_eq!(inbound["stat_prefix"], "done");
    assert!(!http_filters(inbound).contains(&"script"));
}

#[test]
fn configurations_of_their_own_stand_in_the_filter_for_stock_envoy() {
    let patches = filter(&[
        (
            "HTTP_FILTER",
            "{context: GATEWAY}",
            r"{operation: INSERT_FIRST, value: {name: script, config_discovery: {config_source: {ads: {}}, type_urls: [type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua]}}}",
        ),
        ("EXTENSION_CONFIG", "{context: GATEWAY}", &format!("{{operation: ADD, value: {LUA}}}")),
    ]);
    let mesh = compile(&patches);
    let text = |target| sent(&mesh, "edge", target)["listeners"].to_string();
    assert!(text(Target::IstioProxy).contains("config_discovery"));
    assert!(!text(Target::Envoy).contains("config_discovery"));
    assert!(text(Target::Envoy).contains(r#""inline_code":"x""#));
}

#[test]
fn what_no_patch_touches_stays_shared() {
    let mesh = compile(&filter(&[("CLUSTER", "{cluster: {name: none}}", "{operation: REMOVE}")]));
    let proxy = mesh.find("reviews.shop").expect("it is there");
    let node = Writer::new().node(proxy);
    assert!(!node.clusters.iter().any(|cluster| matches!(**cluster, meshc_envoy::Emitted::Patched(_))));
    assert!(!node.listeners.iter().any(|listener| matches!(**listener, meshc_envoy::Emitted::Patched(_))));
    let found = meshc_xds::rules::check(&mesh);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code.to_string(), "MC1380");
}
