//! A webhook's address that is none, or a bare IP.

use std::net::IpAddr;

use meshc_diagnostics::{Diagnostic, ResourceId, Severity, declare_rule};
use meshc_resources::kubernetes::WebhookClientConfig;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds webhooks of Istio (injector and validator) that name neither a Service nor a URL, or a URL that is none, and those
    /// whose URL has an IP address in place of a name (an info). They are part of an external control plane.
    ///
    /// ## What happens to traffic
    /// The API server cannot reach the control plane: pods are created without a sidecar, or not at all.
    ///
    /// ## Example
    /// ```yaml
    /// clientConfig: {url: ""}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// clientConfig: {url: "https://istiod.example.com:15017/inject"}
    /// ```
    ///
    /// ## Covers
    /// IST0163 and IST0164 (an IP address).
    pub WEBHOOK_ADDRESS = "MC1605", "webhook-address", Warning, Mesh,
    "A webhook's address that is none, or a bare IP",
    ["IST0163", "IST0164"]
}

/// Every webhook of Istio.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.validating_webhooks {
        let name = object.name();
        if name == "istiod-default-validator" || name.starts_with("istio-validator") {
            for hook in &object.spec.webhooks {
                let title = hook.name.as_ref().map_or("", |name| name.value.as_str());
                found.extend(judge(object.id(), title, hook.client_config.as_ref(), hook.span));
            }
        }
    }
    for object in
        context.resources.mutating_webhooks.iter().filter(|o| o.name().starts_with("istio-sidecar-injector"))
    {
        for hook in &object.spec.webhooks {
            let title = hook.name.as_ref().map_or("", |name| name.value.as_str());
            found.extend(judge(object.id(), title, hook.client_config.as_ref(), hook.span));
        }
    }
}

fn judge(
    id: ResourceId,
    hook: &str,
    config: Option<&Spanned<WebhookClientConfig>>,
    span: Span,
) -> Option<Diagnostic> {
    let url = config.and_then(|config| config.url.as_ref());
    let service = config.is_some_and(|config| config.service.is_some());
    let tell = |span, message: String| {
        Diagnostic::new(&WEBHOOK_ADDRESS, span, message)
            .resource_id(id.clone())
            .help("name the control plane's host: `https://istiod.example.com:15017/inject`")
    };
    let Some(url) = url else {
        let message = format!("webhook `{hook}` names neither a Service nor a URL: nobody answers it");
        return (!service).then(|| tell(config.map_or(span, |c| c.span), message).alias("IST0163"));
    };
    let Some(host) = host(url) else {
        let message = format!("webhook `{hook}`: `{}` is no URL: nobody answers it", url.value);
        return Some(tell(url.span, message).alias("IST0163"));
    };
    host.parse::<IpAddr>().is_ok().then(|| {
        let message = format!("webhook `{hook}` is answered by the bare address {host}");
        tell(url.span, message).severity(Severity::Info).alias("IST0164")
    })
}

/// The host of a URL as Go's `url.Parse` takes it; none where it refuses the text.
fn host(url: &str) -> Option<&str> {
    if url.chars().any(|c| c.is_control() || c == ' ') {
        return None;
    }
    let rest = match url.split_once("://") {
        Some((scheme, rest)) => {
            let good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
            good.then_some(rest)?
        }
        // A colon in the first segment of a path without a scheme is refused.
        None if url.split('/').next().is_some_and(|first| first.contains(':')) => return None,
        None => return Some(""),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(inner) = authority.strip_prefix('[') {
        return inner.split_once(']').map(|(address, _)| address);
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => port.bytes().all(|byte| byte.is_ascii_digit()).then_some(host),
        None => Some(authority),
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_are_read_as_go_does() {
        assert_eq!(host("https://istiod.example.com:15017/inject"), Some("istiod.example.com"));
        assert_eq!(host("https://[::1]:15017/inject"), Some("::1"));
        assert_eq!(host("https://10.0.0.1/inject"), Some("10.0.0.1"));
        assert_eq!(host("this is no url"), None);
        assert_eq!(host("https://host:port/"), None);
        assert_eq!(host(""), Some(""));
    }
}
