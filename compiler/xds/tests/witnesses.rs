//! What proofs show, by real Envoy: each route that is called reachable is taken by the request that shows it, a route that
//! is called unreachable is taken by none of many, and each request that shows a change is answered on both sides as it is
//! told. Few in every run, many with `cargo xtask laws --envoy`.

#[path = "../../analysis/tests/mutants/dice.rs"]
mod dice;
#[path = "../../analysis/tests/mutants/model.rs"]
mod model;
#[path = "../../analysis/tests/mutants/mutate/mod.rs"]
#[allow(dead_code, reason = "what a mutant must show is judged elsewhere")]
mod mutate;
mod replay;
#[path = "../../analysis/tests/mutants/write.rs"]
#[allow(dead_code, reason = "only the plain way to write a mesh is needed")]
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dice::Dice;
use meshc_analysis::{Reachable, Side, diff, reachability};
use meshc_effective::model::{EffectiveMesh, Proxy, Route, RouteTable, VirtualHost};
use meshc_testkit::meshes::{Style, mesh, requests};
use meshc_testkit::parts;
use model::Model;
use replay::{Claim, Line, World, compare};
use serde_json::json;

/// Requests to every mesh, of which those are sent that are for a table with unreachable routes.
const TRIES: usize = 200;

/// A mesh whose routes have names that are each there once in their table.
fn named(mesh: &EffectiveMesh) -> EffectiveMesh {
    let proxies = mesh.proxies.iter().map(|proxy| {
        let tables = proxy.tables.iter().map(|(name, table)| (name.clone(), Arc::new(numbered(table))));
        Arc::new(Proxy { tables: Arc::new(tables.collect()), ..Proxy::clone(proxy) })
    });
    EffectiveMesh { proxies: proxies.collect(), ..mesh.clone() }
}

fn numbered(table: &RouteTable) -> RouteTable {
    let hosts = table.virtual_hosts.iter().map(|host| {
        let routes = host.routes.iter().enumerate().map(|(index, route)| {
            let name = format!("{} #{index}", host.name);
            Route { name: Some(name), ..route.clone() }
        });
        Arc::new(VirtualHost { routes: routes.collect::<Vec<_>>().into(), ..VirtualHost::clone(host) })
    });
    RouteTable { virtual_hosts: hosts.collect(), ..table.clone() }
}

/// The names of routes that no request takes, by workload, namespace and table.
type Never = BTreeMap<(String, String, String), Arc<BTreeSet<String>>>;

/// The lines that show which routes of a proxy's tables are reachable, and the names of those that are not.
fn shown(proxy: &Proxy, lines: &mut Vec<Line>, never: &mut Never) {
    for table in proxy.tables.values() {
        let mut of_table = BTreeSet::new();
        for (at, host) in table.virtual_hosts.iter().enumerate() {
            let reached = reachability(table, at, proxy.reader());
            for (route, reach) in host.routes.iter().zip(reached) {
                let name = route.name.clone().unwrap_or_default();
                match (reach.reachable, reach.witness) {
                    (Reachable::No, _) => drop(of_table.insert(name)),
                    (_, Some(request)) => {
                        let line = json!({"proxy": proxy.id.to_string(), "route_table": table.name,
                            "request": request});
                        lines.push(Line { text: line.to_string(), claim: Claim::Takes(name) });
                    }
                    (_, None) => {}
                }
            }
        }
        if !of_table.is_empty() {
            never.insert(place(proxy, &table.name), Arc::new(of_table));
        }
    }
}

fn place(proxy: &Proxy, table: &str) -> (String, String, String) {
    (proxy.id.namespace.clone(), proxy.workload.clone(), table.to_owned())
}

/// The lines of a mesh: what is proved of its routes, and many requests more to tables of which some are unreachable.
fn proved(seed: u64) -> World {
    let files = vec![("mesh.yaml".to_owned(), mesh(seed, Style::Requests))];
    let mut world = World::new(format!("seed {seed}"), files);
    world.mesh = named(&world.mesh);
    let (mut never, mut seen) = (Never::new(), BTreeSet::new());
    for proxy in &world.mesh.proxies {
        // Pods of one workload are alike.
        if seen.insert((&proxy.workload, &proxy.id.namespace)) {
            shown(proxy, &mut world.lines, &mut never);
        }
    }
    for line in requests(seed, Style::Requests, TRIES) {
        let (name, table) = (line["proxy"].as_str(), line["route_table"].as_str());
        let proxy = name.and_then(|name| world.mesh.find(name).ok());
        let names = proxy.zip(table).and_then(|(proxy, table)| never.get(&place(proxy, table)));
        if let Some(names) = names {
            let claim = Claim::TakesNone(Arc::clone(names));
            world.lines.push(Line { text: line.to_string(), claim });
        }
    }
    world
}

#[test]
fn routes_are_taken_as_proved() {
    let worlds: Vec<World> = parts::cases(3).map(proved).collect();
    compare("routes_are_taken_as_proved", &worlds);
}

#[test]
fn changes_are_seen_as_told() {
    let mut worlds = Vec::new();
    for seed in parts::cases(8) {
        let mut dice = Dice::new(seed + 3_000_000);
        let model = Model::generate(&mut dice);
        let way = dice.at(mutate::ways());
        let Some(mutant) = mutate::mutate(&model, way, &mut dice) else { continue };
        let side = |name: &str, model: &Model| {
            World::new(
                format!("seed {seed} {name}, {}", mutant.name),
                write::write(model, write::Style::default()),
            )
        };
        let (mut base, mut head) = (side("before", &model), side("after", &mutant.model));
        let found = diff(
            Side { name: "before", mesh: &base.mesh, sources: &base.sources },
            Side { name: "after", mesh: &head.mesh, sources: &head.sources },
        );
        let witnesses = found.changes.iter().filter_map(|change| change.witness.as_ref());
        let lines: Vec<String> = witnesses
            .map(|witness| serde_json::to_string(witness).expect("a line of trace's input"))
            .collect();
        base = base.asked(lines.clone());
        head = head.asked(lines);
        worlds.extend([base, head]);
    }
    compare("changes_are_seen_as_told", &worlds);
}
