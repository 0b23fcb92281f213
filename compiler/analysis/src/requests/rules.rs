//! Rules about who may do what as Boolean combinations of conditions on fields, the caller's identity among them.

use std::net::IpAddr;

use meshc_effective::model::{Permission, Principal, RbacPolicy, Reader, RuleSet, StringMatch};
use meshc_predicate::{Error, Language};
use meshc_trace::{Regexes, template_regex};

use super::builder::{ModelBuilder, Part};
use super::conditions::{Formula, Read, claim, header, refused, string};

/// What is known of the caller's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer<'a> {
    /// Nothing: it is a field of the request like others.
    Anyone,
    /// It has none: plaintext.
    Nobody,
    /// The SPIFFE identity.
    Is(&'a str),
}

/// What is known of the connection in which rules are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The port that it is made to.
    pub(crate) port: u16,
    /// The pod's address, where it is known.
    pub(crate) destination: Option<IpAddr>,
    /// The caller's address; any is as good where no rule asks for it.
    pub(crate) source: Option<IpAddr>,
    /// Whose rules they are.
    pub(crate) proxy: Reader,
    /// Bytes, of which nothing of HTTP is seen.
    pub(crate) tcp: bool,
    /// Who calls.
    pub(crate) peer: Peer<'a>,
}

impl Formula {
    /// What any of the rules matches.
    pub(super) fn of_rules(
        builder: &mut ModelBuilder,
        rules: &RuleSet,
        place: Place<'_>,
    ) -> Result<Self, Error> {
        let any = rules.policies.values().map(|rule| Self::of_rule(builder, rule, place));
        Ok(Self::Any(any.collect::<Result<_, _>>()?))
    }

    /// What one rule matches.
    pub(super) fn of_rule(
        builder: &mut ModelBuilder,
        rule: &RbacPolicy,
        place: Place<'_>,
    ) -> Result<Self, Error> {
        let permissions = rule.permissions.iter().map(|one| permission(builder, one, place));
        let asked = Self::Any(permissions.collect::<Result<_, _>>()?);
        let principals = rule.principals.iter().map(|one| principal(builder, one, place));
        let by_whom = Self::Any(principals.collect::<Result<_, _>>()?);
        Ok(Self::All(vec![asked, by_whom]))
    }

    /// What each group of conditions of a rule that must all hold has in it, each alone.
    pub(super) fn of_conditions(
        builder: &mut ModelBuilder,
        rule: &RbacPolicy,
        place: Place<'_>,
    ) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        for one in &rule.permissions {
            match one {
                Permission::All(parts) => {
                    for part in parts {
                        all.push(permission(builder, part, place)?);
                    }
                }
                one => all.push(permission(builder, one, place)?),
            }
        }
        for one in &rule.principals {
            match one {
                Principal::All(parts) => {
                    for part in parts {
                        all.push(principal(builder, part, place)?);
                    }
                }
                one => all.push(principal(builder, one, place)?),
            }
        }
        Ok(all)
    }
}

fn constant(holds: bool) -> Formula {
    if holds { Formula::Always } else { Formula::Never }
}

fn permission(builder: &mut ModelBuilder, of: &Permission, place: Place<'_>) -> Result<Formula, Error> {
    let each = |builder: &mut ModelBuilder, of: &[Permission]| -> Result<Vec<Formula>, Error> {
        of.iter().map(|one| permission(builder, one, place)).collect()
    };
    Ok(match of {
        Permission::Any => Formula::Always,
        Permission::All(all) => Formula::All(each(builder, all)?),
        Permission::AnyOf(any) => Formula::Any(each(builder, any)?),
        Permission::Not(inner) => Formula::Not(Box::new(permission(builder, inner, place)?)),
        Permission::DestinationIp(block) => match place.destination {
            Some(address) => constant(block.contains(address)),
            None => builder.usually(false, "the pod's address is not known"),
        },
        Permission::DestinationPort(port) => constant(*port == place.port),
        Permission::ServerName(name) => {
            let of_none = holds(name, "");
            builder.usually(of_none, &format!("the name in TLS's ClientHello is asked for: {name:?}"))
        }
        Permission::Header(_) | Permission::Path(_) | Permission::PathTemplate(_) if place.tcp => {
            Formula::Never
        }
        Permission::Header(condition) => header(builder, condition)?,
        Permission::Path(path) => match string(path)? {
            Read::Language(language) => on_path(builder, language)?,
            Read::Refused(complaint) => refused(builder, complaint),
        },
        Permission::PathTemplate(template) => match string(&StringMatch::Regex(template_regex(template)))? {
            Read::Language(language) => on_path(builder, language)?,
            Read::Refused(complaint) => refused(builder, complaint),
        },
        Permission::Metadata(metadata) => {
            builder.usually(false, &format!("what an earlier filter left is asked for: {metadata:?}"))
        }
    })
}

fn principal(builder: &mut ModelBuilder, of: &Principal, place: Place<'_>) -> Result<Formula, Error> {
    let each = |builder: &mut ModelBuilder, of: &[Principal]| -> Result<Vec<Formula>, Error> {
        of.iter().map(|one| principal(builder, one, place)).collect()
    };
    Ok(match of {
        Principal::Any => Formula::Always,
        Principal::All(all) => Formula::All(each(builder, all)?),
        Principal::AnyOf(any) => Formula::Any(each(builder, any)?),
        Principal::Not(inner) => Formula::Not(Box::new(principal(builder, inner, place)?)),
        Principal::Peer(name) => match (place.peer, string(name)?) {
            (Peer::Nobody, _) => Formula::Never,
            (Peer::Is(peer), Read::Language(_)) => constant(holds(name, peer)),
            (Peer::Anyone, Read::Language(language)) => {
                let field = builder.field(Part::Peer)?;
                Formula::Holds(builder.space.condition(field, language))
            }
            (_, Read::Refused(complaint)) => refused(builder, complaint),
        },
        Principal::DirectIp(_) | Principal::RemoteIp(_) if place.source.is_none() => {
            builder.usually(false, "the client's address is asked for")
        }
        Principal::DirectIp(block) => constant(place.source.is_some_and(|source| block.contains(source))),
        Principal::RemoteIp(block) => {
            let from_there = place.source.is_some_and(|source| block.contains(source));
            if place.proxy.believes_forwarded {
                builder.usually(from_there, "the client's address is asked for")
            } else {
                constant(from_there)
            }
        }
        Principal::Header(_) if place.tcp => Formula::Never,
        Principal::Header(condition) => header(builder, condition)?,
        Principal::Metadata(metadata) => {
            builder.usually(false, &format!("a claim of a valid token is asked for: {}", claim(metadata)))
        }
    })
}

fn on_path(builder: &mut ModelBuilder, language: Language) -> Result<Formula, Error> {
    let field = builder.field(Part::Path)?;
    Ok(Formula::Holds(builder.space.condition(field, language)))
}

/// Whether a condition holds for a text.
pub(crate) fn holds(condition: &StringMatch, text: &str) -> bool {
    match condition {
        StringMatch::Exact(wanted) => text == wanted,
        StringMatch::Prefix(wanted) => text.starts_with(wanted),
        StringMatch::Suffix(wanted) => text.ends_with(wanted),
        StringMatch::Contains(wanted) => text.contains(wanted),
        // An expression that RE2 refuses was taken care of before.
        StringMatch::Regex(pattern) => Regexes::default().full_match(pattern, text).unwrap_or(false),
    }
}
