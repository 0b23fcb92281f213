//! Which virtual host of one table and which of the other an authority leads to: pairs that together cover every
//! authority that leads anywhere.

use std::collections::{BTreeMap, HashMap};

use meshc_effective::model::RouteTable;

use crate::requests::hosts::Domains;

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

/// One table's look-up.
struct Owners<'t> {
    domains: Domains<'t>,
    owner: HashMap<String, usize>,
    table: &'t RouteTable,
    has_prefixes: bool,
}

/// Domains whose authorities do not all lead to the same virtual host of the table that lacks them.
pub(super) struct Mixed(pub(super) String);

impl<'t> Owners<'t> {
    fn new(table: &'t RouteTable) -> Self {
        let mut owner = HashMap::new();
        for (index, host) in table.virtual_hosts.iter().enumerate() {
            for domain in &host.domains {
                owner.entry(domain.to_ascii_lowercase()).or_insert(index);
            }
        }
        let domains = Domains::of([table]);
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

/// All pairs, those of the second table's virtual hosts first, in their order; and the domains that cannot be paired.
pub(super) fn pairs(base: &RouteTable, head: &RouteTable) -> (Vec<Pair>, Vec<Mixed>) {
    let (of_base, of_head) = (Owners::new(base), Owners::new(head));
    // Domains in the order of the tables, so that the first one of a virtual host stands for it.
    let written = head.virtual_hosts.iter().chain(&base.virtual_hosts).flat_map(|host| &host.domains);
    let mut order: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut pairs: Vec<Pair> = Vec::new();
    let mut mixed = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for domain in written.map(|domain| domain.to_ascii_lowercase()) {
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
            pair.domains.push(domain);
        }
    }
    (pairs, mixed)
}
