//! Bodies that Istio refuses.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};

use crate::Object;
use crate::istio::VirtualService;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds bodies of direct answers beyond 1 MiB, and (as a warning) beyond 100 KiB.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect. Every proxy holds such a body.
    ///
    /// ## Example
    /// ```yaml
    /// directResponse: {status: 200, body: {string: "…a megabyte…"}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// route: [{destination: {host: pages}}]
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub DIRECT_RESPONSE_BODY = "MC0265", "direct-response-body", Error, Document,
    "A body of a direct answer that is too large",
    ["IST0106", "IST0133"]
}

/// Bytes that are refused.
const REFUSED: usize = 1024 * 1024;
/// Bytes that are warned about.
const LARGE: usize = 100 * 1024;

/// Those of all routes.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let answers = object.spec.http.iter().filter_map(|route| route.direct_response.as_ref());
    for body in answers.filter_map(|answer| answer.body.as_ref()) {
        let (bytes, span) = match (&body.string, &body.bytes) {
            (Some(text), _) => (text.len(), text.span),
            // Base64: four letters for three bytes.
            (None, Some(bytes)) => (bytes.trim_end_matches('=').len() * 3 / 4, bytes.span),
            (None, None) => continue,
        };
        if bytes > REFUSED {
            let mut refusals = Refusals { object, rule: &DIRECT_RESPONSE_BODY, found };
            refusals.at(span, format!("a body of {bytes} bytes, more than {REFUSED}"));
        } else if bytes > LARGE {
            let message = format!("a body of {bytes} bytes stands in the configuration of every proxy");
            found.push(object.finding(&DIRECT_RESPONSE_BODY, span, message).severity(Severity::Warning));
        }
    }
}
