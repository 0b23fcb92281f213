//! Numbers that mean nothing where they stand.

use std::ops::RangeInclusive;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_source::Span;

use crate::Object;
use crate::istio::{Percent, ServiceEntry, VirtualService};
use crate::kubernetes::ServiceSpec;

declare_rule! {
    /// ## What it does
    /// Finds ports outside 1 to 65535, HTTP status codes outside 200 to 599 (100 to 599 for a direct response),
    /// redirect codes other than 301, 302, 303, 307 and 308, percentages outside 0 to 100, and negative numbers of
    /// retries.
    ///
    /// ## What happens to traffic
    /// The API server or Istio's webhook refuses the resource.
    ///
    /// ## Example
    /// ```yaml
    /// fault:
    ///   abort: {httpStatus: 50, percentage: {value: 120}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// fault:
    ///   abort: {httpStatus: 503, percentage: {value: 12}}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub OUT_OF_RANGE = "MC0212", "out-of-range", Error, Document,
    "A port, status, percentage or count out of range",
    ["IST0106"]
}

const PORTS: RangeInclusive<i64> = 1..=65535;

/// The API server's default, `--service-node-port-range`.
const NODE_PORTS: RangeInclusive<i64> = 30_000..=32_767;

struct Check<'a, T> {
    object: &'a Object<T>,
    found: &'a mut Vec<Diagnostic>,
}

impl<T> Check<'_, T> {
    fn number(&mut self, what: &str, value: i64, span: Span, range: &RangeInclusive<i64>) {
        if !range.contains(&value) {
            let (low, high) = (range.start(), range.end());
            let message =
                format!("the {what} {value} is not within {low} and {high}: the resource is refused");
            self.found.push(self.object.finding(&OUT_OF_RANGE, span, message));
        }
    }

    fn percent(&mut self, percent: &Percent) {
        if let Some(value) = &percent.value
            && !(0.0..=100.0).contains(&value.value)
        {
            let message = format!("{} % is not within 0 and 100: the resource is refused", value.value);
            self.found.push(self.object.finding(&OUT_OF_RANGE, value.span, message));
        }
    }
}

/// The numbers of HTTP routes.
pub(crate) fn virtual_service(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut check = Check { object, found };
    for route in &object.spec.http {
        for port in route.matches.iter().filter_map(|m| m.port.as_ref()).filter(|port| port.value != 0) {
            check.number("port", i64::from(port.value), port.span, &PORTS);
        }
        if let Some(code) = route.redirect.as_ref().and_then(|redirect| redirect.redirect_code.as_ref())
            && (300..=399).contains(&code.value)
            && ![301, 302, 303, 307, 308].contains(&code.value)
        {
            let message = format!("{} is no redirect that Envoy makes: the client gets 301", code.value);
            let finding = object.finding(&OUT_OF_RANGE, code.span, message).severity(Severity::Warning);
            check.found.push(finding.help("use 301, 302, 303, 307 or 308"));
        }
        if let Some(status) = route.direct_response.as_ref().and_then(|d| d.status.as_ref()) {
            check.number("status", i64::from(status.value), status.span, &(200..=600));
        }
        if let Some(attempts) = route.retries.as_ref().and_then(|r| r.attempts.as_ref()) {
            check.number(
                "number of retries",
                i64::from(attempts.value),
                attempts.span,
                &(0..=i64::from(i32::MAX)),
            );
        }
        if let Some(percent) = route.mirror_percent() {
            check.number("percentage", i64::from(percent.value), percent.span, &(0..=100));
        }
        let shares = route.mirrors.iter().filter_map(|m| m.percentage.as_ref());
        for percent in route.mirror_percentage.iter().chain(shares) {
            check.percent(percent);
        }
    }
}

/// The ports of a ServiceEntry and of its endpoints.
pub(crate) fn service_entry(object: &Object<ServiceEntry>, found: &mut Vec<Diagnostic>) {
    let mut check = Check { object, found };
    for port in &object.spec.ports {
        for number in port.number.iter().chain(port.target_port.iter()) {
            check.number("port", i64::from(number.value), number.span, &PORTS);
        }
    }
    for number in object.spec.endpoints.iter().flat_map(|e| e.ports.values()) {
        check.number("port", i64::from(number.value), number.span, &PORTS);
    }
}

/// The ports of a Service.
pub(crate) fn service(object: &Object<ServiceSpec>, found: &mut Vec<Diagnostic>) {
    let mut check = Check { object, found };
    for number in object.spec.ports.iter().filter_map(|port| port.port.as_ref()) {
        check.number("port", i64::from(number.value), number.span, &PORTS);
    }
    for number in object.spec.ports.iter().filter_map(|port| port.node_port.as_ref()) {
        if number.value != 0 {
            check.number("node port", i64::from(number.value), number.span, &NODE_PORTS);
        }
    }
}
