//! The pairs of route tables that follow from where proxies listen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_effective::model::{ChainAction, Proxy, RouteTable};
use rustc_hash::FxHashMap;

use super::listeners::both;
use crate::reach::Site;

/// Two tables that the same connections ask, before and after.
type Pair<'p> = (Site, &'p RouteTable, &'p RouteTable);

/// What was worked out before, by places in memory: the meshes hold what stands there.
#[derive(Default)]
pub(super) struct Cache {
    /// Of two maps of tables, the names of those that are in both and are not one in memory.
    differing: FxHashMap<(usize, usize), Arc<[String]>>,
    /// Whether a listener asks any table.
    asks: FxHashMap<usize, bool>,
}

impl Cache {
    /// The route tables that are asked on both sides and may differ, each pair once.
    pub(super) fn tables<'p>(&mut self, was: &'p Proxy, is: &'p Proxy) -> Vec<Pair<'p>> {
        let listeners = || was.listeners.iter().zip(&is.listeners);
        let one = was.clusters.same(&is.clusters)
            && was.listeners.len() == is.listeners.len()
            && listeners().all(|(a, b)| Arc::ptr_eq(a, b));
        if !one {
            return all(was, is);
        }
        // Where listeners and clusters are one, only other tables can make a difference.
        let places = (Arc::as_ptr(&was.tables).addr(), Arc::as_ptr(&is.tables).addr());
        if places.0 == places.1 {
            return Vec::new();
        }
        let differing = Arc::clone(self.differing.entry(places).or_insert_with(|| differing(was, is)));
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        for listener in &is.listeners {
            let place = Arc::as_ptr(listener).addr();
            if *self.asks.entry(place).or_insert_with(|| listener.tables().next().is_some()) {
                asked.extend(listener.tables());
            }
        }
        let names = differing.iter().filter(|name| asked.contains(name.as_str()));
        let pairs = names.filter_map(|name| {
            Some((Site::Table(name.clone()), &**was.tables.get(name)?, &**is.tables.get(name)?))
        });
        pairs.collect()
    }
}

/// The names of the tables in both maps that are not one in memory.
fn differing(was: &Proxy, is: &Proxy) -> Arc<[String]> {
    let other = |(name, table): &(&String, &Arc<RouteTable>)| {
        was.tables.get(*name).is_some_and(|before| !Arc::ptr_eq(before, table))
    };
    is.tables.iter().filter(other).map(|(name, _)| name.clone()).collect()
}

/// The route tables that are asked on both sides, each pair once.
fn all<'p>(was: &'p Proxy, is: &'p Proxy) -> Vec<Pair<'p>> {
    let mut named: BTreeMap<&str, (&RouteTable, &RouteTable)> = BTreeMap::new();
    let mut inline: BTreeMap<u16, (&RouteTable, &RouteTable)> = BTreeMap::new();
    for (_, before, listener, after) in both(was, is) {
        match (&before.action, &after.action) {
            (ChainAction::HttpTable { table: a, .. }, ChainAction::HttpTable { table: b, .. }) if a == b => {
                if let (Some(before), Some(after)) = (was.tables.get(a), is.tables.get(b)) {
                    named.insert(a, (before, after));
                }
            }
            (ChainAction::HttpInline { table: a, .. }, ChainAction::HttpInline { table: b, .. }) => {
                inline.insert(after.matches.destination_port.unwrap_or(listener.port), (a, b));
            }
            _ => {}
        }
    }
    let named = named.into_iter().map(|(name, (a, b))| (Site::Table(name.to_owned()), a, b));
    named.chain(inline.into_iter().map(|(port, (a, b))| (Site::Inbound(port), a, b))).collect()
}
