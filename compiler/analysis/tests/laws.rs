//! Laws of reachability, held against a second implementation: over small cases made by chance, what the algebra of
//! request sets claims of every route is what enumeration by the book finds.
//! Few in every run, 100,000 with `cargo xtask laws`.

mod independent;
mod small;

use std::collections::BTreeSet;

use meshc_analysis::{Equal, Graph, Question, Reachable, Side, WayVerdict, diff, query, reachability};
use meshc_effective::model::{EffectiveMesh, Proxy, ProxyKind, spiffe};
use meshc_testkit::parts::{cases, found};
use meshc_trace::{Direction, Query, Request, Tracer};

use independent::{Fate, Sent, outcome, passes, taken_by, universe};
use small::{Chance, Enumerated, World, edited, requests, table};

#[test]
fn the_algebra_agrees_with_enumeration() {
    let (mut routes, mut unreachable, mut together) = (0_u64, 0_u64, 0_u64);
    let (all, mut tried) = (cases(600), 0_u64);
    for case in all.clone() {
        let table = table(&mut Chance::new(case));
        tried += table.virtual_hosts.len() as u64;
        for at in 0..table.virtual_hosts.len() {
            let host = &table.virtual_hosts[at];
            let reached = reachability(&table, at, ProxyKind::Sidecar.into());
            let enumerated = Enumerated::of(&table, at);
            assert_eq!(reached.len(), host.routes.len(), "case {case}");
            for (index, reach) in reached.iter().enumerate() {
                routes += 1;
                let title = || format!("case {case}, {} route {index}: {reach:?}\n{table:#?}", host.name);
                match &reach.reachable {
                    Reachable::Yes => {
                        let shown = reach.witness.as_ref().unwrap_or_else(|| panic!("{}", title()));
                        let sent = Sent::read(&shown.method, &shown.authority, &shown.path, &shown.headers);
                        let (taker, route) = taken_by(&table, &sent);
                        assert_eq!(taker.map(|taker| &taker.name), Some(&host.name), "{}", title());
                        assert_eq!(route.map(|(index, _)| index), Some(index), "{}", title());
                        assert!(reach.hidden_by.is_empty(), "{}", title());
                    }
                    Reachable::No => {
                        unreachable += 1;
                        together += u64::from(reach.hidden_by.len() > 1);
                        assert_eq!(enumerated.taken[index], 0, "{}", title());
                        assert!(enumerated.covers(index, &reach.hidden_by), "{}", title());
                    }
                    Reachable::Unknown(why) => panic!("{why}: {}", title()),
                }
                if enumerated.taken[index] > 0 {
                    assert_eq!(reach.reachable, Reachable::Yes, "{}", title());
                }
            }
        }
    }
    // What chance made is worth trying only if much of it is hidden, some of it by several together.
    assert!(unreachable * 50 > routes && together * 1_000 > routes, "{routes} {unreachable} {together}");
    found(&[
        ("cases", all.end - all.start),
        ("virtual hosts", tried),
        ("routes", routes),
        ("unreachable", unreachable),
        ("hidden by several together", together),
    ]);
}

/// A mesh of two services and three callers.
const SHOP: &str = include_str!("small/shop.yaml");

/// What the interpreter does with requests as clients write them: a route that is called unreachable takes none of
/// 10,000, and one that is called reachable takes its witness.
#[test]
fn the_interpreter_agrees_with_what_is_claimed() {
    let world = World::new(SHOP);
    let (all, mut unreachable) = (cases(20), 0);
    for case in all.clone() {
        let table = table(&mut Chance::new(case + 1_000_000));
        let mesh = world.with_table(table.clone());
        let proxy = mesh.proxies[0].id.to_string();
        let tracer = Tracer::new(&mesh, &world.sources);
        let mut never: BTreeSet<String> = BTreeSet::new();
        for at in 0..table.virtual_hosts.len() {
            let host = &table.virtual_hosts[at];
            for (route, reach) in host.routes.iter().zip(reachability(&table, at, ProxyKind::Sidecar.into()))
            {
                let name = route.name.clone().unwrap_or_default();
                let Some(shown) = reach.witness else {
                    never.insert(name);
                    continue;
                };
                let sent = Query {
                    proxy: proxy.clone(),
                    route_table: Some(table.name.clone()),
                    direction: Some(Direction::Outbound),
                    request: Some(Request {
                        method: shown.method,
                        authority: shown.authority,
                        path: shown.path,
                        headers: shown.headers.into_iter().collect(),
                    }),
                    ..Query::default()
                };
                let answer = tracer.trace(&sent).unwrap_or_else(|e| panic!("case {case}: {e}"));
                assert_eq!(answer.route, Some(name), "case {case}: {sent:?}");
            }
        }
        unreachable += never.len() as u64;
        // Where nothing is called unreachable, nothing can be refuted.
        let count = if never.is_empty() { 0 } else { 10_000 };
        for sent in requests(&proxy, &table, count, &mut Chance::new(case + 2_000_000)) {
            let Ok(answer) = tracer.trace(&sent) else { continue };
            let taken = answer.route.is_some_and(|route| never.contains(&route));
            assert!(!taken, "case {case}: {sent:?}");
        }
    }
    assert!(unreachable * 2 >= all.end - all.start, "{unreachable}");
    found(&[("cases", all.end - all.start), ("unreachable routes", unreachable)]);
}

/// Two tables of which one is an edit of the other: where the diff finds no change, none of 500 requests is judged to
/// be treated differently, and each of its witnesses is.
#[test]
fn the_diff_agrees_with_the_judge() {
    let world = World::new(SHOP);
    let (all, mut equal, mut different) = (cases(60), 0, 0);
    for case in all.clone() {
        let before = table(&mut Chance::new(case + 4_000_000));
        let after = edited(&before, &mut Chance::new(case + 5_000_000));
        let (was, is) = (world.with_table(before.clone()), world.with_table(after.clone()));
        let side = |name, mesh| Side { name, mesh, sources: &world.sources };
        let told = diff(side("before", &was), side("after", &is));
        // Domains that begin with a star and such as end with one cannot always be paired.
        if !told.unknown.is_empty() {
            continue;
        }
        let differs =
            |sent: &Sent| outcome(&was.proxies[0], &before, sent) != outcome(&is.proxies[0], &after, sent);
        for change in &told.changes {
            let shown = &change.witness.as_ref().unwrap_or_else(|| panic!("case {case}: {change:?}")).request;
            let sent = Sent::read(&shown.method, &shown.authority, &shown.path, &shown.headers);
            assert!(differs(&sent), "case {case}: {change:?}");
        }
        let proxy = was.proxies[0].id.to_string();
        for query in requests(&proxy, &after, 500, &mut Chance::new(case + 6_000_000)) {
            let Some(request) = query.request else { continue };
            // The judge sees paths that are normal.
            if meshc_trace::normalize_path(request.path.split('?').next().unwrap_or_default()).as_deref()
                != request.path.split('?').next()
            {
                continue;
            }
            let headers = request.headers.into_iter().collect();
            let sent = Sent::read(&request.method, &request.authority, &request.path, &headers);
            assert!(told.equal == Equal::No || !differs(&sent), "case {case}: {sent:?}");
        }
        if told.equal == Equal::Yes { equal += 1 } else { different += 1 }
    }
    assert!(equal > 5 && different > 5, "{equal} {different}");
    found(&[("cases", all.end - all.start), ("equal", equal), ("different", different)]);
}

/// Policies by chance for the second service.
fn policies(chance: &mut Chance) -> String {
    let mut text = String::new();
    for number in 0..=chance.below(3) {
        let action = chance.one(&["ALLOW", "ALLOW", "DENY"]);
        text.push_str(&format!(
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p{number}, namespace: shop}}\n\
             spec:\n  action: {action}\n  selector: {{matchLabels: {{app: ratings}}}}\n  rules:\n"
        ));
        for _ in 0..=chance.below(2) {
            let from = chance.one(&[
                "",
                "from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]",
                "from: [{source: {namespaces: [shop]}}]",
                "from: [{source: {notPrincipals: [\"*/sa/batch\"]}}]",
            ]);
            let to = chance.one(&[
                "",
                "to: [{operation: {methods: [GET]}}]",
                "to: [{operation: {paths: [/a, /b*]}}]",
                "to: [{operation: {notPaths: [/a*]}}]",
                "to: [{operation: {methods: [POST], paths: [\"*/b\"]}}]",
            ]);
            let when = chance.one(&["", "", "when: [{key: \"request.headers[v]\", values: [\"1\"]}]"]);
            let parts: Vec<&str> = [from, to, when].into_iter().filter(|part| !part.is_empty()).collect();
            match parts.as_slice() {
                [] => text.push_str("    - {}\n"),
                parts => text.push_str(&format!("    - {}\n", parts.join("\n      "))),
            }
        }
    }
    if chance.below(3) == 0 {
        text.push_str(
            "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: strict, namespace: shop}\n\
             spec: {mtls: {mode: STRICT}}\n",
        );
    }
    text
}

/// Whom policies let in: what is said of each caller is what enumeration finds.
#[test]
fn who_can_reach_what_agrees_with_enumeration() {
    let (all, mut reaches, mut denied) = (cases(40), 0, 0);
    for case in all.clone() {
        let text = format!("{SHOP}{}", policies(&mut Chance::new(case + 3_000_000)));
        let world = World::new(&text);
        let graph = Graph::new(&world.mesh, &world.sources);
        let question = Question { to: Some("ratings".to_owned()), ..Question::default() };
        let answers = query(&graph, "cluster.local", &question).expect("known names");
        for caller in ["web", "batch", "reviews"] {
            let enumerated = arrives(&world.mesh, caller);
            let way = answers.ways.iter().find(|way| way.from == format!("{caller}.shop"));
            let verdict = way.map(|way| way.verdict);
            let expected = if enumerated { WayVerdict::Reaches } else { WayVerdict::Denied };
            assert_eq!(verdict, Some(expected), "case {case}, {caller}: {way:?}\n{text}");
            if enumerated { reaches += 1 } else { denied += 1 }
        }
    }
    assert!(reaches > 20 && denied > 20, "{reaches} {denied}");
    found(&[("cases", all.end - all.start), ("callers let in", reaches), ("turned away", denied)]);
}

/// Whether any request of a caller to ratings is let in.
fn arrives(mesh: &EffectiveMesh, caller: &str) -> bool {
    let of = |name: &str| -> &Proxy {
        mesh.proxies.iter().find(|proxy| proxy.workload == name).unwrap_or_else(|| panic!("no {name}"))
    };
    let (from, to) = (of(caller), of("ratings"));
    let peer = Some(spiffe("cluster.local", "shop", &from.service_account));
    let table = from.tables.get("9080").expect("a table");
    let mut all = universe([from, to]);
    // The caller and the service are known.
    all.authorities = ["ratings".to_owned()].into();
    all.peers.clear();
    all.requests().into_iter().any(|sent| {
        let (host, route) = taken_by(table, &sent);
        let leads_there = host.is_some_and(|host| host.name.starts_with("ratings")) && route.is_some();
        leads_there && passes(to, 9080, &Sent { peer: peer.clone(), ..sent }) == Fate::Passed
    })
}
