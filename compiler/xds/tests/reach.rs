//! How proxies reach what is not beside them: networks behind gateways, and hosts that no service claims.

#[path = "support/sent.rs"]
mod sent;

use sent::sent;
use serde_json::{Value, json};

/// The member of a list that has a name.
fn named<'v>(list: &'v Value, key: &str, name: &str) -> &'v Value {
    let found = list.as_array().expect("a list").iter().find(|member| member[key] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {list}"))
}

const NETWORKS: &str = r"
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  meshNetworks: |
    networks:
      near: {endpoints: [{fromCidr: 10.1.0.0/16}]}
      far:
        endpoints: [{fromCidr: 10.2.0.0/16}]
        gateways: [{address: 192.0.2.1, port: 443}, {address: 192.0.2.2, port: 443}, {address: '2001:db8::1', port: 443}]
---
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
kind: Pod
metadata:
  name: near
  namespace: shop
  labels: {app: web, security.istio.io/tlsMode: istio}
  annotations: {proxy.istio.io/config: 'proxyMetadata: {ISTIO_META_NETWORK: near}'}
spec: {containers: [{name: web, image: web}, {name: istio-proxy, image: istio/proxyv2}]}
status: {podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: far, namespace: shop, labels: {app: web, security.istio.io/tlsMode: istio}}
spec: {containers: [{name: web, image: web}, {name: istio-proxy, image: istio/proxyv2}]}
status: {podIP: 10.2.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: plain, namespace: shop, labels: {app: web, sidecar.istio.io/inject: 'false'}}
spec: {containers: [{name: web, image: web}]}
status: {podIP: 10.2.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: edge, namespace: shop, labels: {istio: edge}, annotations: {inject.istio.io/templates: gateway}}
spec: {containers: [{name: istio-proxy, image: istio/proxyv2}]}
status: {podIP: 10.1.0.2}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {selector: {istio: edge}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}]}
";

#[test]
fn gateways_stand_for_what_is_in_another_network() {
    let [.., endpoints] = sent(NETWORKS, "near");
    let of_web = named(&endpoints, "cluster_name", "outbound|80||web.shop.svc.cluster.local");
    let group = &of_web["endpoints"][0];
    let reached: Vec<(String, u64)> = group["lb_endpoints"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|endpoint| {
            let socket = &endpoint["endpoint"]["address"]["socket_address"];
            let address = socket["address"].as_str().unwrap_or_default();
            let weight = endpoint["load_balancing_weight"].as_u64().unwrap_or_default();
            (format!("{address}:{}", socket["port_value"]), weight)
        })
        .collect();
    // Three gateways share a weight that all numbers of gateways divide; the proxy reaches two of them.
    assert_eq!(
        reached,
        [("10.1.0.1:80".to_owned(), 3), ("192.0.2.1:443".to_owned(), 1), ("192.0.2.2:443".to_owned(), 1)]
    );
    assert_eq!(group["load_balancing_weight"], 5);
    let metadata = &group["lb_endpoints"][1]["metadata"]["filter_metadata"];
    assert_eq!(metadata["istio"]["workload"], ";;;;", "it is in no cluster that istiod knows");
    assert_eq!(metadata["envoy.transport_socket_match"]["tlsMode"], "istio");
}

#[test]
fn a_gateway_takes_clients_of_the_networks_for_the_meshs_own() {
    let [listeners, ..] = sent(NETWORKS, "edge");
    let text = listeners.to_string();
    let expected = json!({"cidr_ranges": [
        {"address_prefix": "10.1.0.0", "prefix_len": 16}, {"address_prefix": "10.2.0.0", "prefix_len": 16}
    ]});
    assert!(text.contains(&format!("\"internal_address_config\":{expected}")), "{text}");
    let [listeners, ..] = sent(NETWORKS, "near");
    assert!(!listeners.to_string().contains("internal_address_config"), "a sidecar does not ask");
}

const UNKNOWN_HOSTS: &str = r"
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: caller
  namespace: shop
  annotations: {proxy.istio.io/config: 'proxyMetadata: {ISTIO_META_DNS_CAPTURE: ''true''}'}
spec: {containers: [{name: caller, image: caller}]}
---
apiVersion: v1
kind: Pod
metadata: {name: strict, namespace: shop, labels: {app: strict}}
spec: {containers: [{name: strict, image: strict}]}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: strict, namespace: shop}
spec:
  workloadSelector: {labels: {app: strict}}
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
  egress: [{hosts: ['*/*']}]
";

#[test]
fn names_of_unknown_hosts_are_looked_up() {
    let [listeners, routes, clusters, _] = sent(UNKNOWN_HOSTS, "caller");
    let name = "AllowAnyDynamicDNSCluster";
    let cluster = named(&clusters, "name", name);
    assert_eq!(cluster["lb_policy"], "CLUSTER_PROVIDED");
    let cache = &cluster["cluster_type"]["typed_config"]["dns_cache_config"];
    assert_eq!(cluster["cluster_type"]["typed_config"]["allow_insecure_cluster_options"], true);
    assert_eq!(cache["name"], "allow_any_dfp_dns_cache");
    assert_eq!(cache["max_hosts"], 1024);
    let resolver = &cache["typed_dns_resolver_config"]["typed_config"]["resolvers"][0]["socket_address"];
    assert_eq!((&resolver["address"], &resolver["port_value"]), (&json!("127.0.0.1"), &json!(15053)));

    let table = named(&routes, "name", "80");
    let host = named(&table["virtual_hosts"], "name", "allow_any_dynamic_dns");
    assert_eq!(host["routes"][0]["route"]["cluster"], name);

    let capture = named(&listeners, "name", "virtualOutbound");
    let chains: Vec<&Value> = capture["filter_chains"].as_array().expect("chains").iter().collect();
    let names: Vec<&Value> = chains.iter().map(|chain| &chain["name"]).collect();
    assert_eq!(
        names,
        ["virtualOutbound-blackhole", "virtualOutbound-catchall-tcp-http", "virtualOutbound-catchall-tcp"]
    );
    assert_eq!(capture["listener_filters"].as_array().map(Vec::len), Some(1), "{capture}");
    // The same cache is what every filter asks.
    for listener in [capture, named(&listeners, "name", "0.0.0.0_80")] {
        let text = listener.to_string();
        assert!(text.contains(&cache.to_string()), "{text}");
    }

    let [_, routes, clusters, _] = sent(UNKNOWN_HOSTS, "strict");
    assert!(!clusters.to_string().contains(name), "a Sidecar says something else");
    named(&named(&routes, "name", "80")["virtual_hosts"], "name", "block_all");
}
