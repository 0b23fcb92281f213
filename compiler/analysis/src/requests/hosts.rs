//! Which authorities lead to a virtual host: Envoy's choice of domains as languages. The most specific domain wins:
//! the name itself, the longest `*suffix`, the longest `prefix*`, then `*`.

use std::borrow::Cow;
use std::sync::Arc;

use meshc_effective::model::{RouteTable, VirtualHost};
use meshc_predicate::{Error, Field, Language, Limits, SpaceBuilder, Value};
use rustc_hash::FxHashSet;

use super::envoy;

/// The domains of one table or of two, in lower case.
#[derive(Debug, Default)]
pub(crate) struct Domains<'t> {
    /// Those that are no pattern: in a mesh of thousands of services tens of thousands.
    exact: FxHashSet<Cow<'t, str>>,
    /// The patterns, the more specific ones first.
    patterns: Vec<Cow<'t, str>>,
    ignore_port: bool,
}

/// A name in lower case, as nearly all are.
pub(crate) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_ascii_punctuation() && c != '_' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The rank of a domain: of two that fit, the lower one wins.
fn rank(domain: &str) -> (u8, std::cmp::Reverse<usize>) {
    let kind = match domain {
        "*" => 3,
        d if d.starts_with('*') => 1,
        d if d.ends_with('*') => 2,
        _ => 0,
    };
    (kind, std::cmp::Reverse(domain.len()))
}

/// Whether a domain stands for several names.
pub(crate) fn is_pattern(domain: &str) -> bool {
    rank(domain).0 > 0
}

impl<'t> Domains<'t> {
    /// The domains of these tables, which agree on whether a port counts.
    pub(crate) fn of(tables: impl IntoIterator<Item = &'t RouteTable>) -> Self {
        let mut ignore_port = false;
        // Two tables that are compared share most of their virtual hosts.
        let mut seen = FxHashSet::default();
        let mut hosts = Vec::new();
        for table in tables {
            ignore_port = table.ignore_port_in_host;
            hosts.extend(table.virtual_hosts.iter().filter(|host| seen.insert(Arc::as_ptr(host))));
        }
        Self::of_hosts(hosts, ignore_port)
    }

    /// The domains of these virtual hosts.
    pub(crate) fn of_hosts(hosts: impl IntoIterator<Item = &'t Arc<VirtualHost>>, ignore_port: bool) -> Self {
        let mut all = Self { ignore_port, ..Self::default() };
        for domain in hosts.into_iter().flat_map(|host| &host.domains) {
            let name = lower(domain);
            if is_pattern(&name) {
                all.patterns.push(name);
            } else {
                all.exact.insert(name);
            }
        }
        all.patterns.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
        all.patterns.dedup();
        all
    }

    /// The domain that decides on an authority: Envoy's look-up.
    pub(crate) fn best(&self, authority: &str) -> Option<&str> {
        let lower = lower(authority);
        let key = match (lower.rfind(':'), lower.rfind(']')) {
            (Some(colon), bracket) if self.ignore_port && bracket.is_none_or(|b| b < colon) => {
                &lower[..colon]
            }
            _ => &*lower,
        };
        if let Some(exact) = self.exact.get(key) {
            return Some(exact);
        }
        self.patterns.iter().map(|domain| &**domain).find(|domain| match rank(domain).0 {
            1 => key.len() + 1 > domain.len() && key.ends_with(domain.trim_start_matches('*')),
            2 => key.len() + 1 > domain.len() && key.starts_with(domain.trim_end_matches('*')),
            _ => true,
        })
    }

    /// All of them, the patterns last and the more specific ones first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.exact.iter().chain(&self.patterns).map(|domain| &**domain)
    }

    /// The authorities whose most specific domain is this one.
    pub(crate) fn class(&self, domain: &str) -> Result<Language, Error> {
        let mut language = self.fits(domain)?;
        let own = rank(domain);
        if own.0 > 0 {
            // Suffixes exclude each other unless one ends with the other, prefixes likewise.
            let stem = domain.trim_matches('*');
            let overlaps = |other: &str| match (own.0, rank(other).0) {
                (1, 0) => other.ends_with(stem),
                (1, _) => other.trim_matches('*').ends_with(stem),
                (2, 0) => other.starts_with(stem),
                (2, 2) => other.trim_matches('*').starts_with(stem),
                _ => true,
            };
            for other in self.iter().filter(|other| rank(other) < own && overlaps(other)) {
                language = language.and(self.fits(other)?.negate());
            }
        }
        Ok(language)
    }

    /// The authorities whose most specific domain is one of these.
    pub(crate) fn classes(&self, domains: &[String]) -> Result<Language, Error> {
        let classes = domains.iter().map(|domain| self.class(domain)).collect::<Result<Vec<_>, _>>()?;
        Ok(Language::union(classes))
    }

    /// The authorities that fit a domain, whichever other domain fits better.
    pub(crate) fn fits(&self, domain: &str) -> Result<Language, Error> {
        let key = match rank(domain).0 {
            0 => escape(domain),
            1 => format!(".+{}", escape(domain.trim_start_matches('*'))),
            2 => format!("{}.+", escape(domain.trim_end_matches('*'))),
            _ => ".*".to_owned(),
        };
        let bare = Language::regex(format!("(?is:{key})"))?;
        if !self.ignore_port {
            return Ok(bare);
        }
        // A port is everything from the last colon on, unless that colon is inside brackets.
        let with_port = Language::regex(format!(r"(?is:({key}):[^:\]]*)"))?;
        let has_port = Language::regex(r"(?s).*:[^:\]]*")?;
        Ok(bare.and(has_port.negate()).or(with_port))
    }
}

/// The most readable authority that one of these domains decides on; none if no request has one.
pub(crate) fn representative(
    all: &Domains<'_>,
    domains: &[String],
    limits: &Limits,
) -> Result<Option<String>, Error> {
    for domain in domains {
        let candidate = match rank(domain).0 {
            0 => domain.clone(),
            1 => format!("a{}", domain.trim_start_matches('*')),
            2 => format!("{}a", domain.trim_end_matches('*')),
            _ => "example.com".to_owned(),
        };
        if all.best(&candidate) == Some(domain.as_str()) {
            return Ok(Some(candidate));
        }
    }
    if domains.is_empty() {
        return Ok(None);
    }
    any_of(all.classes(domains)?, limits)
}

/// The most readable authority of a language.
pub(crate) fn any_of(language: Language, limits: &Limits) -> Result<Option<String>, Error> {
    let mut builder = SpaceBuilder::new(*limits);
    let authority = builder.field(field(Language::any())?);
    let wanted = builder.condition(authority, language);
    let space = builder.build()?;
    let found = space.witness(space.condition(wanted));
    Ok(found.and_then(|mut request| match request.remove(&authority) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }))
}

/// The field of authorities within a language.
pub(crate) fn field(within: Language) -> Result<Field, Error> {
    Ok(Field::required("authority", envoy::authorities()?.and(within)).prefer(["example.com"]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use meshc_effective::model::{RouteTable, VirtualHost};
    use meshc_predicate::FieldAtoms;

    use super::*;

    fn table(domains: &[&str], ignore_port: bool) -> RouteTable {
        let host = VirtualHost {
            name: "one".to_owned(),
            domains: domains.iter().map(|d| (*d).to_owned()).collect(),
            routes: meshc_effective::model::Routes::default(),
            include_attempt_count: false,
            require_tls: false,
            origins: Vec::new(),
        };
        RouteTable {
            name: "80".to_owned(),
            virtual_hosts: vec![Arc::new(host)],
            ignore_port_in_host: ignore_port,
        }
    }

    #[test]
    fn each_authority_is_in_the_class_of_its_most_specific_domain() {
        let names = ["a.com", "*.com", "*.b.com", "a.*", "*", "[::1]", "c.com:80"];
        let authorities = [
            "a.com",
            "A.COM",
            "a.com:80",
            "x.b.com",
            ".com",
            "a.net",
            "a.",
            "",
            "[::1]",
            "[::1]:9",
            "c.com:80",
            "c.com:80:1",
        ];
        for ignore_port in [true, false] {
            let table = table(&names, ignore_port);
            let domains = Domains::of([&table]);
            for authority in authorities {
                let holding: Vec<_> = domains
                    .iter()
                    .filter(|domain| {
                        let class = domains.class(domain).expect("a language");
                        let atoms = FieldAtoms::build(
                            &envoy::authorities().expect("a language"),
                            [&class],
                            &Limits::default(),
                        );
                        let atoms = atoms.expect("small");
                        atoms.classify(authority).is_some_and(|atom| atoms.accepts(&class, atom))
                    })
                    .collect();
                assert_eq!(
                    holding,
                    domains.best(authority).into_iter().collect::<Vec<_>>(),
                    "{authority} {ignore_port}"
                );
            }
        }
    }

    #[test]
    fn a_representative_is_the_plainest_authority() {
        let table = table(&["a.com", "*.com", "*"], true);
        let domains = Domains::of([&table]);
        let of =
            |name: &str| representative(&domains, &[name.to_owned()], &Limits::default()).expect("small");
        assert_eq!(of("a.com").as_deref(), Some("a.com"));
        assert_eq!(of("*.com").as_deref(), Some("example.com"));
        assert!(of("*").is_some_and(|authority| domains.best(&authority) == Some("*")));
    }
}
