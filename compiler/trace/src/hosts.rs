//! Which virtual host a request belongs to, by Envoy's rules.

use std::collections::BTreeMap;

use meshc_effective::model::RouteTable;
use serde::Serialize;

/// How a domain was found; the first kind that has one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HostKind {
    /// The host itself.
    Exact,
    /// `*.example.com`: the longest that fits.
    Suffix,
    /// `example.*`: the longest that fits.
    Prefix,
    /// `*`.
    CatchAll,
}

/// The domains of a table, ready for look-up. Positions count in [`RouteTable::virtual_hosts`].
#[derive(Debug, Default)]
pub(crate) struct HostIndex {
    exact: BTreeMap<String, (usize, String)>,
    /// What follows (or precedes) the star, longest first.
    suffixes: Vec<(String, usize, String)>,
    prefixes: Vec<(String, usize, String)>,
    catch_all: Option<(usize, String)>,
    ignore_port: bool,
}

/// A virtual host with the domain that chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundHost {
    /// Its place in the table.
    pub(crate) index: usize,
    /// The domain as the table has it.
    pub(crate) domain: String,
    /// How it was found.
    pub(crate) kind: HostKind,
}

impl HostIndex {
    /// Indexes a table. Of domains that stand twice, which Envoy would refuse, the first counts.
    pub(crate) fn new(table: &RouteTable) -> Self {
        let mut index = Self { ignore_port: table.ignore_port_in_host, ..Self::default() };
        for (at, host) in table.virtual_hosts.iter().enumerate() {
            for written in &host.domains {
                let domain = written.to_ascii_lowercase();
                if domain == "*" {
                    index.catch_all.get_or_insert_with(|| (at, written.clone()));
                } else if let Some(rest) = domain.strip_prefix('*') {
                    index.suffixes.push((rest.to_owned(), at, written.clone()));
                } else if let Some(rest) = domain.strip_suffix('*') {
                    index.prefixes.push((rest.to_owned(), at, written.clone()));
                } else {
                    index.exact.entry(domain).or_insert_with(|| (at, written.clone()));
                }
            }
        }
        // Stable: of two of one length the first written stays first.
        index.suffixes.sort_by_key(|(rest, ..)| std::cmp::Reverse(rest.len()));
        index.prefixes.sort_by_key(|(rest, ..)| std::cmp::Reverse(rest.len()));
        index
    }

    /// The name that is looked for: lower case, without the port where the table ignores it.
    pub(crate) fn key(&self, authority: &str) -> String {
        let host = if self.ignore_port { without_port(authority) } else { authority };
        host.to_ascii_lowercase()
    }

    /// The virtual host of an authority.
    pub(crate) fn find(&self, authority: &str) -> Option<FoundHost> {
        let host = self.key(authority);
        let found = |(index, domain): &(usize, String), kind| FoundHost {
            index: *index,
            domain: domain.clone(),
            kind,
        };
        if let Some(exact) = self.exact.get(&host) {
            return Some(found(exact, HostKind::Exact));
        }
        // The star stands for one character at least.
        let longer = |rest: &str| host.len() > rest.len();
        if let Some((_, index, domain)) = self.suffixes.iter().find(|(r, ..)| longer(r) && host.ends_with(r))
        {
            return Some(FoundHost { index: *index, domain: domain.clone(), kind: HostKind::Suffix });
        }
        if let Some((_, index, domain)) =
            self.prefixes.iter().find(|(r, ..)| longer(r) && host.starts_with(r))
        {
            return Some(FoundHost { index: *index, domain: domain.clone(), kind: HostKind::Prefix });
        }
        self.catch_all.as_ref().map(|all| found(all, HostKind::CatchAll))
    }
}

/// Envoy's `getPortStart`: everything from the last colon on, unless that colon is inside brackets.
pub(crate) fn without_port(authority: &str) -> &str {
    match (authority.rfind(':'), authority.rfind(']')) {
        (Some(colon), bracket) if bracket.is_none_or(|b| b < colon) => &authority[..colon],
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use meshc_effective::model::VirtualHost;

    use super::*;

    fn table(hosts: &[(&str, &[&str])]) -> RouteTable {
        let host = |(name, domains): &(&str, &[&str])| {
            Arc::new(VirtualHost {
                name: (*name).to_owned(),
                domains: domains.iter().map(|d| (*d).to_owned()).collect(),
                routes: meshc_effective::model::Routes::default(),
                include_attempt_count: true,
                require_tls: false,
                origins: Vec::new(),
            })
        };
        RouteTable {
            name: "t".to_owned(),
            virtual_hosts: hosts.iter().map(host).collect(),
            ignore_port_in_host: true,
        }
    }

    /// Recorded from Envoy 1.40.
    #[test]
    fn the_most_specific_domain_wins() {
        let table = table(&[
            ("exact", &["a.b.c"]),
            ("suf", &["*.b.c"]),
            ("suf2", &["*-x.b.c"]),
            ("pre", &["a.*"]),
            ("pre2", &["a.b.*"]),
            ("port", &["p.q:80"]),
            ("v6", &["[::1]"]),
            ("star", &["*"]),
        ]);
        let index = HostIndex::new(&table);
        for (authority, expected) in [
            ("a.b.c", "exact"),
            ("A.B.C", "exact"),
            ("a.b.c:99", "exact"),
            ("a.b.c:x", "exact"),
            ("x.b.c", "suf"),
            ("-x.b.c", "suf"),
            ("y-x.b.c", "suf2"),
            (".b.c", "star"),
            ("b.c", "star"),
            ("a.z", "pre"),
            ("a.b.z", "pre2"),
            ("a.", "star"),
            ("a.b.", "pre"),
            ("a.b.c.", "pre2"),
            ("p.q", "star"),
            ("p.q:80", "star"),
            ("[::1]:80", "v6"),
            ("[::1]", "v6"),
            ("", "star"),
            (":80", "star"),
        ] {
            let found = index.find(authority).map(|f| table.virtual_hosts[f.index].name.clone());
            assert_eq!(found.as_deref(), Some(expected), "{authority:?}");
        }
    }

    #[test]
    fn a_table_that_minds_ports_and_has_no_star() {
        let mut table = table(&[("port", &["p.q:80"])]);
        table.ignore_port_in_host = false;
        let index = HostIndex::new(&table);
        assert_eq!(index.find("P.q:80").map(|f| f.kind), Some(HostKind::Exact));
        assert_eq!(index.find("p.q"), None);
    }
}
