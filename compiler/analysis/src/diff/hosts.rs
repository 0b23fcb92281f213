//! Which virtual host of one table and which of the other an authority leads to: pairs that together cover every
//! authority that leads anywhere.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_effective::model::{RouteTable, VirtualHost};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::requests::hosts::{Domains, lower};

/// A virtual host of each table (none: no domain fits, 404), and the domains that lead to both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// An index into the first table's virtual hosts.
    pub(super) base: Option<usize>,
    /// An index into the second table's.
    pub(super) head: Option<usize>,
    /// Domains of both tables together, lower case.
    pub(super) domains: Vec<String>,
}

/// One table's look-up; of some of its virtual hosts, where it is known that no domain of the others is asked for.
struct Owners<'t> {
    domains: Domains<'t>,
    owner: FxHashMap<Cow<'t, str>, usize>,
    table: &'t RouteTable,
    has_prefixes: bool,
}

/// Virtual hosts of two tables by name: those with the same domains on both sides, and the places of the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Aligned {
    pub(super) both: Vec<(usize, usize)>,
    pub(super) base: Vec<usize>,
    pub(super) head: Vec<usize>,
}

/// Domains whose authorities do not all lead to the same virtual host of the table that lacks them.
pub(super) struct Mixed(pub(super) String);

impl<'t> Owners<'t> {
    fn new(table: &'t RouteTable, places: &[usize]) -> Self {
        let hosts = || places.iter().filter_map(|&place| Some((place, table.virtual_hosts.get(place)?)));
        let mut owner = FxHashMap::default();
        for (index, host) in hosts() {
            for domain in &host.domains {
                owner.entry(lower(domain)).or_insert(index);
            }
        }
        let domains = Domains::of_hosts(hosts().map(|(_, host)| host), table.ignore_port_in_host);
        let has_prefixes = domains.iter().any(|domain| domain != "*" && domain.ends_with('*'));
        Self { domains, owner, table, has_prefixes }
    }

    /// The virtual host of the authorities whose most specific domain, of both tables, is this one.
    fn of(&self, domain: &str) -> Result<Option<usize>, Mixed> {
        if let Some(&own) = self.owner.get(domain) {
            return Ok(Some(own));
        }
        let authority = match domain {
            "*" => return Ok(None),
            suffix if suffix.starts_with('*') => {
                // A longer suffix than any of this table's; a prefix of this table may fit some of its names.
                let stem = suffix.trim_start_matches('*');
                let fits = |own: &&str| {
                    *own != "*" && own.starts_with('*') && stem.ends_with(own.trim_start_matches('*'))
                };
                if let Some(best) = self.domains.iter().find(fits) {
                    return Ok(self.owner.get(best).copied());
                }
                if self.has_prefixes {
                    return Err(Mixed(domain.to_owned()));
                }
                return Ok(self.owner.get("*").copied());
            }
            prefix if prefix.ends_with('*') => {
                let stem = prefix.trim_end_matches('*');
                let fits = |own: &&str| {
                    *own != "*" && own.ends_with('*') && stem.starts_with(own.trim_end_matches('*'))
                };
                let best = self.domains.iter().find(fits).unwrap_or("*");
                return Ok(self.owner.get(best).copied());
            }
            // A port in the domain would be cut off before names are compared.
            name if self.table.ignore_port_in_host && name.contains(':') && !name.ends_with(']') => {
                format!("{name}:1")
            }
            name => name.to_owned(),
        };
        Ok(self.domains.best(&authority).and_then(|best| self.owner.get(best)).copied())
    }
}

/// Which virtual hosts have one name and the same domains in both tables; none where names tell nothing.
pub(super) fn align(base: &RouteTable, head: &RouteTable) -> Option<Aligned> {
    let (of_base, of_head) = (&base.virtual_hosts, &head.virtual_hosts);
    let mut aligned = Aligned::default();
    let alike = |base: &Arc<VirtualHost>, head: &Arc<VirtualHost>| {
        Arc::ptr_eq(base, head) || (base.name == head.name && base.domains == head.domains)
    };
    // The one for everything else stands last, whatever it is called.
    let ((last_base, rest_base), (last_head, rest_head)) = (of_base.split_last()?, of_head.split_last()?);
    let sorted = |hosts: &[Arc<VirtualHost>]| hosts.is_sorted_by(|a, b| a.name < b.name);
    if !alike(last_base, last_head) || !sorted(rest_base) || !sorted(rest_head) {
        return None;
    }
    let (mut at_base, mut at_head) = (0, 0);
    loop {
        match (rest_base.get(at_base), rest_head.get(at_head)) {
            (Some(in_base), Some(in_head)) if alike(in_base, in_head) => {
                aligned.both.push((at_base, at_head));
                (at_base, at_head) = (at_base + 1, at_head + 1);
            }
            (Some(in_base), in_head) if in_head.is_none_or(|head| in_base.name <= head.name) => {
                aligned.base.push(at_base);
                at_base += 1;
            }
            (_, Some(_)) => {
                aligned.head.push(at_head);
                at_head += 1;
            }
            (_, None) => break,
        }
    }
    aligned.both.push((rest_base.len(), rest_head.len()));
    Some(aligned)
}

/// Every virtual host.
pub(super) fn all(table: &RouteTable) -> Vec<usize> {
    (0..table.virtual_hosts.len()).collect()
}

/// All pairs of these virtual hosts, those of the second table first, in their order; and the domains that cannot be paired.
pub(super) fn pairs(
    (base, in_base): (&RouteTable, &[usize]),
    (head, in_head): (&RouteTable, &[usize]),
) -> (Vec<Pair>, Vec<Mixed>) {
    let (of_base, of_head) = (Owners::new(base, in_base), Owners::new(head, in_head));
    // Domains in the order of the tables, so that the first one of a virtual host stands for it.
    let written = [(head, in_head), (base, in_base)].into_iter().flat_map(|(table, places)| {
        places.iter().filter_map(|&place| table.virtual_hosts.get(place)).flat_map(|host| &host.domains)
    });
    let mut order: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut pairs: Vec<Pair> = Vec::new();
    let mut mixed = Vec::new();
    let mut seen = FxHashSet::default();
    for domain in written.map(|domain| lower(domain)) {
        if !seen.insert(domain.clone()) {
            continue;
        }
        let (in_base, in_head) = match (of_base.of(&domain), of_head.of(&domain)) {
            (Ok(base), Ok(head)) => (base, head),
            (Err(problem), _) | (_, Err(problem)) => {
                mixed.push(problem);
                continue;
            }
        };
        let number = |index: Option<usize>| index.map_or(usize::MAX, |index| index);
        let at = *order.entry((number(in_base), number(in_head))).or_insert_with(|| {
            pairs.push(Pair { base: in_base, head: in_head, domains: Vec::new() });
            pairs.len() - 1
        });
        if let Some(pair) = pairs.get_mut(at) {
            pair.domains.push(domain.into_owned());
        }
    }
    (pairs, mixed)
}
