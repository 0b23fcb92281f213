//! Envoy's fault filter: which faults can hit a request, and how often.

use meshc_effective::model::{Fault, FaultAbort, Percent};

use crate::answer::Answer;
use crate::local;
use crate::seen::Seen;
use crate::timeout::millis;

/// One way that chance can go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Branch<'c> {
    /// From 0 to 1.
    pub(crate) share: f64,
    /// The wait, in milliseconds.
    pub(crate) delay_ms: Option<u64>,
    /// The answer in place of the service's.
    pub(crate) abort: Option<&'c FaultAbort>,
}

/// All ways that chance can go, the one without any uncertain fault first. Delay and abort are drawn
/// independently, the delay first.
pub(crate) fn branches(fault: Option<&Fault>) -> Vec<Branch<'_>> {
    let delay = fault.and_then(|f| f.delay.as_ref()).filter(|d| millis(d.fixed) > 0);
    let abort =
        fault.and_then(|f| f.abort.as_ref()).filter(|a| a.http_status.is_some() || a.grpc_status.is_some());
    let mut branches = Vec::new();
    for (delay_share, delayed) in draws(delay.map(|d| d.percent)) {
        for (abort_share, aborted) in draws(abort.map(|a| a.percent)) {
            branches.push(Branch {
                share: delay_share * abort_share,
                delay_ms: delay.filter(|_| delayed).map(|d| millis(d.fixed)),
                abort: abort.filter(|_| aborted),
            });
        }
    }
    branches
}

/// The shares of "does not happen" and "happens", where both are possible; what is certain alone otherwise.
fn draws(percent: Option<Percent>) -> Vec<(f64, bool)> {
    match percent {
        None | Some(Percent { millionths: 0, .. }) => vec![(1.0, false)],
        Some(percent) if percent >= Percent::ALL => vec![(1.0, true)],
        Some(percent) => {
            let share = percent.value() / 100.0;
            vec![(1.0 - share, false), (share, true)]
        }
    }
}

/// The answer of an abort. A gRPC status alone comes with HTTP 200.
pub(crate) fn abort(abort: &FaultAbort, seen: &Seen) -> Answer {
    let status = abort.http_status.map_or(200, |s| u16::try_from(s).unwrap_or(500));
    let grpc = if abort.http_status.is_some() { None } else { abort.grpc_status };
    local::reply(seen, status, Some("fault filter abort".to_owned()), grpc)
}
