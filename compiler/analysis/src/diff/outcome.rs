//! From two behaviours to the kinds of difference between them.

use serde_json::Value;

use super::behaviour::{Behaviour, Facet, Outcome};
use super::kind::Kind;

/// One kind of difference between two behaviours, with the aspect that differs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    pub(super) kind: Kind,
    pub(super) before: Value,
    pub(super) after: Value,
    /// Whether an answer can show it.
    pub(super) shown: bool,
}

/// All differences, none if the behaviours are equal. Where a request ends otherwise, what is done with it on the way
/// is no difference of its own. `gone` says that the service which was asked for is there on one side alone.
pub(super) fn differences(before: &Behaviour, after: &Behaviour, gone: bool) -> Vec<Difference> {
    let of = |facet: Facet, kind: Kind| {
        (before.facet(facet) != after.facet(facet)).then(|| Difference {
            kind,
            before: before.facet(facet).clone(),
            after: after.facet(facet).clone(),
            shown: facet != Facet::Settings,
        })
    };
    let mut all = Vec::new();
    // No route of the mesh is taken on one side: nothing of a route can be compared with that.
    let apart = before.is_loose() != after.is_loose();
    let reached = |behaviour: &Behaviour| behaviour.delivered() > 0.0;
    let outcome = match outcome(before, after) {
        Some(_) if gone && apart && after.is_unrouted() && reached(before) => Some(Kind::NewlyUnreachable),
        Some(_) if gone && apart && before.is_unrouted() && reached(after) => Some(Kind::NewlyReachable),
        Some(_) if gone && apart => Some(Kind::ResponseChanged),
        Some(Kind::FaultChanged) if apart => Some(Kind::ResponseChanged),
        other => other,
    };
    // Two faults that answer everything, and one that begins or ends, are told by the fault itself.
    match outcome {
        Some(Kind::FaultChanged) | None => {}
        Some(kind) => all.extend(of(Facet::Outcome, kind)),
    }
    if !apart {
        all.extend(of(Facet::Fault, Kind::FaultChanged));
    }
    let same_sort = std::mem::discriminant(&before.outcome) == std::mem::discriminant(&after.outcome);
    let on_the_way = !apart && same_sort && (reached(before) == reached(after));
    if on_the_way {
        all.extend(of(Facet::Rewrite, Kind::RewriteChanged));
        let headers = [Facet::RequestHeaders, Facet::ResponseHeaders];
        if headers.iter().any(|facet| before.facet(*facet) != after.facet(*facet)) {
            let both = |side: &Behaviour| {
                serde_json::json!({
                    "request": side.facet(Facet::RequestHeaders),
                    "response": side.facet(Facet::ResponseHeaders),
                })
            };
            all.push(Difference {
                kind: Kind::HeadersChanged,
                before: both(before),
                after: both(after),
                shown: true,
            });
        }
        all.extend(of(Facet::Cors, Kind::CorsChanged));
        all.extend(of(Facet::Timeout, Kind::TimeoutChanged));
        all.extend(of(Facet::Retries, Kind::RetriesChanged));
        all.extend(of(Facet::Mirrors, Kind::MirrorChanged));
        all.extend(of(Facet::Settings, Kind::HeadersChanged));
    }
    if all.is_empty() && before != after {
        // Nothing but an aspect that a redirect or an answer of the proxy has too.
        let all_of = |side: &Behaviour| serde_json::to_value(&side.facets).unwrap_or_default();
        all.push(Difference {
            kind: Kind::ResponseChanged,
            before: all_of(before),
            after: all_of(after),
            shown: true,
        });
    }
    all
}

/// The kind of a difference in where requests end.
fn outcome(before: &Behaviour, after: &Behaviour) -> Option<Kind> {
    if before.facet(Facet::Outcome) == after.facet(Facet::Outcome) {
        return None;
    }
    let (was, is) = (before.delivered(), after.delivered());
    Some(match (&before.outcome, &after.outcome) {
        (Outcome::Abort, _) | (_, Outcome::Abort) => Kind::FaultChanged,
        (Outcome::Redirect(_) | Outcome::RequireTls, _) | (_, Outcome::Redirect(_) | Outcome::RequireTls) => {
            Kind::RedirectChanged
        }
        (Outcome::Direct(_), _) | (_, Outcome::Direct(_)) => Kind::ResponseChanged,
        _ if is < was => Kind::NewlyUnreachable,
        _ if is > was => Kind::NewlyReachable,
        (Outcome::Forward(_), Outcome::Forward(_)) if was > 0.0 => Kind::TrafficMoved,
        _ => Kind::ResponseChanged,
    })
}
