//! The samples of the bookshop.

use crate::up::fixture::{TERMS, bookshop, world};

#[test]
fn every_route_of_the_bookshop_has_a_sample() {
    let world = world(bookshop(), TERMS, &[]);
    let lines: Vec<String> = super::derive(&world)
        .iter()
        .map(|sample| {
            let request = sample.query.request.as_ref();
            let asked = request.map_or_else(
                || format!("TCP {}", sample.query.port.unwrap_or_default()),
                |r| format!("{} {}{} {:?}", r.method, r.authority, r.path, r.headers),
            );
            let route = sample.route.as_deref().unwrap_or("-");
            format!("{} {asked} ×{} for {route}", sample.proxy.workload, sample.times)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}
