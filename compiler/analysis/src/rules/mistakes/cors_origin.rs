//! An origin that no browser sends, or that lets every site in.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds exact origins of a `corsPolicy` that are not of the form `SCHEME://HOST[:PORT]`, and the origin `*` together with
    /// `allowCredentials`.
    ///
    /// ## What happens to traffic
    /// A browser's `Origin` has a scheme and no path: another value matches none, and the browser refuses the answer. With `*`
    /// and credentials Envoy lets every site act in the name of a user who is logged in.
    ///
    /// ## Example
    /// ```yaml
    /// corsPolicy:
    ///   allowOrigins: [{exact: shop.example.com}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// corsPolicy:
    ///   allowOrigins: [{exact: "https://shop.example.com"}]
    /// ```
    pub CORS_ORIGIN = "MC1558", "cors-origin", Warning, Mesh,
    "An origin that no browser sends, or that lets every site in",
    []
}

/// Every CORS policy.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        for policy in object.spec.http.iter().filter_map(|route| route.cors_policy.as_ref()) {
            let credentials = policy.allow_credentials.as_ref().is_some_and(|allowed| allowed.value);
            let exact = policy.allow_origins.iter().filter_map(|origin| origin.exact.as_ref());
            for origin in exact.chain(&policy.allow_origin) {
                let (message, help) = match problem(origin) {
                    Some(why) => {
                        let message = format!("no browser sends the origin `{}`: {why}", origin.value);
                        (
                            message,
                            "write it as `https://shop.example.com`, with the port if it is none of the usual ones",
                        )
                    }
                    None if origin.value == "*" && credentials => (
                        "every site may read answers in the name of a user who is logged in".to_owned(),
                        "name the origins, or leave `allowCredentials` out",
                    ),
                    None => continue,
                };
                found.push(object.finding(&CORS_ORIGIN, origin.span, message).help(help));
            }
        }
    }
}

fn problem(origin: &str) -> Option<&'static str> {
    if matches!(origin, "*" | "null" | "") {
        return None;
    }
    match origin.split_once("://") {
        None => Some("it has a scheme"),
        Some((_, host)) if host.contains('/') => Some("it has no path, not even a slash"),
        Some((_, host)) if host.contains('*') => Some("a `*` in it is a plain character"),
        Some(_) => None,
    }
}
