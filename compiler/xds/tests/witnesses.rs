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

use std::collections::BTreeSet;
use std::sync::Arc;

use dice::Dice;
use meshc_analysis::{Reachable, Side, diff, reachability};
use meshc_effective::model::{EffectiveMesh, Proxy, Route, RouteTable, VirtualHost};
use meshc_testkit::meshes::{Style, mesh, requests};
use meshc_testkit::parts;
use model::Model;
use replay::{Claim, Line, World, compare};
use serde_json::json;

/// Requests that are sent where a route is called unreachable.
const TRIES: usize = 100;

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

/// The lines that show which routes of a proxy's tables are reachable; the names of those that are not.
fn shown(proxy: &Proxy, lines: &mut Vec<Line>) -> BTreeSet<String> {
    let mut never = BTreeSet::new();
    for table in proxy.tables.values() {
        for (at, host) in table.virtual_hosts.iter().enumerate() {
            let reached = reachability(table, at, proxy.reader());
            for (route, reach) in host.routes.iter().zip(reached) {
                let name = route.name.clone().unwrap_or_default();
                match (reach.reachable, reach.witness) {
                    (Reachable::No, _) => drop(never.insert(name)),
                    (_, Some(request)) => {
                        let line = json!({"proxy": proxy.id.to_string(), "route_table": table.name,
                            "request": request});
                        lines.push(Line { text: line.to_string(), claim: Claim::Takes(name) });
                    }
                    (_, None) => {}
                }
            }
        }
    }
    never
}

#[test]
fn routes_are_taken_as_proved() {
    let world = |seed| {
        let files = vec![("mesh.yaml".to_owned(), mesh(seed, Style::Requests))];
        let mut world = World::new(format!("seed {seed}"), files);
        world.mesh = named(&world.mesh);
        let mut never = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for proxy in &world.mesh.proxies {
            // What two proxies share is proved once.
            if seen.insert((&proxy.workload, &proxy.id.namespace)) {
                never.extend(shown(proxy, &mut world.lines));
            }
        }
        let never = Arc::new(never);
        let tries = if never.is_empty() { 0 } else { TRIES };
        let more = requests(seed, Style::Requests, tries).into_iter();
        world.lines.extend(
            more.map(|line| Line { text: line.to_string(), claim: Claim::TakesNone(Arc::clone(&never)) }),
        );
        world
    };
    let worlds: Vec<World> = parts::cases(3).map(world).collect();
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
