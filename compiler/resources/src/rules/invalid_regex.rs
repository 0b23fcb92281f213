//! A regular expression that Envoy cannot read.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::istio::VirtualService;
use crate::{Object, walk};

declare_rule! {
    /// ## What it does
    /// Finds a regular expression that is no RE2: Envoy reads RE2, which has no look-around and no back-references.
    ///
    /// ## What happens to traffic
    /// Envoy refuses the whole route table, and keeps the one it had.
    ///
    /// ## Example
    /// ```yaml
    /// uri: {regex: "/api/(?!v1)"}
    /// ```
    ///
    /// ## Use instead
    /// Routes are tried in order: match `/api/v1` first, then `/api/`.
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub INVALID_REGEX = "MC0211", "invalid-regex", Error, Document,
    "A regular expression that is no RE2",
    ["IST0106"]
}

/// Each expression can be read.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut look = |regex: &Spanned<String>| {
        // An expression past the bounds of our reader may still be RE2's.
        if let Err(error @ meshc_re2::Error::Syntax { .. }) = meshc_re2::parse(&regex.value) {
            let why = error.reason();
            let message =
                format!("this is no regular expression of RE2 ({why}): Envoy refuses the route table");
            found.push(object.finding(&INVALID_REGEX, regex.span, message));
        }
    };
    walk::string_matches(&object.spec, |path, _, condition| {
        if let Some(regex) = &condition.regex {
            // There a lone `*` stands for presence.
            if regex.value == "*" && path.contains(".withoutHeaders[") {
                return;
            }
            look(regex);
        }
    });
    for route in &object.spec.http {
        let rewrite = route.rewrite.as_ref().and_then(|r| r.uri_regex_rewrite.as_ref());
        if let Some(pattern) = rewrite.and_then(|r| r.matches.as_ref()) {
            look(pattern);
        }
    }
}
