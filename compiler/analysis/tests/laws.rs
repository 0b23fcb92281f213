//! Laws of reachability, held against a second implementation: over small cases made by chance, what the algebra of
//! request sets claims of every route is what enumeration by the book finds.
//!
//! `MESHC_CASES=100000 cargo test --release -p meshc-analysis --test laws` tries as many as one likes.

mod independent;
mod small;

use meshc_analysis::{Reachable, reachability};
use meshc_effective::model::ProxyKind;

use independent::{Sent, taken_by};
use small::{Chance, Enumerated, table};

/// How many virtual hosts are tried: as the environment says, else enough for every run.
fn cases(usual: u64) -> u64 {
    std::env::var("MESHC_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

#[test]
fn the_algebra_agrees_with_enumeration() {
    let (mut routes, mut unreachable, mut together) = (0_u64, 0_u64, 0_u64);
    let (wanted, mut tried) = (cases(2_000), 0_u64);
    for case in 0.. {
        if tried >= wanted {
            break;
        }
        let table = table(&mut Chance::new(case));
        tried += table.virtual_hosts.len() as u64;
        for at in 0..table.virtual_hosts.len() {
            let host = &table.virtual_hosts[at];
            let reached = reachability(&table, at, ProxyKind::Sidecar);
            let found = Enumerated::of(&table, at);
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
                        assert_eq!(found.taken[index], 0, "{}", title());
                        assert!(found.covers(index, &reach.hidden_by), "{}", title());
                    }
                    Reachable::Unknown(why) => panic!("{why}: {}", title()),
                }
                if found.taken[index] > 0 {
                    assert_eq!(reach.reachable, Reachable::Yes, "{}", title());
                }
            }
        }
    }
    // What chance made is worth trying only if much of it is hidden, some of it by several together.
    assert!(unreachable * 50 > routes && together * 1_000 > routes, "{routes} {unreachable} {together}");
    #[expect(clippy::print_stdout, reason = "a test's own output is where its reader looks")]
    {
        println!(
            "{tried} virtual hosts, {routes} routes, {unreachable} unreachable, {together} of them hidden by several together"
        );
    }
}
