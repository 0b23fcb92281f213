//! A route table as it is asked: which domain leads where, worked out once for all of its virtual hosts.

use std::collections::HashMap;
use std::sync::OnceLock;

use meshc_effective::model::RouteTable;

use crate::requests::hosts::Domains;

/// A route table with its domains.
#[derive(Debug)]
pub(crate) struct Asked<'t> {
    pub(crate) table: &'t RouteTable,
    /// The virtual host of each domain, in lower case: the first that has it.
    owners: OnceLock<HashMap<String, usize>>,
    domains: OnceLock<Domains<'t>>,
    has_others: OnceLock<bool>,
}

/// A name that tables seldom have.
pub(super) const OTHER: &str = "example.com";

/// Whether a domain other than `*` takes a name, or might.
fn takes(domain: &str, name: &str) -> bool {
    match (domain.strip_prefix('*'), domain.strip_suffix('*')) {
        (Some(""), _) => false,
        (Some(suffix), _) => name.ends_with(&suffix.to_ascii_lowercase()),
        (None, Some(prefix)) => name.starts_with(&prefix.to_ascii_lowercase()),
        (None, None) => domain.eq_ignore_ascii_case(name),
    }
}

impl<'t> Asked<'t> {
    pub(crate) fn new(table: &'t RouteTable) -> Self {
        Self { table, owners: OnceLock::new(), domains: OnceLock::new(), has_others: OnceLock::new() }
    }

    fn owners(&self) -> &HashMap<String, usize> {
        self.owners.get_or_init(|| {
            let mut owners = HashMap::new();
            for (at, host) in self.table.virtual_hosts.iter().enumerate() {
                for domain in &host.domains {
                    owners.entry(domain.to_ascii_lowercase()).or_insert(at);
                }
            }
            owners
        })
    }

    /// The domains that lead to a virtual host: those that no earlier one has.
    pub(crate) fn own(&self, at: usize) -> Vec<String> {
        let Some(host) = self.table.virtual_hosts.get(at) else { return Vec::new() };
        let lower = host.domains.iter().map(|domain| domain.to_ascii_lowercase());
        lower.filter(|domain| self.owners().get(domain) == Some(&at)).collect()
    }

    /// Whether the virtual host for all others gets the requests for [`OTHER`].
    pub(super) fn has_others(&self) -> bool {
        *self.has_others.get_or_init(|| {
            let mut domains = self.table.virtual_hosts.iter().flat_map(|host| &host.domains);
            !domains.any(|domain| takes(domain, OTHER))
        })
    }

    /// All domains.
    pub(crate) fn domains(&self) -> &Domains<'t> {
        self.domains.get_or_init(|| Domains::of([self.table]))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use meshc_effective::model::VirtualHost;

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
        let owned = [0, 1, 2].map(|at| Asked::new(&table).own(at));
        assert_eq!(owned, [vec!["a", "b"], vec!["c"], vec!["d"]]);
        assert_eq!([Asked::new(&table).own(2)], [vec!["d"]]);
    }
}
