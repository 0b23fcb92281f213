//! Rules about who may do what, as Envoy's RBAC filter decides.

use std::net::IpAddr;

use meshc_effective::model::{
    ExternalAuthorization, MetadataMatch, Origin, Permission, Principal, Rbac, RbacAction, RbacPolicy,
    RuleSet, ValueMatch,
};
use meshc_re2::Error as Re2Error;
use serde_json::{Map, Value};

use super::{Connection, Step, template};
use crate::TraceError;
use crate::matching::{header_matches, string_matches};
use crate::regexes::Regexes;
use crate::seen::Seen;

/// Under whose name the filter of HTTP leaves what its shadow found.
pub(super) const HTTP_FILTER: &str = "envoy.filters.http.rbac";

/// Under whose name the filter of TCP leaves what its shadow found.
pub(super) const NETWORK_FILTER: &str = "envoy.filters.network.rbac";

/// Behind the shadow's prefix: the rule that matched.
const MATCHED_RULE: &str = "shadow_effective_policy_id";

/// All that conditions ask about.
pub(super) struct Facts<'f> {
    /// The request; none for bytes.
    pub(super) seen: Option<&'f Seen>,
    pub(super) connection: &'f Connection,
    /// What earlier filters left.
    pub(super) metadata: &'f Map<String, Value>,
    pub(super) regexes: &'f Regexes,
}

/// What the filter decides.
pub(super) struct Decision<'m> {
    pub(super) passes: bool,
    /// What decided, for people; none where nothing holds.
    pub(super) step: Option<Step<'m>>,
    /// What it leaves for later filters.
    pub(super) marks: Map<String, Value>,
}

/// Decides.
pub(super) fn decide<'m>(rbac: &'m Rbac, facts: &Facts<'_>) -> Result<Decision<'m>, TraceError> {
    let mut marks = Map::new();
    if let Some(shadow) = &rbac.shadow
        && let Some((name, _)) = first_match(shadow, facts)?
    {
        let mut found = Map::new();
        found.insert(format!("{}{MATCHED_RULE}", rbac.shadow_prefix), Value::String(name.clone()));
        let filter = if facts.seen.is_some() { HTTP_FILTER } else { NETWORK_FILTER };
        marks.insert(filter.to_owned(), Value::Object(found));
    }
    let Some(rules) = &rbac.enforced else { return Ok(Decision { passes: true, step: None, marks }) };
    let matched = first_match(rules, facts)?;
    let (passes, text) = match (rules.action, &matched) {
        (RbacAction::Allow, Some((name, _))) => (true, format!("{name} allows it")),
        (RbacAction::Allow, None) => (false, "no rule of the ALLOW policies matches".to_owned()),
        (RbacAction::Deny, Some((name, _))) => (false, format!("{name} denies it")),
        (RbacAction::Deny, None) => (true, "no rule of the DENY policies matches".to_owned()),
        (RbacAction::Log, Some((name, _))) => (true, format!("{name} marks it for the audit")),
        (RbacAction::Log, None) => (true, "no rule of the AUDIT policies matches".to_owned()),
    };
    let of_set = || rules.origins.iter().collect();
    let origins: Vec<&Origin> = matched.map_or_else(of_set, |(_, policy)| policy.origins.iter().collect());
    Ok(Decision { passes, step: Some(Step { text, origins }), marks })
}

/// Whether the filter before marked a rule of this provider.
pub(super) fn is_marked(metadata: &Map<String, Value>, by: &str, external: &ExternalAuthorization) -> bool {
    let prefix = format!("istio-ext-authz-{}", external.provider);
    let marked = metadata.get(by).and_then(|found| found.get(format!("istio_ext_authz_{MATCHED_RULE}")));
    marked.and_then(Value::as_str).is_some_and(|rule| rule.starts_with(&prefix))
}

type Named<'m> = (&'m String, &'m RbacPolicy);

/// The first rule by name of which a permission and a principal hold.
fn first_match<'m>(rules: &'m RuleSet, facts: &Facts<'_>) -> Result<Option<Named<'m>>, TraceError> {
    for (name, policy) in &rules.policies {
        let by = |error: TraceError| error.about(name);
        if any(&policy.permissions, |permission| facts.permission(permission)).map_err(by)?
            && any(&policy.principals, |principal| facts.principal(principal)).map_err(by)?
        {
            return Ok(Some((name, policy)));
        }
    }
    Ok(None)
}

fn any<T, E>(of: &[T], holds: impl Fn(&T) -> Result<bool, E>) -> Result<bool, E> {
    for one in of {
        if holds(one)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn all<T, E>(of: &[T], holds: impl Fn(&T) -> Result<bool, E>) -> Result<bool, E> {
    Ok(!any(of, |one| holds(one).map(|holds| !holds))?)
}

impl Facts<'_> {
    fn permission(&self, of: &Permission) -> Result<bool, TraceError> {
        Ok(match of {
            Permission::Any => true,
            Permission::All(each) => all(each, |one| self.permission(one))?,
            Permission::AnyOf(each) => any(each, |one| self.permission(one))?,
            Permission::Not(inner) => !self.permission(inner)?,
            Permission::DestinationIp(block) => {
                block.contains(known(self.connection.destination, "the address of the pod")?)
            }
            Permission::DestinationPort(port) => self.connection.port == *port,
            Permission::ServerName(name) => {
                string_matches(name, &self.connection.server_name, false, self.regexes)?
            }
            Permission::Header(header) => {
                let value = self.seen.and_then(|seen| seen.header(&header.name));
                header_matches(header, value.as_deref(), self.regexes)?
            }
            Permission::Path(path) => match self.seen {
                Some(seen) => string_matches(path, seen.path_only(), false, self.regexes)?,
                None => false,
            },
            Permission::PathTemplate(template) => match self.seen {
                Some(seen) => self.regexes.full_match(&template::to_regex(template), seen.path_only())?,
                None => false,
            },
            Permission::Metadata(metadata) => self.metadata(metadata)?,
        })
    }

    fn principal(&self, of: &Principal) -> Result<bool, TraceError> {
        Ok(match of {
            Principal::Any => true,
            Principal::All(each) => all(each, |one| self.principal(one))?,
            Principal::AnyOf(each) => any(each, |one| self.principal(one))?,
            Principal::Not(inner) => !self.principal(inner)?,
            Principal::Peer(name) => match &self.connection.peer {
                Some(peer) => string_matches(name, peer, false, self.regexes)?,
                None => false,
            },
            Principal::DirectIp(block) => {
                block.contains(known(self.connection.source, "the address of the caller")?)
            }
            Principal::RemoteIp(block) => {
                block.contains(known(self.connection.client, "the address of the caller")?)
            }
            Principal::Header(header) => {
                let value = self.seen.and_then(|seen| seen.header(&header.name));
                header_matches(header, value.as_deref(), self.regexes)?
            }
            Principal::Metadata(metadata) => self.metadata(metadata)?,
        })
    }

    fn metadata(&self, of: &MetadataMatch) -> Result<bool, TraceError> {
        Ok(metadata_matches(of, self.metadata, self.regexes)?)
    }
}

/// Whether what filters left matches a condition.
pub(crate) fn metadata_matches(
    of: &MetadataMatch,
    metadata: &Map<String, Value>,
    regexes: &Regexes,
) -> Result<bool, Re2Error> {
    let mut value = metadata.get(&of.filter);
    for key in &of.path {
        value = value.and_then(|value| value.as_object()?.get(key));
    }
    let holds = value.map_or(Ok(false), |value| value_matches(&of.value, value, regexes))?;
    Ok(holds != of.invert)
}

fn value_matches(of: &ValueMatch, value: &Value, regexes: &Regexes) -> Result<bool, Re2Error> {
    match of {
        ValueMatch::Text(text) => match value.as_str() {
            Some(value) => string_matches(text, value, false, regexes),
            None => Ok(false),
        },
        ValueMatch::ListWith(item) => any(value.as_array().map(Vec::as_slice).unwrap_or_default(), |one| {
            value_matches(item, one, regexes)
        }),
        ValueMatch::AnyOf(each) => any(each, |one| value_matches(one, value, regexes)),
    }
}

fn known(address: Option<IpAddr>, what: &str) -> Result<IpAddr, TraceError> {
    address.ok_or_else(|| TraceError::NeedsAddress { what: what.to_owned(), policy: String::new() })
}
