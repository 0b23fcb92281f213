//! Faults that Istio refuses.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::{Percent, VirtualService};
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds faults that say neither a delay nor an abort, with a status, a gRPC status or a share that does not exist,
    /// and the kinds of faults that Istio has only in its schema: exponential delays and HTTP/2 errors.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect. An abort without a status is accepted and
    /// does nothing (a warning).
    ///
    /// ## Example
    /// ```yaml
    /// fault:
    ///   abort: {grpcStatus: NOTFOUND, percentage: {value: 10}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// fault:
    ///   abort: {grpcStatus: NOT_FOUND, percentage: {value: 10}}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub FAULT_INJECTION = "MC0254", "fault-injection", Error, Document,
    "A fault that Istio refuses",
    ["IST0106", "IST0133"]
}

/// Those of all routes.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    for fault in object.spec.http.iter().filter_map(|route| route.fault.as_ref()) {
        let mut refusals = Refusals { object, rule: &FAULT_INJECTION, found };
        if fault.abort.is_none() && fault.delay.is_none() {
            refusals.at(fault.span, "a fault needs a delay or an abort");
        }
        if let Some(delay) = &fault.delay {
            share(&mut refusals, delay.percentage.as_ref());
            if let Some(fixed) = &delay.fixed_delay {
                refusals.maybe(fixed.span, names::duration(fixed.value));
            }
            if let Some(exponential) = &delay.exponential_delay {
                refusals.at(exponential.span, "exponential delays are not implemented by Istio");
            }
        }
        let Some(abort) = &fault.abort else { continue };
        share(&mut refusals, abort.percentage.as_ref());
        if let Some(status) = &abort.grpc_status {
            if !crate::istio::GRPC_STATUSES.contains(&status.as_str()) {
                let close = meshc_syntax::suggest::nearest(status, crate::istio::GRPC_STATUSES);
                refusals.at(status.span, format!("`{}` is no gRPC status", status.value));
                if let (Some(close), Some(finding)) = (close, found.pop()) {
                    found.push(finding.help(format!("did you mean `{close}`?")));
                }
            }
        } else if let Some(error) = &abort.http2_error {
            refusals.at(error.span, "HTTP/2 errors are not implemented by Istio");
        } else if let Some(status) = &abort.http_status {
            if !(200..=600).contains(&status.value) {
                refusals.at(status.span, format!("the status {} is not within 200 and 599", status.value));
            }
        } else {
            let message = "this abort has no status: it does nothing";
            found.push(object.finding(&FAULT_INJECTION, abort.span, message).severity(Severity::Warning));
        }
    }
}

/// Nothing, or at least a ten-thousandth of a percent.
fn share(refusals: &mut Refusals<'_, VirtualService>, percent: Option<&Spanned<Percent>>) {
    let Some(value) = percent.and_then(|percent| percent.value.value.as_ref()) else { return };
    if !(0.0..=100.0).contains(&value.value) || (value.value > 0.0 && value.value < 0.0001) {
        refusals.at(value.span, format!("{} % is neither 0 nor within 0.0001 and 100", value.value));
    }
}
