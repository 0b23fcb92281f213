//! How a proxy is set up, in what it is sent: `ProxyConfig` of the mesh and of a pod's annotation.

#[path = "support/sent.rs"]
mod sent;

use sent::sent;
use serde_json::{Value, json};

const WORLD: &str = r"
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultConfig:
      proxyHeaders:
        server: {value: shop}
        metadataExchangeHeaders: {mode: IN_MESH}
        forwardedClientCert: SANITIZE
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {selector: {app: a}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: a
  namespace: shop
  labels: {app: a}
  annotations:
    proxy.istio.io/config: |
      proxyMetadata:
        ISTIO_META_HTTP10: '1'
        ISTIO_META_IDLE_TIMEOUT: 90s
        ISTIO_META_INBOUND_LISTENER_EXACT_BALANCE: 'true'
        ISTIO_META_OUTBOUND_LISTENER_EXACT_BALANCE: 'true'
      connectionSettings: {httpMergeSlashes: true, httpPathWithEscapedSlashesAction: REJECT_REQUEST}
      proxyHeaders:
        attemptCount: {disabled: true}
        requestId: {disabled: true}
        envoyDebugHeaders: {disabled: true}
        preserve_http1_header_case: true
        xForwardedHost: {enabled: true}
        xForwardedPort: {enabled: true}
        setCurrentClientCertDetails: {cert: true, dns: false}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: gate, namespace: shop, labels: {istio: gate}, annotations: {inject.istio.io/templates: gateway, proxy.istio.io/config: '{gatewayTopology: {numTrustedProxies: 2, proxyProtocol: {}, forwardClientCertDetails: FORWARD_ONLY}, connectionSettings: {profile: EDGE, httpIdleTimeout: 30s}}'}}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gate, namespace: shop}
spec: {selector: {istio: gate}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}]}
";

fn listener<'v>(listeners: &'v Value, name: &str) -> &'v Value {
    let found = listeners.as_array().expect("a list").iter().find(|listener| listener["name"] == name);
    found.expect("it is there")
}

/// The connection manager of a listener's first chain that has one.
fn manager(listener: &Value) -> &Value {
    let filters = listener["filter_chains"].as_array().expect("a list").iter();
    let mut filters = filters.flat_map(|chain| chain["filters"].as_array().expect("a list"));
    let name = "envoy.filters.network.http_connection_manager";
    &filters.find(|filter| filter["name"] == name).expect("one speaks HTTP")["typed_config"]
}

#[test]
fn a_sidecar_tells_of_itself_as_it_is_set_up() {
    let [listeners, routes, clusters, _] = sent(WORLD, "a");
    let inbound = manager(listener(&listeners, "virtualInbound"));
    assert_eq!(inbound["server_name"], "shop");
    assert_eq!(inbound["generate_request_id"], false);
    assert_eq!(inbound["append_x_forwarded_port"], true);
    assert_eq!(inbound["common_http_protocol_options"], json!({"idle_timeout": "90s"}));
    assert_eq!(inbound["http_protocol_options"]["accept_http_10"], true);
    assert!(inbound["http_protocol_options"]["header_key_format"].is_object());
    // What the annotation does not say about headers is not the mesh's, but for those that Istio looks at one by one.
    assert_eq!(inbound.get("forward_client_cert_details"), None);
    assert_eq!(
        inbound["set_current_client_cert_details"],
        json!({"subject": true, "cert": true, "uri": true})
    );
    assert_eq!(inbound["merge_slashes"], true);
    assert_eq!(inbound["path_with_escaped_slashes_action"], "REJECT_REQUEST");
    let filters = inbound["http_filters"].as_array().expect("a list");
    assert_eq!(filters.last().expect("the router")["typed_config"]["suppress_envoy_headers"], true);
    let outbound = manager(listener(&listeners, "0.0.0.0_80"));
    assert_eq!(outbound["server_name"], "shop");
    let host = &routes[0]["virtual_hosts"][0];
    assert_eq!(host.get("include_request_attempt_count"), None);
    let catch_all = routes[0]["virtual_hosts"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|host| host["name"] == "allow_any");
    assert_eq!(catch_all.expect("the rest")["routes"][0]["route"]["append_x_forwarded_host"], true);
    let cluster = clusters
        .as_array()
        .expect("a list")
        .iter()
        .find(|c| c["name"] == "outbound|80||a.shop.svc.cluster.local");
    let options = &cluster.expect("the service")["typed_extension_protocol_options"];
    assert!(options.to_string().contains("preserve_case"), "{options}");
}

#[test]
fn a_gateway_at_the_edge_trusts_whom_it_is_told_to() {
    let [listeners, ..] = sent(WORLD, "gate");
    let listener = listener(&listeners, "0.0.0.0_8080");
    assert_eq!(listener["per_connection_buffer_limit_bytes"], 32768);
    assert_eq!(listener["listener_filters"][0]["name"], "envoy.filters.listener.proxy_protocol");
    let manager = manager(listener);
    assert_eq!(manager["xff_num_trusted_hops"], 2);
    assert_eq!(manager["forward_client_cert_details"], "FORWARD_ONLY");
    assert_eq!(manager.get("set_current_client_cert_details"), None);
    let common = json!({"idle_timeout": "30s", "headers_with_underscores_action": "REJECT_REQUEST"});
    assert_eq!(manager["common_http_protocol_options"], common);
    assert_eq!(manager["stream_idle_timeout"], "300s");
    assert_eq!(manager["request_headers_timeout"], "60s");
    assert_eq!(manager["http2_protocol_options"]["max_concurrent_streams"], 100);
    assert_eq!(manager["path_with_escaped_slashes_action"], "UNESCAPE_AND_REDIRECT");
    let exchange = &manager["http_filters"][0]["typed_config"]["value"]["upstream_propagation"];
    assert_eq!(*exchange, json!([{"istio_headers": {"skip_external_clusters": true}}]));
}

#[test]
fn connections_are_spread_over_threads_where_it_is_asked_for() {
    let [listeners, ..] = sent(WORLD, "a");
    let evenly =
        |name: &str| listener(&listeners, name)["connection_balance_config"] == json!({"exact_balance": {}});
    assert!(evenly("virtualInbound") && evenly("0.0.0.0_80"));
    assert!(!evenly("virtualOutbound"), "what is handed over is not spread");
}
