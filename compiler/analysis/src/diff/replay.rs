//! Witnesses, sent through the interpreter on both sides.

use meshc_diagnostics::Witness;
use meshc_trace::{Answer, Query, TraceError, Tracer};

/// The answer to a witness.
pub(crate) fn replay(tracer: &Tracer<'_>, witness: &Witness) -> Result<Answer, TraceError> {
    tracer.trace(&Query::from(witness))
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
