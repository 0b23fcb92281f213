//! What is judged once for many places against each place judged alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use meshc_diagnostics::Severity;
use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_source::{SourceSet, Span};
use meshc_syntax::Limits;

use super::{Checked, Known, of_place};
use crate::requests::{Peer, Place};
use crate::spots::spots;

/// Two workloads for which the same policies hold: one names ports 9080 (HTTP) and 9000 (bytes), the other one 9081.
const WORLD: &str = "apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}, {name: tcp, port: 9000}]}
---
apiVersion: v1
kind: Service
metadata: {name: ratings, namespace: shop}
spec: {selector: {app: ratings}, ports: [{name: http, port: 9081}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews, namespace: shop, labels: {app: reviews}}
spec: {containers: [{name: app, image: app}]}
status: {podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: ratings, namespace: shop, labels: {app: ratings}}
spec: {containers: [{name: app, image: app}]}
status: {podIP: 10.1.0.2}
";

/// What rules ask of the port and of the request: of ports that one workload names, that the other one names, and that none
/// does.
const RULES: [&str; 10] = [
    "{ports: ['9080']}",
    "{ports: ['9081']}",
    "{ports: ['9000']}",
    "{ports: ['7777']}",
    "{notPorts: ['9080']}",
    "{notPorts: ['9080', '9081', '9000']}",
    "{ports: ['9080', '7777'], methods: [GET]}",
    "{notPorts: ['7777'], methods: [GET]}",
    "{methods: [GET]}",
    "{notMethods: [GET], ports: ['9081']}",
];

fn with(policies: &[(&str, &[&str])]) -> (Mesh, EffectiveMesh) {
    let mut text = WORLD.to_owned();
    for (index, (action, rules)) in policies.iter().enumerate() {
        let rules: Vec<_> = rules.iter().map(|rule| format!("{{to: [{{operation: {rule}}}]}}")).collect();
        let _ = write!(
            text,
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p{index}, namespace: shop}}\n\
             spec: {{action: {action}, rules: [{}]}}\n",
            rules.join(", ")
        );
    }
    let outcome = meshc_resources::read(&SourceSet::of("mesh.yaml", &text), &Limits::default());
    assert!(
        outcome.diagnostics.iter().all(|found| found.severity < Severity::Error),
        "{:?}",
        outcome.diagnostics
    );
    let mesh = Mesh::new(&outcome.resources);
    let effective = meshc_effective::compile(&mesh);
    (mesh, effective)
}

fn alive(known: BTreeMap<Span, Known>, all: &mut BTreeMap<Span, bool>) {
    for (span, rule) in known {
        *all.entry(span).or_default() |= rule.alive;
    }
}

/// As the rule does it.
fn together(effective: &EffectiveMesh) -> BTreeMap<Span, bool> {
    let first = effective.proxies.first().expect("a proxy");
    let mut checked = Checked::new(&first.security);
    for proxy in &effective.proxies {
        assert!(std::sync::Arc::ptr_eq(&proxy.security, &first.security), "the same policies hold");
        checked.at(proxy);
    }
    let mut all = BTreeMap::new();
    alive(checked.judge(), &mut all);
    all
}

/// Each port of each proxy for itself.
fn one_by_one(effective: &EffectiveMesh) -> BTreeMap<Span, bool> {
    let mut all = BTreeMap::new();
    for proxy in &effective.proxies {
        for spot in spots(proxy, &[&*proxy.security]) {
            let place = Place {
                port: spot.port,
                destination: proxy.ip.parse().ok(),
                source: None,
                proxy: proxy.reader(),
                tcp: spot.tcp,
                peer: Peer::Anyone,
            };
            let mut known = BTreeMap::new();
            of_place(&proxy.security, place, &mut known).expect("it is small");
            alive(known, &mut all);
        }
    }
    all
}

#[test]
fn ports_that_rules_do_not_tell_apart_are_judged_as_each_of_them() {
    let mut dead = 0;
    let mut compared = 0;
    for denied in RULES {
        for allowed in RULES {
            let policies: [(&str, &[&str]); 2] =
                [("DENY", &[denied]), ("ALLOW", &[allowed, "{ports: ['9000']}"])];
            let (_mesh, effective) = with(&policies);
            let (grouped, each) = (together(&effective), one_by_one(&effective));
            assert_eq!(grouped, each, "DENY {denied}, ALLOW {allowed}");
            compared += each.len();
            dead += each.values().filter(|alive| !**alive).count();
        }
    }
    assert_eq!((compared, dead), (300, 55));
}

/// A port that no chain names is reached all the same, by what is passed through; one that only another workload names, too.
#[test]
fn a_rule_about_a_port_without_a_service_decides() {
    let (_mesh, effective) = with(&[("ALLOW", &["{ports: ['7777']}", "{ports: ['9081']}"])]);
    assert_eq!(together(&effective).into_values().collect::<Vec<_>>(), [true, true]);
}
