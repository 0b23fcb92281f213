//! Works out each list of routes once, however many virtual hosts have it, all of them side by side.

use std::hash::{Hash, Hasher};
use std::ptr;
use std::sync::Arc;

use meshc_effective::model::{Reader, Route};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::known::{Known, authority, plain};
use super::{Asked, Met, RouteReach};

/// What decides the reachability of a list of routes: what they ask for, and who reads it.
#[derive(Clone, Copy)]
struct Asks<'m> {
    routes: &'m [Route],
    reader: Reader,
    require_tls: bool,
    /// Where it matters by which of its domains a virtual host is asked for: its own place.
    own: Option<usize>,
}

impl PartialEq for Asks<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &[Route], b: &[Route]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.matches == b.matches)
        };
        self.reader == other.reader
            && self.require_tls == other.require_tls
            && self.own == other.own
            && same(self.routes, other.routes)
    }
}

impl Eq for Asks<'_> {}

impl Hash for Asks<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.reader, self.require_tls, self.own).hash(state);
        for route in self.routes {
            route.matches.hash(state);
        }
    }
}

/// What a look at one virtual host alone says.
enum Look {
    /// All there is to know.
    Known(Vec<RouteReach>),
    /// Its routes have to be worked out, from which all that ask for the same have theirs; requests ask for this.
    Shared(String),
    /// Its routes have to be worked out for itself: it matters by which of its domains it is asked for.
    Own,
}

fn look(met: &Met<'_>, asked: &Asked<'_>) -> Look {
    let host = met.host();
    if let Some(plain) = plain(asked, host) {
        return Look::Known(plain);
    }
    if met.by_domains {
        return Look::Own;
    }
    match authority(asked, met.at) {
        Ok(Some(authority)) => Look::Shared(authority),
        Ok(None) => Look::Known(vec![RouteReach::no(); host.routes.len()]),
        Err(error) => Look::Known(vec![RouteReach::unknown(error.to_string()); host.routes.len()]),
    }
}

/// Works out each list of routes once, all of them side by side, and gives each virtual host its own.
pub(super) fn work_out<'m>(hosts: &mut [Met<'m>], asked: &FxHashMap<usize, Asked<'m>>) {
    let asked = |met: &Met<'m>| asked.get(&ptr::from_ref(met.table).addr());
    let looks: Vec<Option<Look>> = hosts.par_iter().map(|met| Some(look(met, asked(met)?))).collect();
    let mut by_place: FxHashMap<(usize, Reader, bool), usize> = FxHashMap::default();
    let mut by_asks: FxHashMap<Asks<'m>, usize> = FxHashMap::default();
    // The virtual host that each is worked out for.
    let mut cases: Vec<usize> = Vec::new();
    let mut of_host: Vec<Option<usize>> = vec![None; hosts.len()];
    for ((place, met), look) in hosts.iter_mut().enumerate().zip(looks) {
        let own = match look {
            None => continue,
            Some(Look::Known(reach)) => {
                met.reach = Arc::new(reach);
                continue;
            }
            Some(Look::Own) => Some(place),
            Some(Look::Shared(authority)) => {
                met.authority = Some(authority);
                None
            }
        };
        let (host, reader) = (met.host(), met.proxy.reader());
        let quick = (host.routes.place(), reader, host.require_tls);
        let known = by_place.get(&quick).copied().filter(|_| own.is_none());
        let case = known.unwrap_or_else(|| {
            let asks = Asks { routes: &host.routes, reader, require_tls: host.require_tls, own };
            let case = *by_asks.entry(asks).or_insert_with(|| {
                cases.push(place);
                cases.len() - 1
            });
            if own.is_none() {
                by_place.insert(quick, case);
            }
            case
        });
        of_host[place] = Some(case);
    }
    let shared: &[Met<'m>] = hosts;
    let found: Vec<Arc<Vec<RouteReach>>> = cases
        .par_iter()
        .map(|&place| {
            let Some(met) = shared.get(place) else { return Arc::default() };
            let reach = asked(met).map(|asked| Known::reach(asked, met.at, met.host(), met.proxy.reader()));
            Arc::new(reach.unwrap_or_default())
        })
        .collect();
    for (met, case) in hosts.iter_mut().zip(of_host) {
        if let Some(case) = case {
            met.reach = Arc::clone(&found[case]);
        }
    }
}
