//! Witnesses, sent through the interpreter on both sides.

use meshc_diagnostics::{Direction, Witness};
use meshc_trace::{Answer, Query, Request, TraceError, Tracer};

/// The answer to a witness.
pub(crate) fn replay(tracer: &Tracer<'_>, witness: &Witness) -> Result<Answer, TraceError> {
    tracer.trace(&Query {
        proxy: witness.proxy.clone(),
        route_table: witness.route_table.clone(),
        port: witness.port,
        direction: witness.direction.map(|direction| match direction {
            Direction::Outbound => meshc_trace::Direction::Outbound,
            Direction::Inbound => meshc_trace::Direction::Inbound,
            Direction::Gateway => meshc_trace::Direction::Gateway,
        }),
        peer: witness.peer.clone(),
        source_ip: witness.source_ip.clone(),
        sni: None,
        request: Some(Request {
            method: witness.request.method.clone(),
            authority: witness.request.authority.clone(),
            path: witness.request.path.clone(),
            headers: witness.request.headers.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        }),
    })
}

/// Whether two answers say the same about behaviour: names of routes and reasons are none.
pub fn same(a: &Answer, b: &Answer) -> bool {
    let bare = |answer: &Answer| {
        let mut answer = answer.clone();
        strip(&mut answer);
        answer
    };
    bare(a) == bare(b)
}

fn strip(answer: &mut Answer) {
    answer.route = None;
    answer.because.clear();
    for alternative in &mut answer.alternatives {
        strip(&mut alternative.answer);
    }
}
