//! Where an EnvoyFilter changes what becomes of requests, there is no answer, and the filter is named.

use meshc_mesh::Mesh;
use meshc_source::SourceSet;
use meshc_trace::Tracer;

const WORLD: &str = r"
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-0, namespace: shop, labels: {app: reviews}}
spec: {containers: [{name: app, image: x}]}
status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}]}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: patches, namespace: shop}
spec:
  configPatches:
  - PATCH
";

/// What is said of a request that leaves the pod, and of one that comes to it: a status or the error.
fn both(patch: &str) -> [Result<u16, String>; 2] {
    let sources = SourceSet::of("mesh.yaml", &WORLD.replace("PATCH", patch));
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
    let tracer = Tracer::new(&mesh, &sources);
    let ask = |place: &str| {
        let line = format!(
            r#"{{"proxy":"reviews-0.shop",{place},"peer":"spiffe://cluster.local/ns/shop/sa/a","request":{{"authority":"reviews","path":"/"}}}}"#
        );
        match tracer.trace_line(&line) {
            Ok(answer) => Ok(answer.status.unwrap_or_default()),
            Err(error) => Err(error.to_string()),
        }
    };
    [ask(r#""route_table":"80""#), ask(r#""direction":"inbound","port":8080"#)]
}

fn unknown(what: &str, side: &str) -> Result<u16, String> {
    Err(format!(
        "EnvoyFilter shop/patches: configPatches[0] changes {what} of reviews-0.shop: what becomes of its {side} requests is unknown"
    ))
}

#[test]
fn patches_of_requests_leave_no_answer() {
    let routes = "{applyTo: HTTP_ROUTE, match: {context: SIDECAR_OUTBOUND}, patch: {operation: MERGE, value: {route: {timeout: 1s}}}}";
    assert_eq!(both(routes), [unknown("routes", "outbound"), Ok(200)]);
    let filters = "{applyTo: HTTP_FILTER, match: {context: SIDECAR_INBOUND}, patch: {operation: ADD, value: {name: x}}}";
    assert_eq!(both(filters), [Ok(200), unknown("HTTP filters", "inbound")]);
    let manager = |field: &str| {
        format!(
            r#"{{applyTo: NETWORK_FILTER, match: {{listener: {{filterChain: {{filter: {{name: envoy.filters.network.http_connection_manager}}}}}}}}, patch: {{operation: MERGE, value: {{typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager, {field}}}}}}}}}"#
        )
    };
    assert_eq!(both(&manager("merge_slashes: true"))[0], unknown("network filters", "outbound"));
    assert_eq!(both(&manager("server_name: x, stream_idle_timeout: 5s")), [Ok(200), Ok(200)]);
}

#[test]
fn patches_beside_requests_do_not_hinder() {
    for patch in [
        "{applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 1s}}}",
        "{applyTo: LISTENER, patch: {operation: MERGE, value: {per_connection_buffer_limit_bytes: 7}}}",
        "{applyTo: HTTP_ROUTE, match: {context: GATEWAY}, patch: {operation: REMOVE}}",
        "{applyTo: VIRTUAL_HOST, match: {routeConfiguration: {vhost: {name: nobody}}}, patch: {operation: REMOVE}}",
        "{applyTo: HTTP_FILTER, match: {listener: {portNumber: 81}, context: SIDECAR_OUTBOUND}, patch: {operation: ADD, value: {name: x}}}",
        "{applyTo: BOOTSTRAP, patch: {operation: MERGE, value: {stats_flush_interval: 5s}}}",
    ] {
        assert_eq!(both(patch), [Ok(200), Ok(200)], "{patch}");
    }
}
