//! The graph of the bookshop and of small meshes with policies, through the whole compiler.

use super::{Graph, GraphView, Question, query, render_answers, render_dot, render_graph, render_mermaid};
use crate::testing::{Tree, World, bookshop, world};

fn ask(world: &World, question: &Question) -> String {
    let graph = Graph::new(&world.mesh, &world.sources);
    match query(&graph, "cluster.local", question) {
        Ok(answers) => render_answers(&answers),
        Err(error) => format!("error: {error}\n"),
    }
}

fn to(host: &str) -> Question {
    Question { to: Some(host.to_owned()), ..Question::default() }
}

fn view(world: &World, from: Option<&str>, to: Option<&str>) -> GraphView {
    GraphView::new(&Graph::new(&world.mesh, &world.sources), from, to).expect("known names")
}

/// The bookshop with policies: payments takes mutual TLS alone, and POST from orders; nobody deletes reviews.
fn guarded() -> Tree {
    let mut tree = bookshop();
    let policies = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: backoffice}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: payments, namespace: backoffice}
spec:
  selector: {matchLabels: {app: payments}}
  rules:
    - from: [{source: {namespaces: [backoffice]}}]
      to: [{operation: {methods: [POST], paths: [/charge*]}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody-deletes, namespace: shop}
spec:
  action: DENY
  selector: {matchLabels: {app: reviews}}
  rules:
    - to: [{operation: {methods: [DELETE]}}]
";
    tree.push(("policies.yaml".to_owned(), policies.to_owned()));
    tree
}

#[test]
fn who_can_reach_a_service() {
    let world = world(&guarded());
    let mut text = String::new();
    for host in ["payments", "reviews/v2", "isbn.publisher.example", "paymets"] {
        text.push_str(&format!("# {host}\n{}\n", ask(&world, &to(host))));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_a_caller_can_reach_with_some_requests() {
    let world = world(&guarded());
    let from = Question {
        from: Some("istio-ingressgateway".to_owned()),
        method: Some("POST".to_owned()),
        path: Some("/checkout*".to_owned()),
        ..Question::default()
    };
    let deletes = Question {
        from: Some("storefront-v1.shop".to_owned()),
        method: Some("DELETE".to_owned()),
        ..to("reviews")
    };
    insta::assert_snapshot!(format!("{}\n{}", ask(&world, &from), ask(&world, &deletes)));
}

#[test]
fn answers_have_every_key() {
    let world = world(&guarded());
    let graph = Graph::new(&world.mesh, &world.sources);
    let from = Some("storefront-v1".to_owned());
    let answers = query(&graph, "cluster.local", &Question { from, ..to("payments") });
    insta::assert_json_snapshot!(answers.expect("known names"));
}

#[test]
fn the_graph_is_drawn() {
    let world = world(&guarded());
    let part = view(&world, Some("istio-ingressgateway"), Some("reviews"));
    insta::assert_snapshot!("dot", render_dot(&part));
    insta::assert_snapshot!("mermaid", render_mermaid(&part));
    insta::assert_snapshot!("text", render_graph(&view(&world, None, Some("payments"))));
    insta::assert_json_snapshot!("json", view(&world, Some("istio-ingressgateway"), Some("orders")));
}

/// What leaves the mesh by an egress gateway is followed there.
#[test]
fn a_way_through_an_egress_gateway() {
    let mut tree = bookshop();
    let egress = "apiVersion: v1
kind: Service
metadata: {name: istio-egressgateway, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  ports: [{name: http2, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istio-egressgateway, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: egressgateway}}
  template:
    metadata:
      labels: {istio: egressgateway, sidecar.istio.io/inject: \"true\"}
      annotations: {inject.istio.io/templates: gateway}
    spec:
      containers: [{name: istio-proxy, image: auto}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: shop}
spec:
  selector: {istio: egressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: [isbn.publisher.example]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: publisher, namespace: shop}
spec:
  hosts: [isbn.publisher.example]
  gateways: [mesh, egress]
  http:
    - match: [{gateways: [mesh]}]
      route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 80}}}]
    - match: [{gateways: [egress]}]
      route: [{destination: {host: isbn.publisher.example, port: {number: 80}}}]
";
    tree.push(("egress.yaml".to_owned(), egress.to_owned()));
    let question = Question { from: Some("catalog-v1".to_owned()), ..to("isbn.publisher.example") };
    insta::assert_snapshot!(ask(&world(&tree), &question));
}

/// What a patch changes is unknown, and the patch is named: at the caller, at the workload, for requests and for bytes.
#[test]
fn what_a_patch_changes_is_unknown() {
    let patch = |name: &str, app: &str, context: &str, apply_to: &str| {
        let typed = if apply_to == "HTTP_FILTER" { "http.lua.v3.Lua" } else { "network.echo.v3.Echo" };
        format!(
            "apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {{name: {name}, namespace: shop}}
spec:
  workloadSelector: {{labels: {{app: {app}}}}}
  configPatches:
    - applyTo: {apply_to}
      match: {{context: {context}}}
      patch:
        operation: INSERT_FIRST
        value:
          name: own
          typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.filters.{typed}}}
---
"
        )
    };
    let mut text = String::new();
    for (what, patch) in [
        ("the workload's", patch("inner", "reviews", "SIDECAR_INBOUND", "HTTP_FILTER")),
        ("the caller's", patch("outer", "storefront", "SIDECAR_OUTBOUND", "HTTP_FILTER")),
        ("of connections", patch("bytes", "storefront", "SIDECAR_OUTBOUND", "NETWORK_FILTER")),
    ] {
        let mut tree = bookshop();
        tree.push(("patches.yaml".to_owned(), patch));
        let question = Question { from: Some("storefront-v1".to_owned()), ..to("reviews") };
        text.push_str(&format!("# {what}\n{}\n", ask(&world(&tree), &question)));
    }
    insta::assert_snapshot!(text);
}

/// Where nothing answers, the request that finds nobody is shown.
#[test]
fn a_destination_without_endpoints_is_shown_by_a_request() {
    let mut tree = bookshop();
    let empty = "apiVersion: v1
kind: Service
metadata: {name: empty, namespace: shop}
spec:
  selector: {app: empty}
  ports: [{name: http, port: 9080}]
";
    tree.push(("empty.yaml".to_owned(), empty.to_owned()));
    let question = Question { from: Some("storefront-v1".to_owned()), ..to("empty") };
    insta::assert_snapshot!(ask(&world(&tree), &question));
}
