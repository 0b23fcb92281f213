//! Whether virtual hosts have a domain that others have, too. Tables of thousands of virtual hosts share most of them, so
//! that what these are called is worked out once.

use std::hash::{BuildHasher as _, BuildHasherDefault};
use std::rc::Rc;
use std::sync::Arc;

use meshc_effective::model::{RouteTable, VirtualHost};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

/// Digests of the domains of virtual hosts, by their places in memory: the meshes hold them.
#[derive(Default)]
pub(super) struct Digests(FxHashMap<usize, Rc<[u64]>>);

impl Digests {
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
