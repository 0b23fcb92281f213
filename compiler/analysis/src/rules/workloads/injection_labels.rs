//! A namespace whose labels say two things about injection.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Namespaces with more than one of the labels `istio-injection`, `istio.io/rev` and
    /// `istio.io/dataplane-mode`. `istio-injection: disabled` beside others is left alone: it wins.
    ///
    /// ## What happens to traffic
    /// `istio-injection: enabled` wins over a revision, so that pods get the sidecar of another control plane than the
    /// one named; with `istio.io/dataplane-mode: ambient` pods with a sidecar are left out of the ambient mesh.
    ///
    /// ## Example
    /// ```yaml
    /// labels: {istio-injection: enabled, istio.io/rev: canary}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// labels: {istio.io/rev: canary}
    /// ```
    ///
    /// ## Covers
    /// IST0123.
    pub INJECTION_LABELS = "MC1103", "injection-labels", Warning, Mesh,
    "A namespace whose labels say two things about injection",
    ["IST0123"]
}

/// Every Namespace.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.namespaces {
        let label = |name: &str| object.metadata.labels.iter().find(|(key, _)| key.value == name);
        let injection = label("istio-injection");
        if injection.is_some_and(|(_, value)| value.value != "enabled") {
            continue;
        }
        let others = [label("istio.io/rev"), label("istio.io/dataplane-mode")];
        let all: Vec<_> = [injection].into_iter().chain(others).flatten().collect();
        let [first, .., last] = all.as_slice() else { continue };
        let written = |(key, value): &(&Spanned<String>, &Spanned<String>)| format!("`{key}: {value}`");
        let texts: Vec<String> = all.iter().map(written).collect();
        let wins = if injection.is_some() && label("istio.io/rev").is_some() {
            "`istio-injection` wins over the revision"
        } else {
            "pods with a sidecar are no part of the ambient mesh"
        };
        let message = format!("the namespace says {} about injection: {wins}", texts.join(" and "));
        found.push(
            object
                .finding(&INJECTION_LABELS, last.0.span.join(last.1.span), message)
                .alias("IST0123")
                .label(first.0.span.join(first.1.span), "said here too")
                .help("keep one of them"),
        );
    }
}
