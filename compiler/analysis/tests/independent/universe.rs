//! Requests enough to tell some conditions apart: every literal with its neighbours, samples of every expression, and
//! for each field the value that no condition speaks of.

use std::collections::{BTreeMap, BTreeSet};

use meshc_effective::model::{
    HeaderCondition, HeaderMatch, PathMatch, Permission, Principal, Proxy, QueryCondition, RouteTable,
    RuleSet, SecurityFilter, StringMatch,
};
use regex_syntax::hir::{Class, Hir, HirKind};

use super::Sent;

/// The values of each field; requests are their product.
#[derive(Debug, Clone, Default)]
pub(crate) struct Universe {
    pub(crate) paths: BTreeSet<String>,
    pub(crate) methods: BTreeSet<String>,
    pub(crate) authorities: BTreeSet<String>,
    /// Absent besides these.
    pub(crate) headers: BTreeMap<String, BTreeSet<String>>,
    /// Absent besides these.
    pub(crate) query: BTreeMap<String, BTreeSet<String>>,
    /// Plaintext besides these.
    pub(crate) peers: BTreeSet<String>,
    /// How paths begin, and how they end: of policies that ask for both, some path does.
    begins: BTreeSet<String>,
    ends: BTreeSet<String>,
}

/// The universe of everything that the tables and policies of some proxies speak of.
pub(crate) fn universe<'p>(proxies: impl IntoIterator<Item = &'p Proxy>) -> Universe {
    let mut universe = Universe::default();
    // Someone whom no policy speaks of: where only mutual TLS is taken, nobody else may show what is let in.
    universe.peers.insert("spiffe://cluster.local/ns/default/sa/default".to_owned());
    for proxy in proxies {
        for table in proxy.tables.values() {
            universe.table(table);
        }
        for filter in proxy.security.http.iter().chain(&proxy.security.tcp) {
            if let SecurityFilter::Rbac(rbac) = filter {
                rbac.enforced.iter().chain(&rbac.shadow).for_each(|set| universe.rules(set));
            }
        }
    }
    let begins: Vec<String> = universe.begins.iter().cloned().chain(["/x".to_owned()]).collect();
    for end in universe.ends.clone() {
        let both = begins.iter().map(|begin| format!("{begin}{end}"));
        universe.paths.extend(both.filter(|path| is_normal(path)));
    }
    universe
}

impl Universe {
    /// What a table speaks of.
    pub(crate) fn table(&mut self, table: &RouteTable) {
        self.paths.insert("/".to_owned());
        self.methods.insert("GET".to_owned());
        self.authorities.insert("example.com".to_owned());
        for host in &table.virtual_hosts {
            for domain in &host.domains {
                let inside = domain.replace('*', "a");
                self.authorities.extend([inside.clone(), format!("{inside}:1")]);
            }
            for route in &host.routes {
                self.path(&route.matches.path);
                route.matches.headers.iter().for_each(|header| self.header(header));
                for query in &route.matches.query {
                    let values = self.query.entry(query.name.clone()).or_default();
                    values.insert(String::new());
                    if let QueryCondition::Value(condition) = &query.condition {
                        values.extend(near(condition));
                    }
                }
                if host.require_tls {
                    self.headers
                        .entry("x-forwarded-proto".to_owned())
                        .or_default()
                        .insert("https".to_owned());
                }
            }
        }
    }

    fn path(&mut self, path: &PathMatch) {
        let texts = match path {
            PathMatch::Exact(text) | PathMatch::Prefix(text) | PathMatch::PathSeparatedPrefix(text) => {
                neighbours(text)
            }
            PathMatch::Regex(pattern) => samples(pattern).iter().flat_map(|text| neighbours(text)).collect(),
        };
        self.paths.extend(texts.into_iter().filter(|text| is_normal(text)));
    }

    fn header(&mut self, header: &HeaderMatch) {
        let values: Vec<String> = match &header.condition {
            HeaderCondition::Present => vec![String::new(), "x".to_owned()],
            HeaderCondition::Value(condition) => near(condition),
        };
        match header.name.to_ascii_lowercase().as_str() {
            ":method" => {
                self.methods.extend(values.into_iter().filter(|method| is_method(method)));
                // One that no condition speaks of is among these, unless they speak of nearly all.
                self.methods.extend(["POST", "PUT", "OPTIONS", "PATCH"].map(ToOwned::to_owned));
            }
            ":authority" | "host" => self.authorities.extend(values),
            name if name.starts_with(':') => {}
            name => {
                let all = self.headers.entry(name.to_owned()).or_default();
                all.insert(String::new());
                all.extend(values.into_iter().filter(|value| value.trim() == value));
            }
        }
    }

    fn rules(&mut self, set: &RuleSet) {
        for rule in set.policies.values() {
            rule.permissions.iter().for_each(|asked| self.permission(asked));
            rule.principals.iter().for_each(|who| self.principal(who));
        }
    }

    fn permission(&mut self, asked: &Permission) {
        match asked {
            Permission::All(each) | Permission::AnyOf(each) => {
                for one in each {
                    self.permission(one);
                }
            }
            Permission::Not(inner) => self.permission(inner),
            Permission::Header(header) => self.header(header),
            Permission::Path(path) => {
                match path {
                    StringMatch::Prefix(text) => drop(self.begins.insert(text.clone())),
                    StringMatch::Suffix(text) => drop(self.ends.insert(text.clone())),
                    _ => {}
                }
                self.paths.extend(near(path).into_iter().filter(|text| is_normal(text)));
            }
            Permission::PathTemplate(template) => {
                let filled = template.replace("**", "a/b").replace('*', "a");
                self.paths.extend(neighbours(&filled).into_iter().filter(|text| is_normal(text)));
            }
            _ => {}
        }
    }

    fn principal(&mut self, who: &Principal) {
        match who {
            Principal::All(each) | Principal::AnyOf(each) => each.iter().for_each(|one| self.principal(one)),
            Principal::Not(inner) => self.principal(inner),
            Principal::Header(header) => self.header(header),
            Principal::Peer(name) => {
                self.peers.extend(near(name).into_iter().filter(|name| name.starts_with("spiffe://")));
            }
            _ => {}
        }
    }

    /// Every request: the product of all fields.
    pub(crate) fn requests(&self) -> Vec<Sent> {
        let mut all: Vec<Sent> = Vec::new();
        for path in &self.paths {
            for method in &self.methods {
                for authority in &self.authorities {
                    all.push(Sent {
                        path: path.clone(),
                        method: method.clone(),
                        authority: authority.clone(),
                        ..Sent::default()
                    });
                }
            }
        }
        for (name, values) in &self.headers {
            let with = |sent: &Sent, value: &String| {
                let mut sent = sent.clone();
                sent.headers.insert(name.clone(), value.clone());
                sent
            };
            let more: Vec<Sent> = all.iter().flat_map(|sent| values.iter().map(|v| with(sent, v))).collect();
            all.extend(more);
        }
        for (name, values) in &self.query {
            let with = |sent: &Sent, value: &String| {
                let mut sent = sent.clone();
                sent.query.push((name.clone(), value.clone()));
                sent
            };
            let more: Vec<Sent> = all.iter().flat_map(|sent| values.iter().map(|v| with(sent, v))).collect();
            all.extend(more);
        }
        let by = |sent: &Sent, peer: &String| Sent { peer: Some(peer.clone()), ..sent.clone() };
        let more: Vec<Sent> = all.iter().flat_map(|sent| self.peers.iter().map(|p| by(sent, p))).collect();
        all.extend(more);
        all
    }
}

/// Texts around a condition: some that fulfil it, some that do not.
fn near(condition: &StringMatch) -> Vec<String> {
    match condition {
        StringMatch::Exact(text)
        | StringMatch::Prefix(text)
        | StringMatch::Suffix(text)
        | StringMatch::Contains(text) => neighbours(text),
        StringMatch::Regex(pattern) => samples(pattern).iter().flat_map(|text| neighbours(text)).collect(),
    }
}

/// A text, and what is one letter away from it at its ends, or in another case.
pub(crate) fn neighbours(text: &str) -> Vec<String> {
    let mut all = vec![
        text.to_owned(),
        format!("{text}/"),
        format!("{text}x"),
        format!("{text}/x"),
        format!("x{text}"),
    ];
    let mut shorter = text.to_owned();
    if shorter.pop().is_some() {
        all.push(shorter);
    }
    all.extend([text.to_ascii_uppercase(), text.to_ascii_lowercase()]);
    all
}

/// Some texts that an expression matches, from its syntax: each alternative, each repetition short, one and long, the
/// first and last letter of each class.
pub(crate) fn samples(pattern: &str) -> Vec<String> {
    const MOST: usize = 40;
    fn of(hir: &Hir) -> Vec<String> {
        let mut all = match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => vec![String::new()],
            HirKind::Literal(literal) => vec![String::from_utf8_lossy(&literal.0).into_owned()],
            HirKind::Class(Class::Unicode(class)) => {
                let ends = class.iter().flat_map(|range| [range.start(), range.end()]);
                let mut letters: Vec<char> = ends.filter(char::is_ascii_graphic).collect();
                letters.extend(
                    ['a', '1', '/']
                        .into_iter()
                        .filter(|c| class.iter().any(|range| (range.start()..=range.end()).contains(c))),
                );
                letters.into_iter().map(String::from).collect()
            }
            HirKind::Class(Class::Bytes(class)) => {
                let ends = class.iter().flat_map(|range| [range.start(), range.end()]);
                ends.filter(u8::is_ascii_graphic).map(|byte| char::from(byte).to_string()).collect()
            }
            HirKind::Repetition(repetition) => {
                let once = of(&repetition.sub);
                let least = repetition.min as usize;
                let most = repetition.max.map_or(least + 2, |max| (max as usize).min(least + 2));
                (least..=most)
                    .flat_map(|count| once.iter().take(4).map(move |text| text.repeat(count)))
                    .collect()
            }
            HirKind::Capture(capture) => of(&capture.sub),
            HirKind::Concat(parts) => parts.iter().fold(vec![String::new()], |done, part| {
                let next = of(part);
                let joined = done.iter().flat_map(|a| next.iter().map(move |b| format!("{a}{b}")));
                joined.take(MOST).collect()
            }),
            HirKind::Alternation(parts) => parts.iter().flat_map(of).collect(),
        };
        all.truncate(MOST);
        all
    }
    regex_syntax::parse(pattern).map(|hir| of(&hir)).unwrap_or_default()
}

/// Whether normalisation leaves a path alone, for the simple paths of these worlds.
fn is_normal(path: &str) -> bool {
    path.starts_with('/')
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_~.".contains(&b))
        && path.split('/').all(|segment| segment != "." && segment != "..")
}

fn is_method(text: &str) -> bool {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"].contains(&text)
}
