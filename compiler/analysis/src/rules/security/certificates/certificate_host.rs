//! A certificate for another host.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::suggest::list;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

use super::Credential;

declare_rule! {
    /// ## What it does
    /// Finds hosts of servers of gateways that are not among the names of the server's certificate.
    ///
    /// ## What happens to traffic
    /// Clients refuse the connection: the certificate is for another host.
    ///
    /// ## Example
    /// A server for `shop.example.com` whose certificate is for `www.example.com`.
    ///
    /// ## Use instead
    /// A certificate with the host among its alternative names, or a wildcard that covers it.
    pub CERTIFICATE_HOST = "MC1515", "certificate-host", Error, Mesh,
    "A certificate for another host",
    []
}

/// The finding for the first host that is not covered.
pub(super) fn finding(
    credential: &Credential<'_>,
    certificate: &X509Certificate<'_>,
    span: Span,
) -> Option<Diagnostic> {
    let alternative = certificate.subject_alternative_name().ok().flatten()?;
    let names: Vec<&str> = alternative
        .value
        .general_names
        .iter()
        .filter_map(|name| if let GeneralName::DNSName(name) = name { Some(*name) } else { None })
        .collect();
    let host = credential.hosts.iter().find(|host| !names.iter().any(|name| covers(name, host)))?;
    let message = format!(
        "the certificate of Secret `{}/{}` is not for `{host}`: clients refuse the connection",
        credential.namespace, credential.name.value
    );
    Some(
        credential
            .finding(&CERTIFICATE_HOST, message)
            .label(span, "the certificate")
            .help(format!("it is for {}", list(&names))),
    )
}

/// Whether a name of a certificate covers a host, which may be a wildcard itself: a wildcard stands for one label.
fn covers(name: &str, host: &str) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(suffix), Some((first, rest))) = (name.strip_prefix("*."), host.split_once('.')) else {
        return false;
    };
    !first.is_empty() && first != "*" && rest.eq_ignore_ascii_case(suffix)
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(covers("shop.example.com", "Shop.Example.com"));
        assert!(covers("*.example.com", "shop.example.com"));
        assert!(covers("*.example.com", "*.example.com"));
        assert!(!covers("*.example.com", "a.shop.example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(!covers("shop.example.com", "*.example.com"));
    }
}
