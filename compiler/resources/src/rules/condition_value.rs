//! A value that its condition cannot have.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::{AuthorizationPolicy, ip_block};

declare_rule! {
    /// ## What it does
    /// Finds values of an AuthorizationPolicy that cannot be what their field asks for: addresses that are neither an
    /// IP address nor a CIDR range, ports that are no number up to 65535, service accounts that are not `ACCOUNT` or
    /// `NAMESPACE/ACCOUNT`, trust domains with a slash or with a wildcard in the middle, and path templates with
    /// other operators than `{*}` and a last `{**}`.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the policy. Without the webhook Istio drops the rule from an ALLOW policy, and drops
    /// the condition from a DENY policy, which then refuses more.
    ///
    /// ## Example
    /// ```yaml
    /// from:
    ///   - source: {ipBlocks: [10.0.0.0/33]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// from:
    ///   - source: {ipBlocks: [10.0.0.0/8]}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub CONDITION_VALUE = "MC0405", "condition-value", Error, Document,
    "A value that its condition cannot have",
    ["IST0106"]
}

/// How a value is judged: none, or what is wrong.
type Judge = fn(&str) -> Option<String>;

/// Each value is of its field's form.
pub(crate) fn check(object: &Object<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    for rule in &object.spec.rules {
        for source in rule.from.iter().filter_map(|from| from.source.as_ref()) {
            for (name, values) in source.fields() {
                let judge: Judge = match name {
                    "ipBlocks" | "notIpBlocks" | "remoteIpBlocks" | "notRemoteIpBlocks" => address,
                    "serviceAccounts" | "notServiceAccounts" => service_account,
                    "trustDomains" | "notTrustDomains" => trust_domain,
                    _ => continue,
                };
                judge_all(object, name, values, judge, found);
            }
        }
        for operation in rule.to.iter().filter_map(|to| to.operation.as_ref()) {
            for (name, values) in operation.fields() {
                let judge: Judge = match name {
                    "ports" | "notPorts" => port,
                    "paths" | "notPaths" => path,
                    _ => continue,
                };
                judge_all(object, name, values, judge, found);
            }
        }
        for when in &rule.when {
            let Some(key) = when.key.as_ref() else { continue };
            let judge: Judge = match key.as_str() {
                "source.ip" | "remote.ip" | "destination.ip" => address,
                "source.serviceAccount" => service_account,
                "source.trustDomain" => wildcard,
                "destination.port" => port,
                _ => continue,
            };
            judge_all(object, key, &when.values, judge, found);
            judge_all(object, key, &when.not_values, judge, found);
        }
    }
}

fn judge_all(
    object: &Object<AuthorizationPolicy>,
    name: &str,
    values: &[Spanned<String>],
    judge: Judge,
    found: &mut Vec<Diagnostic>,
) {
    for value in values.iter().filter(|value| !value.is_empty()) {
        if let Some(wrong) = judge(value) {
            let message = format!("`{}` in `{name}` {wrong}: Istio refuses the policy", value.value);
            found.push(object.finding(&CONDITION_VALUE, value.span, message));
        }
    }
    if let Some(seventeenth) = values.get(16)
        && matches!(name, "source.serviceAccount")
    {
        let message =
            format!("`{name}` has {} values, 16 are allowed: Istio refuses the policy", values.len());
        found.push(object.finding(&CONDITION_VALUE, seventeenth.span, message));
    }
}

fn address(value: &str) -> Option<String> {
    ip_block(value).is_none().then(|| "is no IP address and no CIDR range".to_owned())
}

/// Go's `ParseUint` in base 10: digits only.
fn port(value: &str) -> Option<String> {
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    let number = value.parse::<u32>().ok().filter(|number| digits && *number <= 65535);
    number.is_none().then(|| "is no port, a number from 0 to 65535".to_owned())
}

fn service_account(value: &str) -> Option<String> {
    if value.contains('*') {
        return Some("has a wildcard, which service accounts cannot have".to_owned());
    }
    if value.len() > 320 {
        return Some("is longer than 320 bytes".to_owned());
    }
    let mut parts = value.split('/');
    let good = match (parts.next(), parts.next(), parts.next()) {
        (Some(account), None, _) => !account.is_empty(),
        (Some(namespace), Some(account), None) => !namespace.is_empty() && !account.is_empty(),
        _ => false,
    };
    (!good).then(|| "is neither `ACCOUNT` nor `NAMESPACE/ACCOUNT`".to_owned())
}

fn wildcard(value: &str) -> Option<String> {
    match value.matches('*').count() {
        0 => None,
        1 if value.starts_with('*') || value.ends_with('*') => None,
        1 => Some("has a wildcard in the middle, it can only be the first or last letter".to_owned()),
        _ => Some("has more than one wildcard".to_owned()),
    }
}

fn trust_domain(value: &str) -> Option<String> {
    wildcard(value).or_else(|| value.contains('/').then(|| "has a `/`, which no trust domain has".to_owned()))
}

/// A path with `{*}` or `{**}` is a template of Envoy's; braces mean nothing else.
fn path(value: &str) -> Option<String> {
    let template = value.contains("{*}") || value.contains("{**}");
    let mut last = false;
    for segment in value.trim_matches('/').split('/') {
        match segment {
            "{*}" | "{**}" if last => return Some("has an operator after `{**}`, the last one".to_owned()),
            "{*}" => {}
            "{**}" => last = true,
            _ if segment.contains(['{', '}']) => {
                return Some(format!(
                    "has `{segment}`: braces can only be the operators `{{*}}` and `{{**}}`"
                ));
            }
            _ if template && !is_literal(segment) => {
                return Some(format!("has the segment `{segment}`, which no template can have"));
            }
            _ => {}
        }
    }
    None
}

/// Letters that a segment of a template may have: RFC 3986's `pchar` without `*`.
fn is_literal(segment: &str) -> bool {
    !segment.is_empty()
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::{path, port, service_account, trust_domain};

    #[test]
    fn values_are_judged_as_the_webhook_does() {
        for good in ["/a/*", "/foo/{*}/bar/{**}", "/{*}", "*", "/a b"] {
            assert_eq!(path(good), None, "{good}");
        }
        for bad in ["/{**}/{*}", "/a{*}", "/{foo}", "/a*/{*}", "/{*}//b"] {
            assert!(path(bad).is_some(), "{bad}");
        }
        assert!(port("65536").is_some() && port("+1").is_some() && port("0").is_none());
        assert!(service_account("a/b/c").is_some() && service_account("/b").is_some());
        assert!(service_account("a").is_none() && service_account("a/b").is_none());
        assert!(
            trust_domain("td*").is_none() && trust_domain("t*d").is_some() && trust_domain("a/b").is_some()
        );
    }
}
