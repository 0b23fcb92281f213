//! One rule of an AuthorizationPolicy as Envoy's policy (Istio's authorization model).

use meshc_resources::istio::AuthorizationRule;
use meshc_syntax::de::Spanned;

use super::conditions::{Attribute, Place, Unusable};
use super::trust;
use crate::model::{Permission, Principal, RbacAction};

/// A condition of a rule with all its values.
#[derive(Debug, Clone)]
struct Clause {
    attribute: Attribute,
    key: String,
    values: Vec<String>,
    not_values: Vec<String>,
}

/// Conditions that must all hold.
type Clauses = Vec<Clause>;

/// A rule: any of its lists on either side must hold.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    permissions: Vec<Clauses>,
    principals: Vec<Clauses>,
}

/// What a rule becomes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Generated {
    pub(super) permissions: Vec<Permission>,
    pub(super) principals: Vec<Principal>,
    /// Conditions that were left out, which makes the rule match more.
    pub(super) dropped: Vec<Unusable>,
}

impl Rule {
    /// Reads a rule; an attribute that Istio does not know makes all of it void.
    pub(super) fn new(rule: &AuthorizationRule, trust_domains: &[String]) -> Result<Self, Unusable> {
        let (mut base_permission, mut base_principal) = (Clauses::new(), Clauses::new());
        for when in &rule.when {
            let key = when.key.as_ref().map_or("", |key| key.value.as_str());
            let attribute =
                Attribute::of_key(key).ok_or_else(|| Unusable(format!("`{key}` is no attribute")))?;
            let Some(clause) = clause(attribute, key, &when.values, &when.not_values) else { continue };
            if attribute.is_permission() { base_permission.push(clause) } else { base_principal.push(clause) }
        }
        let principals = alternatives(&base_principal, &rule.from, |from| {
            let Some(source) = &from.source else { return Clauses::new() };
            collect([
                (Attribute::Principal, "source.principal", &source.principals, &source.not_principals),
                (
                    Attribute::RequestPrincipal,
                    "request.auth.principal",
                    &source.request_principals,
                    &source.not_request_principals,
                ),
                (
                    Attribute::ServiceAccount,
                    "source.serviceAccount",
                    &source.service_accounts,
                    &source.not_service_accounts,
                ),
                (
                    Attribute::TrustDomain,
                    "source.trustDomain",
                    &source.trust_domains,
                    &source.not_trust_domains,
                ),
                (Attribute::Namespace, "source.namespace", &source.namespaces, &source.not_namespaces),
                (Attribute::RemoteIp, "remote.ip", &source.remote_ip_blocks, &source.not_remote_ip_blocks),
                (Attribute::SourceIp, "source.ip", &source.ip_blocks, &source.not_ip_blocks),
            ])
        });
        let permissions = alternatives(&base_permission, &rule.to, |to| {
            let Some(operation) = &to.operation else { return Clauses::new() };
            collect([
                (Attribute::Host, ":authority", &operation.hosts, &operation.not_hosts),
                (Attribute::Method, ":method", &operation.methods, &operation.not_methods),
                (Attribute::Path, "path", &operation.paths, &operation.not_paths),
                (Attribute::DestinationPort, "destination.port", &operation.ports, &operation.not_ports),
            ])
        });
        let mut rule = Self { permissions, principals };
        rule.migrate(trust_domains);
        Ok(rule)
    }

    /// Identities under one trust domain of the mesh count under all.
    fn migrate(&mut self, trust_domains: &[String]) {
        for clause in self.principals.iter_mut().flatten() {
            let migrated = match clause.attribute {
                Attribute::Principal => trust::principals,
                Attribute::TrustDomain => trust::domains,
                _ => continue,
            };
            clause.values = migrated(&clause.values, trust_domains);
            clause.not_values = migrated(&clause.not_values, trust_domains);
        }
    }

    /// What Envoy gets. A condition that cannot be written voids a rule that allows, so that it allows less; from
    /// any other rule it is left out, so that the rule refuses more.
    pub(super) fn generate(&self, place: Place<'_>, action: RbacAction) -> Result<Generated, Unusable> {
        let mut dropped = Vec::new();
        let mut keep = |unusable: Unusable| {
            if action == RbacAction::Allow {
                return Err(unusable);
            }
            dropped.push(unusable);
            Ok(())
        };
        let mut permissions = Vec::with_capacity(self.permissions.len());
        for clauses in &self.permissions {
            let mut all = Vec::new();
            for clause in clauses {
                let one = |value: &str| clause.attribute.permission(&clause.key, value, place);
                let together = |values: &[String]| clause.attribute.permission_of_all(&clause.key, values);
                let (is, is_not) = sides(clause, one, together, Permission::AnyOf, &mut keep)?;
                all.extend(is);
                all.extend(is_not.map(|permission| Permission::Not(Box::new(permission))));
            }
            if all.is_empty() {
                all.push(Permission::Any);
            }
            permissions.push(Permission::All(all));
        }
        let mut principals = Vec::with_capacity(self.principals.len());
        for clauses in &self.principals {
            let mut all = Vec::new();
            for clause in clauses {
                let one = |value: &str| clause.attribute.principal(&clause.key, value, place);
                let together =
                    |values: &[String]| clause.attribute.principal_of_all(&clause.key, values, place);
                let (is, is_not) = sides(clause, one, together, Principal::AnyOf, &mut keep)?;
                all.extend(is);
                all.extend(is_not.map(|principal| Principal::Not(Box::new(principal))));
            }
            if all.is_empty() {
                all.push(Principal::Any);
            }
            principals.push(Principal::All(all));
        }
        Ok(Generated { permissions, principals, dropped })
    }
}

/// What a clause asks for, and what it excludes.
fn sides<T>(
    clause: &Clause,
    one: impl Fn(&str) -> Result<T, Unusable>,
    together: impl Fn(&[String]) -> Result<T, Unusable>,
    any_of: impl Fn(Vec<T>) -> T,
    keep: &mut impl FnMut(Unusable) -> Result<(), Unusable>,
) -> Result<(Option<T>, Option<T>), Unusable> {
    let mut side = |values: &[String]| -> Result<Option<T>, Unusable> {
        if values.is_empty() {
            return Ok(None);
        }
        if clause.attribute.takes_all() {
            return match together(values) {
                Ok(made) => Ok(Some(made)),
                Err(unusable) => keep(unusable).map(|()| None),
            };
        }
        let mut made = Vec::with_capacity(values.len());
        for value in values {
            match one(value) {
                Ok(condition) => made.push(condition),
                Err(unusable) => keep(unusable)?,
            }
        }
        Ok((!made.is_empty()).then(|| any_of(made)))
    };
    Ok((side(&clause.values)?, side(&clause.not_values)?))
}

/// One list for each alternative, with what holds for all of them behind; that alone where there is none.
fn alternatives<T>(base: &Clauses, written: &[Spanned<T>], read: impl Fn(&T) -> Clauses) -> Vec<Clauses> {
    if written.is_empty() {
        return vec![base.clone()];
    }
    let with_base = |one: &Spanned<T>| read(one).into_iter().chain(base.iter().cloned()).collect();
    written.iter().map(with_base).collect()
}

type Field<'a> = (Attribute, &'static str, &'a Vec<Spanned<String>>, &'a Vec<Spanned<String>>);

fn collect<'a>(fields: impl IntoIterator<Item = Field<'a>>) -> Clauses {
    fields.into_iter().filter_map(|(attribute, key, is, is_not)| clause(attribute, key, is, is_not)).collect()
}

fn clause(
    attribute: Attribute,
    key: &str,
    values: &[Spanned<String>],
    not_values: &[Spanned<String>],
) -> Option<Clause> {
    let plain = |values: &[Spanned<String>]| values.iter().map(|value| value.value.clone()).collect();
    (!values.is_empty() || !not_values.is_empty()).then(|| Clause {
        attribute,
        key: key.to_owned(),
        values: plain(values),
        not_values: plain(not_values),
    })
}
