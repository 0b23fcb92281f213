//! Two listeners of one Gateway that nothing tells apart.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds listeners of one Gateway of the Gateway API with the same hostname, port and protocol.
    ///
    /// ## What happens to traffic
    /// The API server refuses such a Gateway; an older one takes it, and both listeners are marked as conflicting and serve
    /// nothing.
    ///
    /// ## Example
    /// ```yaml
    /// listeners:
    ///   - {name: a, port: 80, protocol: HTTP, hostname: shop.example.com}
    ///   - {name: b, port: 80, protocol: HTTP, hostname: shop.example.com}
    /// ```
    ///
    /// ## Use instead
    /// One listener.
    ///
    /// ## Covers
    /// KIA1503.
    pub REPEATED_LISTENER = "MC1625", "repeated-listener", Warning, Mesh,
    "Two listeners of one Gateway that nothing tells apart",
    ["KIA1503"]
}

/// Every listener of every Gateway.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.kubernetes_gateways {
        let mut first = BTreeMap::new();
        for (index, listener) in object.spec.listeners.iter().enumerate() {
            let hostname = listener.hostname.as_ref().map_or("", |hostname| hostname.value.as_str());
            let Some(port) = &listener.port else { continue };
            let protocol = listener.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
            let key = (hostname, port.value, protocol);
            let Some((earlier, span)) = first.get(&key) else {
                first.insert(key, (index, listener.span));
                continue;
            };
            let what = if hostname.is_empty() { "every host".to_owned() } else { format!("`{hostname}`") };
            let message = format!(
                "listeners[{index}] is for {what} on port {} like listeners[{earlier}]: the API server refuses the two",
                port.value
            );
            let at = listener.name.as_ref().map_or(listener.span, |name| name.span);
            let finding = object
                .finding(&REPEATED_LISTENER, at, message)
                .label(*span, "the first")
                .help("keep one of them, or give each a hostname of its own");
            found.push(if hostname.is_empty() { finding } else { finding.alias("KIA1503") });
        }
    }
}
