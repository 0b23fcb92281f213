//! Changes of policies, modes of mutual TLS and identities.

use meshc_analysis::Kind;

use super::Mutator;
use crate::model;

/// Of policies: whom a port takes that speaks whatever is spoken, no request shows.
const CHECKS: &[Kind] = &[Kind::NewlyDenied, Kind::NewlyAllowed, Kind::SecurityChanged];

/// Every way to change who is let in.
pub(super) const ALL: &[Mutator] = &[
    (
        "a policy that is gone",
        |m, d| {
            let at = d.at(m.policies.len());
            (at < m.policies.len()).then(|| drop(m.policies.remove(at)))
        },
        CHECKS,
        None,
    ),
    (
        "a policy that is new",
        |m, d| {
            m.policies.push(model::policy(d));
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a policy's action",
        |m, d| {
            let at = d.at(m.policies.len());
            let policy = m.policies.get_mut(at)?;
            policy.deny = !policy.deny;
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a policy's rule",
        |m, d| {
            let at = d.at(m.policies.len());
            let policy = m.policies.get_mut(at)?;
            let of = d.at(policy.asks.len());
            *policy.asks.get_mut(of)? = model::ask(d);
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a policy's rule that is new",
        |m, d| {
            let at = d.at(m.policies.len());
            let ask = model::ask(d);
            m.policies.get_mut(at)?.asks.push(ask);
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a policy's workload",
        |m, d| {
            let at = d.at(m.policies.len());
            m.policies.get_mut(at)?.on = d.maybe(70, |d| d.at(3));
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a mode of mutual TLS",
        |m, d| {
            let new = model::mode(d);
            match m.modes.first_mut() {
                Some(mode) => *mode = new,
                None => m.modes.push(new),
            }
            Some(())
        },
        &[
            Kind::NewlyDenied,
            Kind::NewlyAllowed,
            Kind::SecurityChanged,
            Kind::TlsChanged,
            Kind::EndpointsChanged,
            Kind::ListenerChanged,
            Kind::ListenerAdded,
            Kind::ListenerRemoved,
        ],
        None,
    ),
    (
        "a workload's account",
        |m, d| {
            m.services.get_mut(d.at(3))?.account = "other";
            Some(())
        },
        &[Kind::IdentityChanged, Kind::TlsChanged],
        Some(Kind::IdentityChanged),
    ),
];
