//! Rules of policies of which it is plain, without any algebra, that some request fulfils them: the common ones.

use std::collections::BTreeSet;
use std::ops::Bound;

use meshc_effective::model::{HeaderCondition, Permission, Principal, RbacPolicy, StringMatch};

use crate::requests::holds;

/// What a condition looks at; none if it is not plain.
type Field = Option<String>;

/// Whether each condition of a rule looks at a field of its own, and at what a request can have there.
pub(super) fn is_plainly_alive(rule: &RbacPolicy) -> bool {
    let permissions = rule.permissions.iter().any(|one| match one {
        Permission::Any => true,
        Permission::All(all) => are_apart(all.iter().map(asked)),
        one => asked(one).is_some(),
    });
    let principals = rule.principals.iter().any(|one| match one {
        Principal::Any => true,
        Principal::All(all) => are_apart(all.iter().map(asking)),
        one => asking(one).is_some(),
    });
    permissions && principals && headers_are_apart(rule)
}

/// Whether it is plain of some rules that each of them decides about a request that none of the others matches: each is
/// alive, and matches a caller of its own.
pub(super) fn are_plainly_alive(rules: &[&RbacPolicy]) -> bool {
    rules.iter().all(|rule| is_plainly_alive(rule))
        && rules.iter().enumerate().all(|(at, rule)| {
            let others = || rules.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, rule)| *rule);
            rules.len() == 1
                || names(rule).iter().any(|name| others().all(|other| is_plainly_not_of(other, name)))
        })
}

/// The callers that are named in full, where nothing else is asked of them.
fn names(rule: &RbacPolicy) -> Vec<&str> {
    fn of<'r>(who: &'r Principal, names: &mut Vec<&'r str>) {
        match who {
            Principal::Peer(StringMatch::Exact(name)) if name.starts_with("spiffe://") => names.push(name),
            Principal::AnyOf(any) => any.iter().for_each(|one| of(one, names)),
            Principal::All(all) if all.len() == 1 => all.iter().for_each(|one| of(one, names)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    rule.principals.iter().for_each(|who| of(who, &mut all));
    all
}

/// Whether a rule asks for callers, and this one is none of them.
fn is_plainly_not_of(rule: &RbacPolicy, name: &str) -> bool {
    fn apart(who: &Principal, name: &str) -> bool {
        match who {
            Principal::Peer(StringMatch::Regex(_)) => false,
            Principal::Peer(other) => !holds(other, name),
            Principal::AnyOf(any) => any.iter().all(|one| apart(one, name)),
            Principal::All(all) => all.iter().any(|one| apart(one, name)),
            _ => false,
        }
    }
    rule.principals.iter().all(|who| apart(who, name))
}

/// Whether some of these identities may fulfil it, where it is plainly alive.
pub(super) fn takes_one(rule: &RbacPolicy, identities: &BTreeSet<String>) -> bool {
    fn one(who: &Principal, identities: &BTreeSet<String>) -> bool {
        match who {
            Principal::All(all) => all.iter().all(|part| one(part, identities)),
            Principal::AnyOf(any) => any.iter().any(|part| one(part, identities)),
            Principal::Peer(StringMatch::Exact(name)) => identities.contains(name),
            Principal::Peer(StringMatch::Prefix(start)) => {
                let next =
                    identities.range::<str, _>((Bound::Included(start.as_str()), Bound::Unbounded)).next();
                next.is_some_and(|identity| identity.starts_with(start.as_str()))
            }
            Principal::Peer(name) => identities.iter().any(|identity| holds(name, identity)),
            // Claims and addresses are nobody's by name.
            Principal::Any => !identities.is_empty(),
            _ => false,
        }
    }
    rule.principals.iter().any(|who| one(who, identities))
}

fn are_apart(fields: impl Iterator<Item = Field>) -> bool {
    let mut seen = BTreeSet::new();
    fields.into_iter().all(|field| field.is_some_and(|field| field.is_empty() || seen.insert(field)))
}

/// A header that both what is asked and who asks look at is not plain.
fn headers_are_apart(rule: &RbacPolicy) -> bool {
    fn looks(who: &Principal) -> bool {
        match who {
            Principal::Header(_) => true,
            Principal::All(each) | Principal::AnyOf(each) => each.iter().any(looks),
            Principal::Not(inner) => looks(inner),
            _ => false,
        }
    }
    !rule.principals.iter().any(looks)
}

fn asked(permission: &Permission) -> Field {
    match permission {
        Permission::Any => Some(String::new()),
        Permission::AnyOf(any) => same(any.iter().map(asked)),
        Permission::All(all) if all.len() == 1 => all.first().and_then(asked),
        Permission::Path(path) => plain(path).then(|| ":path".to_owned()),
        Permission::Header(header) if !header.invert => match &header.condition {
            HeaderCondition::Value(value) if is_possible(&header.name, value) => {
                Some(header.name.to_ascii_lowercase())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Texts that a field can be, at a glance: normal paths, methods of HTTP.
fn is_possible(name: &str, value: &StringMatch) -> bool {
    match (name, value) {
        (":method", StringMatch::Exact(method)) => meshc_envoy::request::METHODS.contains(&method.as_str()),
        (":authority", StringMatch::Exact(_) | StringMatch::Prefix(_)) => true,
        _ => false,
    }
}

fn plain(path: &StringMatch) -> bool {
    match path {
        StringMatch::Exact(text) | StringMatch::Prefix(text) => {
            meshc_trace::normalize_path(text).as_deref() == Some(text)
        }
        _ => false,
    }
}

fn asking(principal: &Principal) -> Field {
    match principal {
        Principal::Any => Some(String::new()),
        Principal::AnyOf(any) => same(any.iter().map(asking)),
        Principal::All(all) if all.len() == 1 => all.first().and_then(asking),
        Principal::Peer(_) => Some("peer".to_owned()),
        _ => None,
    }
}

/// The field of alternatives: all of one.
fn same(mut fields: impl Iterator<Item = Field>) -> Field {
    let first = fields.next().flatten()?;
    fields.all(|field| field.as_ref() == Some(&first)).then_some(first)
}
