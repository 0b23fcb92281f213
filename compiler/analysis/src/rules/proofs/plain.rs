//! Rules of policies of which it is plain, without any algebra, that some request fulfils them: the common ones.

use std::collections::BTreeSet;

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

/// Whether some of these identities may fulfil it, where it is plainly alive.
pub(super) fn takes_one(rule: &RbacPolicy, identities: &BTreeSet<String>) -> bool {
    fn one(who: &Principal, identities: &BTreeSet<String>) -> bool {
        match who {
            Principal::All(all) => all.iter().all(|part| one(part, identities)),
            Principal::AnyOf(any) => any.iter().any(|part| one(part, identities)),
            Principal::Peer(StringMatch::Exact(name)) => identities.contains(name),
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
    let looks = |who: &Principal| format!("{who:?}").contains("Header(");
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
