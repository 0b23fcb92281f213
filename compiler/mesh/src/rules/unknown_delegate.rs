//! A delegate that does not exist.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::VirtualService;
use meshc_source::Span;
use meshc_syntax::suggest::{nearest, sole};

declare_rule! {
    /// ## What it does
    /// Finds routes that delegate to a VirtualService that does not exist, or that has `hosts` and is therefore
    /// no delegate.
    ///
    /// ## What happens to traffic
    /// Istio leaves the route out: its requests go to the next route that matches, or get 404.
    ///
    /// ## Example
    /// ```yaml
    /// http:
    ///   - match: [{uri: {prefix: /orders}}]
    ///     delegate: {name: ordrs}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// http:
    ///   - match: [{uri: {prefix: /orders}}]
    ///     delegate: {name: orders}
    /// ```
    pub UNKNOWN_DELEGATE = "MC1201", "unknown-delegate", Error, Mesh,
    "A delegate that does not exist",
    []
}

/// The finding for the route at `path` of `root`; `known` are the delegates of the namespace.
pub(crate) fn unknown_delegate<'a>(
    root: &Object<VirtualService>,
    span: Span,
    path: &str,
    (namespace, name): (&str, &str),
    known: impl Iterator<Item = &'a str>,
) -> Diagnostic {
    let message = format!(
        "there is no VirtualService `{namespace}/{name}` without hosts for {path} to delegate to: the route is left out"
    );
    let finding = root.finding(&UNKNOWN_DELEGATE, span, message);
    let known: Vec<&str> = known.collect();
    let Some(meant) = nearest(name, known.iter().copied()) else {
        return finding.help("declare it; a delegate has no `hosts`");
    };
    let finding = finding.help(format!("did you mean `{meant}`?"));
    match sole(name, known.iter().copied()) {
        Some(meant) => finding.replace(format!("Replace with `{meant}`"), span, meant),
        None => finding,
    }
}
