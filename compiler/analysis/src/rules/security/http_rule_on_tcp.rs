//! An AuthorizationPolicy about HTTP on a port of raw TCP.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::{Pod, PodProxy};
use meshc_resources::istio::{AuthorizationAction, AuthorizationRule};
use meshc_source::Span;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds rules of AuthorizationPolicies with conditions that only HTTP requests have (methods, paths, hosts, headers,
    /// tokens) for workloads that have a port of raw TCP to which the rule applies.
    ///
    /// ## What happens to traffic
    /// With `ALLOW` Istio leaves the rule out for raw TCP: connections that it was to allow are closed. With `DENY` it
    /// leaves only the HTTP conditions out: connections are closed whatever is sent over them.
    ///
    /// ## Example
    /// ```yaml
    /// action: DENY
    /// rules:
    ///   - to: [{operation: {methods: [DELETE]}}]    # the workload has a port for its database too
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// rules:
    ///   - to: [{operation: {methods: [DELETE], ports: ["8080"]}}]
    /// ```
    pub HTTP_RULE_ON_TCP = "MC1506", "http-rule-on-tcp", Warning, Mesh,
    "An AuthorizationPolicy about HTTP on a port of raw TCP",
    []
}

/// Every policy with such a condition.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.authorization_policies {
        let action = object.spec.action.as_ref().map_or(AuthorizationAction::Allow, |action| action.value);
        if !matches!(action, AuthorizationAction::Allow | AuthorizationAction::Deny) {
            continue;
        }
        for (number, rule) in object.spec.rules.iter().enumerate() {
            let Some((field, span)) = of_http(rule) else { continue };
            let ports = ports(rule);
            let mut raw: BTreeSet<(u16, &str)> = BTreeSet::new();
            let mut any_http = false;
            for pod in super::selected_by(context, object).filter(|pod| pod.proxy == PodProxy::Sidecar) {
                for (port, http) in tcp_ports(context, pod) {
                    if ports.is_empty() || ports.contains(&port) {
                        any_http |= http;
                        if !http {
                            raw.insert((port, pod.workload.as_str()));
                        }
                    }
                }
            }
            let Some((port, workload)) = raw.first() else { continue };
            let message = if action == AuthorizationAction::Deny {
                format!(
                    "rules[{number}] has conditions on HTTP, which Istio leaves out for raw TCP: connections to port {port} of \
                     `{workload}` are closed whatever is sent over them"
                )
            } else {
                format!(
                    "rules[{number}] has conditions on HTTP and is left out for raw TCP: it allows no connection to port {port} \
                     of `{workload}`"
                )
            };
            let severity = if any_http && action == AuthorizationAction::Allow {
                Severity::Info
            } else {
                Severity::Warning
            };
            found.push(object.finding(&HTTP_RULE_ON_TCP, span, message).severity(severity).help(format!(
                "add `ports` to the rule for the ports that speak HTTP, or a rule without `{field}`"
            )));
        }
    }
}

/// The first condition that only HTTP has.
fn of_http(rule: &AuthorizationRule) -> Option<(&'static str, Span)> {
    let fields = ["hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"];
    let sources = ["requestPrincipals", "notRequestPrincipals", "remoteIpBlocks", "notRemoteIpBlocks"];
    let of_operations = rule.to.iter().filter_map(|to| to.operation.as_ref()).find_map(|operation| {
        let mut lists = operation.fields().into_iter();
        lists.find_map(|(field, list)| {
            fields.contains(&field).then(|| list.first()).flatten().map(|value| (field, value.span))
        })
    });
    let of_sources = || {
        rule.from.iter().filter_map(|from| from.source.as_ref()).find_map(|source| {
            let mut lists = source.fields().into_iter();
            lists.find_map(|(field, list)| {
                sources.contains(&field).then(|| list.first()).flatten().map(|value| (field, value.span))
            })
        })
    };
    let of_conditions = || {
        rule.when.iter().find_map(|condition| {
            let key = condition.key.as_ref().filter(|key| key.starts_with("request."))?;
            Some(("when", key.span))
        })
    };
    of_operations.or_else(of_sources).or_else(of_conditions)
}

/// The ports that the rule names.
fn ports(rule: &AuthorizationRule) -> BTreeSet<u16> {
    let operations = rule.to.iter().filter_map(|to| to.operation.as_ref());
    operations.flat_map(|operation| &operation.ports).filter_map(|port| port.parse().ok()).collect()
}

/// The ports of a pod that Services lead to, each with whether it speaks HTTP.
fn tcp_ports(context: &Context<'_>, pod: &Pod) -> BTreeSet<(u16, bool)> {
    let mut ports = BTreeSet::new();
    for service in context.services_of(&pod.namespace) {
        if service.selector.is_empty() || !meshc_mesh::selects(&service.selector, &pod.labels) {
            continue;
        }
        for port in &service.ports {
            if let Some(number) = pod.target(&port.target) {
                ports.insert((number, !port.protocol.is_tcp()));
            }
        }
    }
    ports
}
