//! Every request of a small world: each path over the letters, and for the other fields each value that counts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use meshc_effective::model::{RouteMatch, RouteTable};

use crate::independent::Sent;
use crate::independent::{host_of, path_holds, rest_holds};

/// Sets of paths, a bit for each.
type Paths = Rc<Vec<u64>>;

thread_local! {
    static PATHS: Vec<String> = paths();
    /// The paths of each condition on them.
    static KNOWN: RefCell<HashMap<String, Paths>> = RefCell::default();
}

/// Every path of up to four letters.
fn paths() -> Vec<String> {
    let mut all = vec!["/".to_owned()];
    let mut from = 0;
    for _ in 0..4 {
        let to = all.len();
        for at in from..to {
            for letter in ["a", "b", "A", "/", "c"] {
                all.push(format!("{}{letter}", all[at]));
            }
        }
        from = to;
    }
    all
}

fn paths_of(conditions: &RouteMatch) -> Paths {
    let key = format!("{:?} {}", conditions.path, conditions.case_sensitive);
    if let Some(known) = KNOWN.with_borrow(|known| known.get(&key).cloned()) {
        return known;
    }
    let set = PATHS.with(|paths| {
        let mut set = vec![0_u64; paths.len().div_ceil(64)];
        for (at, path) in paths.iter().enumerate() {
            set[at / 64] |= u64::from(path_holds(conditions, path)) << (at % 64);
        }
        Rc::new(set)
    });
    KNOWN.with_borrow_mut(|known| known.insert(key, Rc::clone(&set)));
    set
}

/// What enumeration finds of the routes of one virtual host.
pub(crate) struct Enumerated {
    /// How many requests each route takes.
    pub(crate) taken: Vec<u64>,
    /// For each choice of the other fields that leads to the virtual host, the paths that each route asks for.
    asked: Vec<Vec<Option<Paths>>>,
}

impl Enumerated {
    /// Tries every request.
    pub(crate) fn of(table: &RouteTable, host: usize) -> Self {
        let routes = &table.virtual_hosts[host].routes;
        let looks = |name: &str| {
            routes.iter().any(|route| route.matches.headers.iter().any(|header| header.name == name))
        };
        let values = |looked: bool| -> Vec<Option<&str>> {
            let all = [None, Some(""), Some("1"), Some("2"), Some("12"), Some("21"), Some("c")];
            all.into_iter().take(if looked { all.len() } else { 1 }).collect()
        };
        let queries = routes.iter().any(|route| !route.matches.query.is_empty());
        let methods = ["PUT", "GET", "POST"].into_iter().take(if looks(":method") { 3 } else { 1 });
        let authorities = ["a.x", "b.x", "c.x", "a.b", "b.a.x", "b", "A.X:1", "a", "c.a.x", "x"];
        let mut all = Vec::new();
        let mut taken = vec![0_u64; routes.len()];
        for authority in authorities.into_iter().filter(|authority| host_of(table, authority) == Some(host)) {
            for method in methods.clone() {
                for v in values(looks("v")) {
                    for w in values(looks("w")) {
                        for q in values(queries) {
                            let headers = [("v", v), ("w", w)];
                            let headers =
                                headers.iter().filter_map(|(n, v)| Some(((*n).to_owned(), (*v)?.to_owned())));
                            let sent = Sent {
                                method: method.to_owned(),
                                authority: authority.to_owned(),
                                headers: headers.collect(),
                                query: q.iter().map(|q| ("q".to_owned(), (*q).to_owned())).collect(),
                                ..Sent::default()
                            };
                            let asked: Vec<Option<Paths>> = routes
                                .iter()
                                .map(|route| {
                                    rest_holds(&route.matches, &sent).then(|| paths_of(&route.matches))
                                })
                                .collect();
                            count(&asked, &mut taken);
                            all.push(asked);
                        }
                    }
                }
            }
        }
        Self { taken, asked: all }
    }

    /// Whether some routes together take every request that a route asks for.
    pub(crate) fn covers(&self, route: usize, by: &[usize]) -> bool {
        self.asked.iter().all(|asked| {
            let Some(wanted) = &asked[route] else { return true };
            let taken = |word: usize| {
                by.iter().filter_map(|&by| asked[by].as_ref()).fold(0, |all, set| all | set[word])
            };
            wanted.iter().enumerate().all(|(word, bits)| bits & !taken(word) == 0)
        })
    }
}

/// The first that asks for a request takes it.
fn count(asked: &[Option<Paths>], taken: &mut [u64]) {
    let words = PATHS.with(|paths| paths.len().div_ceil(64));
    let mut left = vec![u64::MAX; words];
    for (asked, taken) in asked.iter().zip(taken) {
        let Some(asked) = asked else { continue };
        for (left, asked) in left.iter_mut().zip(asked.iter()) {
            *taken += u64::from((*left & asked).count_ones());
            *left &= !asked;
        }
    }
}
