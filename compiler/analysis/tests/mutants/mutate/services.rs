//! Changes of services: pods, subsets, what their DestinationRules say.

use meshc_analysis::Kind;

use super::Mutator;
use crate::model;

/// Of pods that come and go.
const PODS: &[Kind] = &[
    Kind::EndpointsChanged,
    Kind::ProxyAdded,
    Kind::ProxyRemoved,
    Kind::ListenerAdded,
    Kind::ListenerRemoved,
];

/// Every way to change a service.
pub(super) const ALL: &[Mutator] = &[
    (
        "a service without pods of one version",
        |m, d| {
            let at = d.at(3);
            m.services.get_mut(at)?.replicas[d.at(2)] = 0;
            Some(())
        },
        PODS,
        None,
    ),
    (
        "a pod more",
        |m, d| {
            let at = d.at(3);
            m.services.get_mut(at)?.replicas[d.at(2)] += 1;
            Some(())
        },
        PODS,
        Some(Kind::ProxyAdded),
    ),
    (
        "a subset of another version",
        |m, d| {
            let at = d.at(m.rules.len());
            let of = d.at(2);
            let subset = m.rules.get_mut(at)?.subsets.get_mut(of)?;
            *subset = 1 - *subset;
            Some(())
        },
        &[Kind::EndpointsChanged],
        None,
    ),
    (
        "a subset that is gone",
        |m, d| {
            let at = d.at(m.rules.len());
            m.rules.get_mut(at)?.subsets.pop().map(drop)
        },
        &[],
        None,
    ),
    (
        "a load balancer",
        |m, d| {
            let rule = m.rules.get_mut(d.at(3))?;
            let new =
                *model::BALANCERS.iter().find(|new| **new != rule.balancer.unwrap_or("LEAST_REQUEST"))?;
            rule.balancer = Some(new);
            Some(())
        },
        &[Kind::ClusterSettingsChanged],
        Some(Kind::ClusterSettingsChanged),
    ),
    (
        "a pool",
        |m, d| {
            let rule = m.rules.get_mut(d.at(3))?;
            rule.pending = Some(rule.pending.unwrap_or(200) + 1);
            Some(())
        },
        &[Kind::ClusterSettingsChanged],
        Some(Kind::ClusterSettingsChanged),
    ),
    (
        "an outlier detection",
        |m, d| {
            let rule = m.rules.get_mut(d.at(3))?;
            rule.errors = Some(rule.errors.unwrap_or(20) + 1);
            Some(())
        },
        &[Kind::ClusterSettingsChanged],
        Some(Kind::ClusterSettingsChanged),
    ),
    (
        "TLS to a service",
        |m, d| {
            // Where the servers take no mutual TLS, none is spoken anyway.
            m.modes.is_empty().then_some(())?;
            m.rules.get_mut(d.at(3))?.tls = Some("DISABLE");
            Some(())
        },
        &[Kind::TlsChanged],
        Some(Kind::TlsChanged),
    ),
];
