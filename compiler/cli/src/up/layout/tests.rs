//! What a layout promises.

use std::collections::BTreeSet;

use super::*;
use crate::up::fixture::{TERMS, bookshop, mesh, world};

/// Two services that share a TCP port, and HTTP on a low one.
const DATABASES: &str = "
apiVersion: v1
kind: Service
metadata: {name: a, namespace: d}
spec: {clusterIP: 10.96.0.10, selector: {app: a}, ports: [{name: tcp, port: 3306}, {name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: d}
spec: {clusterIP: 10.96.0.11, selector: {app: b}, ports: [{name: tcp, port: 3306}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: d}
spec:
  replicas: 5
  template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: b, namespace: d}
spec:
  template:
    metadata: {labels: {app: b, sidecar.istio.io/inject: 'false'}}
    spec: {containers: [{name: b}]}
";

#[test]
fn the_bookshop_has_its_place() {
    let world = world(bookshop(), TERMS, &[]);
    let mut lines = Vec::new();
    for proxy in &world.mesh.proxies {
        let side = |address: Option<Ipv4Addr>| address.map(|a| a.to_string()).unwrap_or_default();
        let layout = &world.layout;
        let (service, caller) = (side(layout.service_side(&proxy.id)), side(layout.caller_side(&proxy.id)));
        lines.push(format!("{} {service} {caller} {}", proxy.id, side(layout.admin(&proxy.id))));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn who_stays_keeps_its_place_and_who_comes_takes_a_free_one() {
    let (_, before) = bookshop();
    let first = Layout::plan(&before, TERMS, &BTreeSet::new(), None).unwrap();
    let mut after = before.clone();
    let gone = after.proxies.remove(0).id.clone();
    let second = Layout::plan(&after, TERMS, &BTreeSet::new(), Some(&first)).unwrap();
    for proxy in &after.proxies {
        assert_eq!(first.service_side(&proxy.id), second.service_side(&proxy.id), "{}", proxy.id);
    }
    let third = Layout::plan(&before, TERMS, &BTreeSet::new(), Some(&second)).unwrap();
    assert_eq!(third.service_side(&gone), first.service_side(&gone), "its place was free");
}

#[test]
fn replicas_are_capped_and_said() {
    let world = world(mesh(DATABASES), TERMS, &[]);
    assert_eq!(world.layout.capped.get("a.d"), Some(&3));
    let run: Vec<String> = world.local.proxies.iter().map(|proxy| proxy.id.to_string()).collect();
    assert_eq!(run, ["a-0.d", "a-1.d"]);
}

#[test]
fn services_that_share_a_port_have_addresses_of_their_own() {
    let world = world(mesh(DATABASES), TERMS, &[]);
    let listeners = &crate::up::fixture::local(&world, "a-0").listeners;
    let of_port: Vec<_> = listeners.iter().filter(|l| l.port == 3306).map(|l| &l.address).collect();
    let different: BTreeSet<_> = of_port.iter().collect();
    assert_eq!((of_port.len(), different.len()), (3, 3), "inbound, a and b: {of_port:?}");
}

#[test]
fn a_port_that_may_not_be_bound_is_moved() {
    let world = world(mesh(DATABASES), TERMS, &[80]);
    assert_eq!(world.layout.moved(), &BTreeMap::from([(80, 10_080)]));
    let listeners = &crate::up::fixture::local(&world, "a-0").listeners;
    assert!(listeners.iter().any(|l| l.port == 10_080) && listeners.iter().all(|l| l.port != 80));
    let caller = world.layout.apps["a-0.d"].caller.as_ref().unwrap();
    assert_eq!(caller.socket(80).port(), 10_080);
}

#[test]
fn a_moved_port_gives_way_to_the_mesh_itself() {
    let ports = BTreeSet::from([80, 10_080]);
    let moved = moved(&ports, 0, &BTreeSet::from([80])).unwrap();
    assert_eq!(moved, BTreeMap::from([(80, 20_080)]));
    assert!(super::moved(&BTreeSet::from([60_000]), 10_000, &BTreeSet::new()).is_err());
}

#[test]
fn pods_without_a_sidecar_are_played_but_have_no_way_out() {
    let world = world(mesh(DATABASES), TERMS, &[]);
    let app = &world.layout.apps["b-0.d"];
    assert_eq!((app.caller.as_ref(), app.ports.get(&3306)), (None, Some(&Protocol::Tcp)));
}
