//! Requests by chance, as clients may write them, and such as are aimed at the conditions of a table.

use meshc_effective::model::RouteTable;
use meshc_trace::{Direction, Query, Request};

use super::Chance;
use crate::independent::Universe;

const PIECES: [&str; 16] =
    ["/", "/", "a", "a", "b", "b", "A", "c", "//", "/./", "/../", "%2f", "%61", "%41", ".", "\\"];
const AUTHORITIES: [&str; 10] = ["a.x", "b.x", "c.x", "a.b", "b.a.x", "A.X:1", "a", "c.a.x", "x", "A.x"];
const VALUES: [&str; 7] = ["", "1", "2", "12", "21", "c", "1,2"];
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "HEAD"];

/// So many requests to a proxy with this table.
pub(crate) fn requests(proxy: &str, table: &RouteTable, count: usize, chance: &mut Chance) -> Vec<Query> {
    let mut universe = Universe::default();
    universe.table(table);
    let aimed: Vec<String> = universe.paths.iter().cloned().collect();
    let query = |chance: &mut Chance| {
        let mut path = if chance.below(2) == 0 && !aimed.is_empty() {
            aimed[chance.below(aimed.len())].clone()
        } else {
            (0..chance.below(6)).fold("/".to_owned(), |path, _| path + chance.one(&PIECES))
        };
        if chance.below(3) == 0 {
            path = format!("{path}?q={}", chance.one(&VALUES));
        }
        let mut headers = Vec::new();
        for name in ["v", "w"] {
            if chance.below(2) == 0 {
                headers.push((name.to_owned(), chance.one(&VALUES).to_owned()));
            }
        }
        Query {
            proxy: proxy.to_owned(),
            route_table: Some(table.name.clone()),
            direction: Some(Direction::Outbound),
            request: Some(Request {
                method: chance.one(&METHODS).to_owned(),
                authority: chance.one(&AUTHORITIES).to_owned(),
                path,
                headers,
            }),
            ..Query::default()
        }
    };
    (0..count).map(|_| query(chance)).collect()
}
