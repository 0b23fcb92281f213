//! Which domains of a virtual host lead to it: those that no earlier one of its table has. Tables of thousands of virtual
//! hosts share most of them, so that what these are called is worked out once.

use std::hash::{BuildHasher as _, BuildHasherDefault};
use std::rc::Rc;
use std::sync::Arc;

use meshc_effective::model::{RouteTable, VirtualHost};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

/// Digests of the domains of virtual hosts, by their places in memory: the meshes hold them.
#[derive(Default)]
pub(super) struct Owners(FxHashMap<usize, Rc<[u64]>>);

/// For each of these virtual hosts of a table its domains, in lower case.
pub(super) fn all_of(table: &RouteTable, places: &[usize]) -> Vec<Vec<String>> {
    let names = |at: &usize| {
        let domains = table.virtual_hosts.get(*at).into_iter().flat_map(|host| &host.domains);
        domains.map(|domain| domain.to_ascii_lowercase()).collect()
    };
    places.iter().map(names).collect()
}

impl Owners {
    /// For each of these virtual hosts of a table the domains that lead to it, in lower case.
    pub(super) fn of(&mut self, table: &RouteTable, places: &[usize]) -> Vec<Vec<String>> {
        let mut all = all_of(table, places);
        let mut wanted: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        for (which, names) in all.iter().enumerate() {
            for name in names {
                wanted.entry(digest(name)).or_default().push(which);
            }
        }
        for (at, host) in table.virtual_hosts.iter().enumerate() {
            for (&known, domain) in self.digests(host).iter().zip(&host.domains) {
                for &which in wanted.get(&known).into_iter().flatten() {
                    if places.get(which).is_some_and(|&place| at < place)
                        && let Some(names) = all.get_mut(which)
                    {
                        names.retain(|name| !name.eq_ignore_ascii_case(domain));
                    }
                }
            }
        }
        all
    }

    /// Whether one of these virtual hosts has a domain that another of the table has, too.
    pub(super) fn share(
        &mut self,
        table: &RouteTable,
        of: &[usize],
        with: &RouteTable,
        others: &[usize],
    ) -> bool {
        let at = |table: &RouteTable, place: usize| table.virtual_hosts.get(place).map(Arc::clone);
        let wanted: FxHashSet<u64> = of
            .iter()
            .filter_map(|&place| at(table, place))
            .flat_map(|host| self.digests(&host).to_vec())
            .collect();
        // Two names with one digest are taken for one name, which costs time and nothing else.
        let mut others = others.iter().filter_map(|&place| at(with, place));
        !wanted.is_empty()
            && others.any(|host| self.digests(&host).iter().any(|digest| wanted.contains(digest)))
    }

    fn digests(&mut self, host: &Arc<VirtualHost>) -> Rc<[u64]> {
        let made = || host.domains.iter().map(|domain| digest(&domain.to_ascii_lowercase())).collect();
        Rc::clone(self.0.entry(Arc::as_ptr(host).addr()).or_insert_with(made))
    }
}

fn digest(name: &str) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_leads_to_the_first_that_has_it() {
        let host = |domains: &[&str]| {
            Arc::new(VirtualHost {
                name: String::new(),
                domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
                routes: meshc_effective::model::Routes::default(),
                include_attempt_count: false,
                require_tls: false,
                origins: Vec::new(),
            })
        };
        let table = RouteTable {
            name: "80".to_owned(),
            virtual_hosts: vec![host(&["a", "B"]), host(&["b", "C"]), host(&["c", "d", "A"])],
            ignore_port_in_host: true,
        };
        let owned = Owners::default().of(&table, &[0, 1, 2]);
        assert_eq!(owned, [vec!["a", "b"], vec!["c"], vec!["d"]]);
        assert_eq!(Owners::default().of(&table, &[2]), [vec!["d"]]);
    }
}
