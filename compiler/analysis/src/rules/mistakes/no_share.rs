//! A fault or a mirror for no request.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::istio::Percent;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds faults and mirrors whose percentage is 0, and (as a warning) faults without a percentage: those are for no request
    /// either.
    ///
    /// ## What happens to traffic
    /// Nothing: no request is delayed, aborted or copied.
    ///
    /// ## Example
    /// ```yaml
    /// fault:
    ///   delay: {fixedDelay: 5s}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// fault:
    ///   delay: {fixedDelay: 5s, percentage: {value: 100}}
    /// ```
    pub NO_SHARE = "MC1555", "no-share", Info, Mesh,
    "A fault or a mirror for no request",
    []
}

/// Every fault and mirror.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let mut zero = |percent: Option<&Spanned<Percent>>, what: &str| {
            let value = percent.and_then(|percent| percent.value.value.as_ref());
            if let Some(value) = value.filter(|value| value.value == 0.0) {
                let message = format!("0 % of the requests: this {what} is for none");
                found.push(object.finding(&NO_SHARE, value.span, message));
            }
        };
        for route in &object.spec.http {
            zero(route.mirror_percentage.as_ref(), "mirror");
            for mirror in &route.mirrors {
                zero(mirror.percentage.as_ref(), "mirror");
            }
            let Some(fault) = &route.fault else { continue };
            zero(fault.delay.as_ref().and_then(|delay| delay.percentage.as_ref()), "delay");
            zero(fault.abort.as_ref().and_then(|abort| abort.percentage.as_ref()), "abort");
        }
        for fault in object.spec.http.iter().filter_map(|route| route.fault.as_ref()) {
            let delay =
                fault.delay.as_ref().filter(|delay| delay.percentage.is_none() && delay.percent.is_none());
            let abort = fault.abort.as_ref().filter(|abort| abort.percentage.is_none());
            let spans = [(delay.map(|delay| delay.span), "delay"), (abort.map(|abort| abort.span), "abort")];
            for (span, what) in spans {
                let Some(span) = span else { continue };
                let message = format!("without a `percentage` this {what} is for no request");
                let finding = object.finding(&NO_SHARE, span, message).severity(Severity::Warning);
                found.push(finding.help("for all requests write `percentage: {value: 100}`"));
            }
        }
    }
}
