//! A header in a condition that no request has.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds conditions on `request.headers[NAME]` whose name has characters that no name of a header has, such as quotes.
    ///
    /// ## What happens to traffic
    /// The condition holds for no request: of an ALLOW policy requests get 403, of a DENY policy they get through.
    ///
    /// ## Example
    /// ```yaml
    /// when:
    ///   - key: request.headers["x-version"]
    ///     values: [v1]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// when:
    ///   - key: request.headers[x-version]
    ///     values: [v1]
    /// ```
    ///
    /// ## Fix safety
    /// The fix takes the quotes away.
    pub CONDITION_HEADER = "MC1566", "condition-header", Warning, Mesh,
    "A header in a condition that no request has",
    []
}

/// Every condition on a header.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.authorization_policies {
        let conditions = object.spec.rules.iter().flat_map(|rule| &rule.when);
        for key in conditions.filter_map(|condition| condition.key.as_ref()) {
            let name = key.strip_prefix("request.headers[").and_then(|rest| rest.strip_suffix(']'));
            // Envoy has the method, path and authority as headers whose names begin with a colon.
            let odd = |name: &&str| !name.is_empty() && !name.trim_start_matches(':').bytes().all(is_token);
            let Some(name) = name.filter(odd) else { continue };
            let message = format!("no header is called `{name}`: the condition holds for no request");
            let finding = object.finding(&CONDITION_HEADER, key.span, message);
            let bare = name.trim_matches(['"', '\'']);
            found.push(if bare != name && !bare.is_empty() && bare.bytes().all(is_token) {
                let meant = format!("request.headers[{bare}]");
                finding.help(format!("write `{meant}`, without quotes")).replace(
                    format!("Replace with `{meant}`"),
                    key.span,
                    meant,
                )
            } else {
                finding.help("names of headers have letters, digits and dashes")
            });
        }
    }
}

/// A character of a header's name (RFC 9110, `token`).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte) && byte != b'\''
}
