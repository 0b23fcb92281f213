//! One certificate in two Gateways of one workload.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::Gateway;
use meshc_resources::istio::ServerTls;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds TLS servers of several Gateways of one workload that have the same certificate.
    ///
    /// ## What happens to traffic
    /// A browser that has a connection to one of the hosts uses it for every host of the certificate (RFC 9113, 9.1.1).
    /// The gateway answers 404 to requests for hosts of the other Gateway on that connection.
    ///
    /// ## Example
    /// Two Gateways with `credentialName: wildcard-cert`, one for `a.example.com`, one for `b.example.com`.
    ///
    /// ## Use instead
    /// One Gateway with both hosts in one server.
    ///
    /// ## Covers
    /// IST0138. `istioctl` names each Gateway whose selector is contained in that of the other; here each of them.
    pub SHARED_CERTIFICATE = "MC1404", "shared-certificate", Warning, Mesh,
    "One certificate in two Gateways of one workload",
    ["IST0138"]
}

/// The certificate of a server by name, where Istio compares it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Certificate<'a> {
    Secret(&'a str),
    Files(&'a str, &'a str),
}

type Holders<'a> = Vec<(&'a Arc<Gateway>, Span)>;

/// Every TLS server of every Gateway.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut holders: BTreeMap<Certificate<'_>, Holders<'_>> = BTreeMap::new();
    for gateway in &context.mesh.gateways {
        for server in &gateway.servers {
            let Some(tls) = &server.tls else { continue };
            if let Some((certificate, span)) = certificate(tls) {
                let of_certificate = holders.entry(certificate).or_default();
                if of_certificate.last().is_none_or(|(last, _)| last.meta != gateway.meta) {
                    of_certificate.push((gateway, span));
                }
            }
        }
    }
    for all in holders.values().filter(|all| all.len() > 1) {
        for (gateway, span) in all {
            // The other's pods are those of this one, or some of them; the other way round it is found at the other.
            let follows = |(other, _): &&(&Arc<Gateway>, Span)| {
                other.meta != gateway.meta
                    && gateway.selector.iter().all(|(k, v)| other.selector.get(k) == Some(v))
            };
            let wider = |(other, _): &&(&Arc<Gateway>, Span)| {
                other.meta != gateway.meta
                    && other.selector.iter().all(|(k, v)| gateway.selector.get(k) == Some(v))
            };
            let original = all.iter().find(follows);
            let Some((other, of_other)) = original.or_else(|| all.iter().find(wider)) else { continue };
            let message = format!(
                "{} has the same certificate on the same workload: browsers use one connection for the hosts of both, and \
                 get 404 for those of the other",
                other.meta
            );
            let finding = super::finding(&SHARED_CERTIFICATE, &gateway.meta, *span, message)
                .label(*of_other, "the same certificate")
                .help("put the hosts into one server of one Gateway");
            found.push(match original {
                Some(_) => finding.alias("IST0138"),
                None => finding.severity(Severity::Info),
            });
        }
    }
}

fn certificate(tls: &ServerTls) -> Option<(Certificate<'_>, Span)> {
    let text = |field: &Option<Spanned<String>>| {
        field.as_ref().filter(|text| !text.is_empty()).map(|text| text.span)
    };
    if let (Some(span), Some(name)) = (text(&tls.credential_name), &tls.credential_name) {
        return Some((Certificate::Secret(&name.value), span));
    }
    let (certificate, key) = (&tls.server_certificate, &tls.private_key);
    let span = text(certificate)?;
    text(key)?;
    Some((Certificate::Files(&certificate.as_ref()?.value, &key.as_ref()?.value), span))
}
