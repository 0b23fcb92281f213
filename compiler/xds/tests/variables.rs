//! What the variables of a proxy's environment change in what istiod sends it.

#[path = "support/sent.rs"]
mod sent;

use sent::sent;
use serde_json::{Value, json};

/// A caller with certificates of its own, one with Istio's, a server with its own ones, a gateway with some.
const WORLD: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: chosen, namespace: shop}
spec: {clusterIP: 10.96.0.2, selector: {app: web}, ports: [{name: http, port: 81}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: own
  namespace: shop
  labels: {app: web}
  annotations:
    proxy.istio.io/config: |
      proxyMetadata:
        ISTIO_META_TLS_CLIENT_CERT_CHAIN: /own/client.pem
        ISTIO_META_TLS_CLIENT_KEY: /own/client.key
        ISTIO_META_TLS_CLIENT_ROOT_CERT: /own/root.pem
        ISTIO_META_TLS_SERVER_CERT_CHAIN: /own/server.pem
        ISTIO_META_TLS_SERVER_KEY: /own/server.key
        ISTIO_META_TLS_SERVER_ROOT_CERT: /own/clients.pem
        ISTIO_META_HTTP_PROXY_PORT: '15007'
spec: {serviceAccountName: web, containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: plain, namespace: shop}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: gate
  namespace: shop
  labels: {istio: gate}
  annotations:
    inject.istio.io/templates: gateway
    proxy.istio.io/config: |
      proxyMetadata: {ISTIO_META_TLS_SERVER_CERT_CHAIN: /gate/server.pem, ISTIO_META_TLS_SERVER_KEY: /gate/server.key}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gate, namespace: shop}
spec:
  selector: {istio: gate}
  servers: [{port: {number: 8443, name: https, protocol: HTTPS}, hosts: ['*'], tls: {mode: ISTIO_MUTUAL}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside, namespace: shop}
spec: {hosts: [outside.example.com], ports: [{number: 82, name: http, protocol: HTTP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: chosen, namespace: shop}
spec: {host: chosen, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /rule/c, privateKey: /rule/k, sni: chosen.example.com}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: outside, namespace: shop}
spec: {host: outside.example.com, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /rule/c, privateKey: /rule/k}}}
";

fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    let found = list.as_array().expect("a list").iter().find(|member| member["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {list}"))
}

/// The names of secrets in the order in which they stand.
fn secrets(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if fields.contains_key("sds_config")
                    && let Some(name) = fields.get("name").and_then(Value::as_str)
                {
                    found.push(name.to_owned());
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Istio's `buildUpstreamTLSSettings` with `metadataCerts`.
#[test]
fn a_caller_shows_its_own_certificate() {
    let [_, _, clusters, _] = sent(WORLD, "own");
    let web = named(&clusters, "outbound|80||web.shop.svc.cluster.local");
    assert_eq!(secrets(web), ["file-cert:/own/client.pem~/own/client.key", "file-root:/own/root.pem"]);
    assert_eq!(web["transport_socket_matches"], Value::Null, "it is spoken to every endpoint");
    let context = &web["transport_socket"]["typed_config"];
    assert_eq!(context["sni"], "outbound_.80_._.web.shop.svc.cluster.local");
    assert!(context.to_string().contains("spiffe://cluster.local/ns/shop/sa/web"), "{context}");
    assert_eq!(context["common_tls_context"]["alpn_protocols"], Value::Null, "they are none of Istio's");

    let chosen = named(&clusters, "outbound|81||chosen.shop.svc.cluster.local");
    assert_eq!(secrets(chosen), ["file-cert:/own/client.pem~/own/client.key", "file-root:/own/root.pem"]);
    assert_eq!(chosen["transport_socket"]["typed_config"]["sni"], "chosen.example.com");
    let outside = named(&clusters, "outbound|82||outside.example.com");
    assert_eq!(secrets(outside), ["file-cert:/rule/c~/rule/k", "file-root:system"], "others know others");

    let [_, _, clusters, _] = sent(WORLD, "plain");
    let web = named(&clusters, "outbound|80||web.shop.svc.cluster.local");
    assert_eq!(secrets(web), ["ROOTCA", "default"]);
    assert_eq!(web["transport_socket_matches"].as_array().map(Vec::len), Some(2));
}

/// Istio's `ApplyToCommonTLSContext`.
#[test]
fn a_server_shows_its_own_certificate() {
    let [listeners, ..] = sent(WORLD, "own");
    let own = ["file-cert:/own/server.pem~/own/server.key", "file-root:/own/clients.pem"];
    assert_eq!(secrets(named(&listeners, "virtualInbound")), own);
    let [listeners, ..] = sent(WORLD, "plain");
    assert_eq!(secrets(named(&listeners, "virtualInbound")), ["ROOTCA", "default"]);
    let [listeners, ..] = sent(WORLD, "gate");
    let own = ["ROOTCA", "file-cert:/gate/server.pem~/gate/server.key"];
    assert_eq!(secrets(&listeners), own, "clients are verified by Istio's authorities");
}

#[test]
fn one_sidecar_is_an_http_proxy() {
    let [listeners, routes, ..] = sent(WORLD, "own");
    let proxy = named(&listeners, "127.0.0.1_15007");
    assert_eq!(proxy["address"]["socket_address"]["port_value"], 15007);
    assert!(proxy.to_string().contains("\"route_config_name\":\"http_proxy\""), "{proxy}");
    named(&routes, "http_proxy");
    let [listeners, routes, ..] = sent(WORLD, "plain");
    assert!(!listeners.to_string().contains("127.0.0.1_15007"));
    assert!(routes.as_array().expect("a list").iter().all(|table| table["name"] != "http_proxy"));
}

/// Endpoints in three networks, one of them none; no network has a gateway.
const NETWORKS: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.example.com]
  location: MESH_INTERNAL
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints:
    - {address: 10.1.0.1}
    - {address: 10.2.0.1, network: east}
    - {address: 10.3.0.1, network: west}
    - {address: 10.4.0.1, network: south}
---
apiVersion: v1
kind: Pod
metadata: {name: all, namespace: shop}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: some
  namespace: shop
  annotations: {proxy.istio.io/config: 'proxyMetadata: {ISTIO_META_REQUESTED_NETWORK_VIEW: ''east,south''}'}
spec: {containers: [{name: c, image: x}]}
";

/// Istio's `newProxyView`.
#[test]
fn a_proxy_sees_the_networks_that_it_asks_for() {
    let addresses = |proxy: &str| {
        let [.., endpoints] = sent(NETWORKS, proxy);
        let mut found: Vec<String> = Vec::new();
        for group in endpoints[0]["endpoints"].as_array().into_iter().flatten() {
            for endpoint in group["lb_endpoints"].as_array().into_iter().flatten() {
                let address = &endpoint["endpoint"]["address"]["socket_address"]["address"];
                found.extend(address.as_str().map(str::to_owned));
            }
        }
        found.sort();
        found
    };
    assert_eq!(addresses("all"), ["10.1.0.1", "10.2.0.1", "10.3.0.1", "10.4.0.1"]);
    assert_eq!(
        addresses("some"),
        ["10.1.0.1", "10.2.0.1", "10.4.0.1"],
        "what is in no network is always seen"
    );
}

fn unclaimed(tls: &str) -> Value {
    let world = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata:\n  mesh: |\n    \
         outboundTrafficPolicy: {{mode: ALLOW_ANY_DYNAMIC_DNS, tls: {tls}}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: \
         {{name: shop, labels: {{istio-injection: enabled}}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: \
         shop}}\nspec: {{containers: [{{name: c, image: x}}]}}\n"
    );
    let [_, _, clusters, _] = sent(&world, "a");
    named(&clusters, "AllowAnyDynamicDNSCluster").clone()
}

/// Istio's `buildAllowAnyDFPCluster`.
#[test]
fn names_that_no_service_claims_are_reached_by_tls_where_the_mesh_says_so() {
    let insecure =
        |cluster: &Value| cluster["cluster_type"]["typed_config"]["allow_insecure_cluster_options"] == true;
    let options = |cluster: &Value| {
        cluster["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
            .clone()
    };
    let simple = unclaimed("{mode: SIMPLE}");
    assert!(!insecure(&simple));
    assert_eq!(secrets(&simple), ["file-root:system"]);
    assert_eq!(
        options(&simple)["upstream_http_protocol_options"],
        json!({"auto_sni": true, "auto_san_validation": true})
    );
    assert!(options(&simple)["explicit_http_config"].get("http_protocol_options").is_some(), "{simple}");

    let named = unclaimed("{mode: SIMPLE, sni: gate.example.com, caCertificates: /ca.pem}");
    assert!(insecure(&named), "a name for all hosts is none of the request's");
    assert_eq!(named["transport_socket"]["typed_config"]["sni"], "gate.example.com");
    assert_eq!(options(&named)["upstream_http_protocol_options"], json!({"auto_san_validation": true}));

    let trusting = unclaimed("{mode: SIMPLE, sni: gate.example.com, insecureSkipVerify: true}");
    assert!(insecure(&trusting));
    assert!(options(&trusting).get("use_downstream_protocol_config").is_some(), "{trusting}");

    let istio = unclaimed("{mode: ISTIO_MUTUAL}");
    assert_eq!(secrets(&istio), ["ROOTCA", "default"]);
    assert!(!insecure(&istio));
    let plain = unclaimed("{mode: DISABLE}");
    assert!(insecure(&plain) && plain.get("transport_socket").is_none());
    assert!(options(&plain).get("use_downstream_protocol_config").is_some(), "{plain}");
}
