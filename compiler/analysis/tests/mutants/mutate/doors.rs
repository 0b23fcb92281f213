//! Changes of what is reached at all: the gateway's hosts, what is unknown, what a Sidecar hides.

use meshc_analysis::Kind;

use super::Mutator;
use crate::model;

/// Every way to change what is reached.
pub(super) const ALL: &[Mutator] = &[
    (
        "a host of the gateway",
        |m, d| {
            let host = d.pick(model::HOSTS);
            if m.entry.hosts.contains(&host) {
                if m.entry.hosts.len() < 2 {
                    return None;
                }
                m.entry.hosts.retain(|own| *own != host);
            } else {
                m.entry.hosts.push(host);
            }
            Some(())
        },
        &[],
        None,
    ),
    (
        "what is unknown",
        |m, _| {
            m.registry_only = !m.registry_only;
            Some(())
        },
        &[
            Kind::ListenerChanged,
            Kind::ListenerAdded,
            Kind::ListenerRemoved,
            Kind::TrafficMoved,
            Kind::NewlyReachable,
            Kind::NewlyUnreachable,
        ],
        None,
    ),
    (
        "a Sidecar",
        |m, d| {
            m.sidecar = if m.sidecar.is_some() { None } else { Some(vec![d.at(3)]) };
            Some(())
        },
        &[Kind::ListenerAdded, Kind::ListenerRemoved, Kind::TrafficMoved],
        None,
    ),
];
