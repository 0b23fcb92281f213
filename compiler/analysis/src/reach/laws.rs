//! Laws over generated routes, through the whole compiler, against the interpreter: a witness takes its route, a hidden
//! request goes to one of those that hide it, and a route called unreachable is taken by no request at all.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Reachable, routes_view};
use crate::reach::reachability;
use crate::testing::{World, answer, generated, requests, tree_of_routes, world};

fn route_of(world: &World, path: &str, headers: Vec<(String, String)>) -> Option<String> {
    answer(world, path, headers).route
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_claimed_is_what_happens(routes in prop::collection::vec(generated(), 1..7)) {
        let named: Vec<String> = routes
            .iter()
            .enumerate()
            .map(|(index, route)| route.replacen("    - ", &format!("    - name: r{index}\n      "), 1))
            .collect();
        let world = world(&tree_of_routes(&named));
        let proxy = world.mesh.find("reviews-v1-0.shop").expect("there");
        let table = proxy.tables.get("9080").expect("there");
        let at = table.virtual_hosts.iter().position(|h| h.name.starts_with("reviews")).expect("there");
        let host = &table.virtual_hosts[at];
        let reached = reachability(table, at, proxy.reader());
        let taken: BTreeSet<Option<String>> =
            requests().into_iter().map(|(path, headers)| route_of(&world, &path, headers)).collect();
        for (route, reach) in host.routes.iter().zip(&reached) {
            let sent = |request: &meshc_diagnostics::WitnessRequest| {
                route_of(&world, &request.path, request.headers.clone().into_iter().collect())
            };
            match &reach.reachable {
                Reachable::Yes => {
                    let witness = reach.witness.as_ref().expect("a witness");
                    prop_assert_eq!(sent(witness), route.name.clone(), "{:?}", witness);
                }
                Reachable::No => {
                    prop_assert!(!taken.contains(&route.name), "{:?} is taken", route.name);
                    if let Some(request) = &reach.hidden_request {
                        let by = reach.hidden_by.iter().map(|&by| host.routes[by].name.clone());
                        let taker = sent(request);
                        prop_assert!(by.clone().any(|name| name == taker), "{:?} takes {:?}", taker, request);
                    }
                }
                Reachable::Unknown(why) => prop_assert!(false, "{}", why),
            }
        }
    }
}

#[test]
fn the_view_of_the_bookshops_gateway() {
    let world = world(&crate::testing::bookshop());
    let proxy = world.mesh.find("istio-ingressgateway").expect("there");
    insta::assert_json_snapshot!(routes_view(proxy, &world.sources));
}

/// Every route that is called reachable takes its witness, on every proxy of the bookshop.
#[test]
fn every_witness_of_the_bookshop_takes_its_route() {
    let world = world(&crate::testing::bookshop());
    let tracer = meshc_trace::Tracer::new(&world.mesh, &world.sources);
    let mut seen = 0;
    for proxy in &world.mesh.proxies {
        for table in routes_view(proxy, &world.sources).tables {
            for host in table.virtual_hosts {
                for route in host.routes {
                    let witness =
                        route.witness.as_ref().unwrap_or_else(|| panic!("{}: {route:?}", host.name));
                    let line = serde_json::to_string(witness).expect("JSON");
                    let answer = tracer.trace_line(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
                    assert_eq!(answer.route, route.name, "{line}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 100, "{seen}");
}
