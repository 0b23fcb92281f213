//! An attribute that Istio does not know.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::suggest;

use crate::Object;
use crate::istio::AuthorizationPolicy;

declare_rule! {
    /// ## What it does
    /// Finds a `when` whose `key` is no attribute, one that was given up, or one that lacks its name in brackets.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the policy. Without the webhook the whole rule is dropped.
    ///
    /// ## Example
    /// ```yaml
    /// when:
    ///   - {key: request.header, values: [x]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// when:
    ///   - {key: "request.headers[x-user]", values: [x]}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub CONDITION_KEY = "MC0406", "condition-key", Error, Document,
    "A `when` with a key that Istio does not know",
    ["IST0106"]
}

/// Attributes without a name in brackets.
const PLAIN: [&str; 12] = [
    "source.ip",
    "remote.ip",
    "source.namespace",
    "source.serviceAccount",
    "source.principal",
    "source.trustDomain",
    "request.auth.principal",
    "request.auth.audiences",
    "request.auth.presenter",
    "destination.ip",
    "destination.port",
    "connection.sni",
];

/// Starts of attributes with a name in brackets.
const MAPS: [&str; 3] = ["request.headers", "request.auth.claims", "experimental.envoy.filters."];

/// Each key is an attribute.
pub(crate) fn check(object: &Object<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    for when in object.spec.rules.iter().flat_map(|rule| &rule.when) {
        let Some(key) = when.key.as_ref().filter(|key| !key.is_empty()) else { continue };
        let name = key.as_str();
        // Without values the webhook does not look at the key.
        if when.values.is_empty() && when.not_values.is_empty() {
            continue;
        }
        let finding = |message: String| object.finding(&CONDITION_KEY, key.span, message);
        if let Some(map) = MAPS.iter().find(|map| name.starts_with(**map)) {
            if !has_name_in_brackets(name) {
                let message = format!("`{name}` names nothing in brackets: Istio refuses the policy");
                let map = if map.ends_with('.') { "experimental.envoy.filters.FILTER" } else { map };
                let help = format!("write it as `{map}[NAME]`");
                found.push(finding(message).help(help));
            }
        } else if name == "destination.namespace" {
            let message = format!("`{name}` was given up: Istio refuses the policy");
            found.push(finding(message).help("a policy holds for its own namespace"));
        } else if name.starts_with("destination.labels") {
            let message = format!("`{name}` was given up: Istio refuses the policy");
            found.push(finding(message).help("use the policy's `selector`"));
        } else if !PLAIN.contains(&name) {
            let message = format!("`{name}` is no attribute that Istio knows: it refuses the policy");
            // Of a map the entry stays what it is.
            let (map, entry) = name.split_at(name.find('[').unwrap_or(name.len()));
            let meant = if entry.is_empty() {
                suggest::nearest(name, PLAIN.iter().copied().chain(MAPS)).map(ToOwned::to_owned)
            } else {
                suggest::nearest(map, MAPS).map(|map| format!("{map}{entry}"))
            };
            found.push(match meant {
                Some(meant) => finding(message).help(format!("did you mean `{meant}`?")),
                None => finding(message),
            });
        }
    }
}

/// `a[b]`, with anything but an empty name.
fn has_name_in_brackets(key: &str) -> bool {
    key.ends_with(']') && key.find('[').is_some_and(|open| open > 0 && open + 2 < key.len())
}
