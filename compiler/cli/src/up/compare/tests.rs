//! What counts as a difference.

use meshc_trace::{Query, Tracer};

use super::{differences, in_mesh};
use crate::up::fixture::{TERMS, bookshop, mesh, world};
use crate::up::observed::{AnsweredBy, Arrived, Observed};

/// The question for the split of the bookshop, and an answer that fits it.
fn split() -> (Query, Observed) {
    let line =
        r#"{"proxy":"storefront-v1","route_table":"9080","request":{"authority":"reviews","path":"/"}}"#;
    let observed = Observed {
        status: Some(200),
        route: Some("split".to_owned()),
        destinations: Some(vec![("outbound|9080|v3|reviews.shop.svc.cluster.local".to_owned(), 100)]),
        upstream: Some(Arrived {
            path: "/".to_owned(),
            authority: "reviews".to_owned(),
            ..Arrived::default()
        }),
        timeout_ms: Some(500),
        answered_by: Some(AnsweredBy {
            workload: "reviews-v3".to_owned(),
            version: Some("v3".to_owned()),
            pod: "reviews-v3-0".to_owned(),
        }),
        who: Some("reviews-v3-0.shop".to_owned()),
        ..Observed::default()
    };
    (Query::from_line(line).expect("a question"), observed)
}

fn found(change: impl FnOnce(&mut Observed)) -> Vec<String> {
    let world = world(bookshop(), TERMS, &[]);
    let (query, mut observed) = split();
    change(&mut observed);
    let predicted = Tracer::new(&world.mesh, &world.sources).trace(&query).expect("an answer");
    let proxy = world.mesh.find(&query.proxy).expect("the proxy");
    differences(proxy, &predicted, &observed)
}

#[test]
fn any_of_several_destinations_is_right() {
    assert_eq!(found(|_| ()), Vec::<String>::new());
}

#[test]
fn whatever_is_wrong_is_named() {
    let all = [
        found(|o| o.status = Some(503)),
        found(|o| o.route = Some("testers".to_owned())),
        found(|o| o.who = Some("reviews-v1-0.shop".to_owned())),
        found(|o| {
            o.destinations = Some(vec![("outbound|9080|v2|reviews.shop.svc.cluster.local".to_owned(), 100)]);
        }),
        found(|o| o.timeout_ms = None),
        found(|o| {
            o.upstream.as_mut().map(|upstream| upstream.headers.insert("x-more".to_owned(), "1".to_owned()));
        }),
        found(|o| o.location = Some("/".to_owned())),
    ];
    assert!(all.iter().all(|found| !found.is_empty()), "{all:#?}");
    insta::assert_snapshot!(all.concat().join("\n"));
}

/// A caller and a gateway that answers by itself.
const EGRESS: &str = "apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: caller, namespace: shop}
spec:
  selector: {matchLabels: {app: caller}}
  template:
    metadata: {labels: {app: caller}}
    spec: {containers: [{name: app, image: app}]}
---
apiVersion: v1
kind: Service
metadata: {name: egress, namespace: shop}
spec:
  selector: {istio: egress}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: egress, namespace: shop}
spec:
  selector: {matchLabels: {istio: egress}}
  template:
    metadata:
      labels: {istio: egress, sidecar.istio.io/inject: \"true\"}
      annotations: {inject.istio.io/templates: gateway}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: shop}
spec:
  selector: {istio: egress}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*\"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: egress, namespace: shop}
spec:
  hosts: [\"*\"]
  gateways: [egress]
  http: [{directResponse: {status: 418}}]
";

/// What a gateway of the mesh makes of a request that a route leads to it is the answer that is due.
#[test]
fn a_gateway_of_the_mesh_answers_for_itself() {
    let world = world(mesh(EGRESS), TERMS, &[]);
    let line = r#"{"proxy":"caller-0","route_table":"80","request":{"authority":"egress","path":"/"}}"#;
    let query = Query::from_line(line).expect("a question");
    let tracer = Tracer::new(&world.mesh, &world.sources);
    let predicted = tracer.trace(&query).expect("an answer");
    let proxy = tracer.proxy(&query.proxy).expect("the proxy");
    let answered = |status: u16| {
        let observed = Observed {
            status: Some(status),
            route: predicted.route.clone(),
            destinations: Some(vec![("outbound|80||egress.shop.svc.cluster.local".to_owned(), 100)]),
            ..Observed::default()
        };
        in_mesh(&world, &tracer, (&query, proxy), &predicted, &observed)
    };
    assert_eq!((predicted.status, answered(418)), (Some(200), Vec::new()));
    assert_eq!(answered(200), ["status: expected 418, got 200"]);
}
