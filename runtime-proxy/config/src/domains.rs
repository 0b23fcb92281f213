//! Which virtual host a host name belongs to: exact, longest suffix, longest prefix, everything.

use std::collections::HashMap;

use crate::error::{At, ConfigError};

/// The domains of one route table; each leads to the index of a virtual host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Domains {
    exact: HashMap<Box<str>, usize>,
    /// `*.suffix` without the star, by length, longest first.
    suffixes: Vec<(usize, HashMap<Box<str>, usize>)>,
    /// `prefix.*` without the star, by length, longest first.
    prefixes: Vec<(usize, HashMap<Box<str>, usize>)>,
    everything: Option<usize>,
}

impl Domains {
    /// Adds a domain of a virtual host. A domain may stand only once in a table.
    pub(crate) fn insert(&mut self, domain: &str, host: usize, at: &At<'_>) -> Result<(), ConfigError> {
        let lower = domain.to_ascii_lowercase();
        let twice = || at.error(format!("the domain {domain:?} stands twice in the route table"));
        if lower.is_empty() {
            return Err(at.error("a domain must not be empty"));
        }
        if lower == "*" {
            return if self.everything.replace(host).is_none() { Ok(()) } else { Err(twice()) };
        }
        let taken = if let Some(suffix) = lower.strip_prefix('*') {
            by_length(&mut self.suffixes, suffix.len()).insert(suffix.into(), host)
        } else if let Some(prefix) = lower.strip_suffix('*') {
            by_length(&mut self.prefixes, prefix.len()).insert(prefix.into(), host)
        } else {
            self.exact.insert(lower.into(), host)
        };
        if taken.is_none() { Ok(()) } else { Err(twice()) }
    }

    /// The virtual host of an authority. Case does not count; the port does unless it is to be ignored.
    pub(crate) fn find(&self, authority: &str, ignore_port: bool) -> Option<usize> {
        if self.exact.is_empty() && self.suffixes.is_empty() && self.prefixes.is_empty() {
            return self.everything;
        }
        let host = if ignore_port { without_port(authority) } else { authority };
        if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.find_lower(&host.to_ascii_lowercase());
        }
        self.find_lower(host)
    }

    fn find_lower(&self, host: &str) -> Option<usize> {
        if let Some(found) = self.exact.get(host) {
            return Some(*found);
        }
        // The star stands for at least one character.
        for (length, suffixes) in &self.suffixes {
            let end = host
                .len()
                .checked_sub(*length)
                .filter(|start| *start > 0)
                .and_then(|start| host.get(start..));
            if let Some(found) = end.and_then(|end| suffixes.get(end)) {
                return Some(*found);
            }
        }
        for (length, prefixes) in &self.prefixes {
            let start = Some(host).filter(|host| host.len() > *length).and_then(|host| host.get(..*length));
            if let Some(found) = start.and_then(|start| prefixes.get(start)) {
                return Some(*found);
            }
        }
        self.everything
    }
}

type ByLength = Vec<(usize, HashMap<Box<str>, usize>)>;

/// The domains of a length, longest lengths first.
fn by_length(lists: &mut ByLength, length: usize) -> &mut HashMap<Box<str>, usize> {
    let index = match lists.binary_search_by(|(other, _)| length.cmp(other)) {
        Ok(index) => index,
        Err(index) => {
            lists.insert(index, (length, HashMap::new()));
            index
        }
    };
    &mut lists[index].1
}

/// An authority without its port; an IPv6 address keeps its brackets.
pub(crate) fn without_port(authority: &str) -> &str {
    match authority.rfind(':') {
        Some(colon) if authority.rfind(']').is_none_or(|bracket| bracket < colon) => &authority[..colon],
        _ => authority,
    }
}
