//! Certificates of gateways: the Secrets that Gateways name, and what is in them.

mod der;
mod pem;

mod certificate_date;
mod certificate_host;
mod certificate_key;
mod invalid_secret;
mod unknown_secret;

use meshc_diagnostics::{Diagnostic, ResourceId, Rule};
use meshc_mesh::PodProxy;
use meshc_resources::Object;
use meshc_resources::kubernetes::Secret;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

pub(super) use certificate_date::CERTIFICATE_DATE;
pub(super) use certificate_host::CERTIFICATE_HOST;
pub(super) use certificate_key::CERTIFICATE_KEY;
pub(super) use invalid_secret::INVALID_SECRET;
pub(super) use unknown_secret::UNKNOWN_SECRET;

use crate::rules::context::Context;

/// A Secret that a server of a gateway names.
struct Credential<'a> {
    /// The Gateway.
    id: ResourceId,
    /// The name as written.
    name: &'a Spanned<String>,
    /// Where the Secret has to be.
    namespace: String,
    /// The hosts of the server, without namespaces; empty where it is for all.
    hosts: Vec<String>,
    /// It holds authorities, and no certificate of the server's own.
    authorities: bool,
    /// Whether it is one of Istio's Gateways, at which `istioctl` looks.
    original: bool,
}

impl Credential<'_> {
    fn finding(&self, rule: &Rule, message: String) -> Diagnostic {
        Diagnostic::new(rule, self.name.span, message).resource_id(self.id.clone())
    }

    fn alias(&self, finding: Diagnostic, alias: &'static str) -> Diagnostic {
        if self.original { finding.alias(alias) } else { finding }
    }
}

/// What a Secret holds for a server.
struct Pair<'a> {
    certificate: Part<'a>,
    key: Part<'a>,
}

/// An entry of a Secret.
struct Part<'a> {
    /// `tls.crt`
    name: &'a str,
    /// Its bytes.
    bytes: Vec<u8>,
    /// Where it is written.
    span: Span,
}

/// The entries that Istio looks for, in its order.
const PAIRS: [(&str, &str); 2] = [("cert", "key"), ("tls.crt", "tls.key")];

/// Every credential of every gateway.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for credential in of_gateways(context).into_iter().chain(of_listeners(context)) {
        let name = credential.name.trim_start_matches("kubernetes://");
        let Some(secret) = context.secret(&credential.namespace, name) else {
            found.extend(unknown_secret::finding(context, &credential));
            continue;
        };
        if credential.authorities {
            continue;
        }
        let pair = match pair(secret) {
            Ok(pair) => pair,
            Err(why) => {
                found.push(invalid_secret::finding(&credential, secret.name_span(), &why));
                continue;
            }
        };
        let blocks = pem::blocks(&pair.certificate.bytes);
        let Some(first) = blocks.first() else {
            let why = format!("`{}` is no PEM", pair.certificate.name);
            found.push(invalid_secret::finding(&credential, pair.certificate.span, &why));
            continue;
        };
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(&first.bytes) else {
            let why = format!("`{}` is no certificate", pair.certificate.name);
            found.push(invalid_secret::finding(&credential, pair.certificate.span, &why));
            continue;
        };
        found.extend(certificate_date::finding(context, &credential, &certificate, pair.certificate.span));
        found.extend(certificate_host::finding(&credential, &certificate, pair.certificate.span));
        found.extend(certificate_key::finding(&credential, &certificate, &pair));
    }
}

/// The certificate and key of a Secret, or why there is none.
fn pair(secret: &Object<Secret>) -> Result<Pair<'_>, String> {
    let part = |name: &'static str| -> Option<Part<'static>> {
        let encoded = secret.spec.data.iter().find(|(key, _)| key.value == name);
        let plain = secret.spec.string_data.iter().find(|(key, _)| key.value == name);
        let (bytes, span) = match (plain, encoded) {
            // The value may be a line of thousands of letters: its key is what can be shown.
            (Some((key, value)), _) => (value.value.clone().into_bytes(), key.span),
            (None, Some((key, value))) => (pem::base64(&value.value)?, key.span),
            (None, None) => return None,
        };
        (!bytes.is_empty()).then_some(Part { name, bytes, span })
    };
    for (certificate, key) in PAIRS {
        if let (Some(certificate), Some(key)) = (part(certificate), part(key)) {
            return Ok(Pair { certificate, key });
        }
    }
    let names: Vec<&str> =
        secret.spec.data.keys().chain(secret.spec.string_data.keys()).map(|key| key.value.as_str()).collect();
    Err(if names.is_empty() {
        "it is empty".to_owned()
    } else {
        format!(
            "it has {}, and neither `tls.crt` with `tls.key` nor `cert` with `key`",
            meshc_syntax::suggest::list(&names)
        )
    })
}

/// The credentials of Istio's Gateways, whose Secrets are in the namespace of the gateway's workload.
fn of_gateways<'a>(context: &Context<'a>) -> Vec<Credential<'a>> {
    let mut all = Vec::new();
    for object in &context.resources.gateways {
        let selector = object
            .spec
            .selector
            .iter()
            .map(|(key, value)| (key.value.clone(), value.value.clone()))
            .collect();
        let mut pods = context.pods.selected(None, &selector).filter(|pod| pod.proxy == PodProxy::Gateway);
        let Some(pod) = pods.next() else { continue };
        for server in &object.spec.servers {
            let Some(tls) = &server.tls else { continue };
            let hosts = server.hosts.iter().map(|host| {
                let host = host.value.as_str();
                host.split_once('/').map_or(host, |(_, host)| host).to_owned()
            });
            let hosts: Vec<String> = hosts.filter(|host| host != "*").collect();
            let names = tls.credential_name.iter().chain(&tls.credential_names).map(|name| (name, false));
            let authorities = tls.ca_cert_credential_name.iter().map(|name| (name, true));
            for (name, authorities) in names.chain(authorities) {
                let elsewhere = name.contains("://") && !name.starts_with("kubernetes://");
                if name.is_empty() || elsewhere {
                    continue;
                }
                all.push(Credential {
                    id: object.id(),
                    name,
                    namespace: pod.namespace.clone(),
                    hosts: hosts.clone(),
                    authorities,
                    original: !authorities,
                });
            }
        }
    }
    all
}

/// The certificates of listeners of the Gateway API.
fn of_listeners<'a>(context: &Context<'a>) -> Vec<Credential<'a>> {
    let mut all = Vec::new();
    for object in &context.resources.kubernetes_gateways {
        for listener in &object.spec.listeners {
            let Some(tls) = &listener.tls else { continue };
            for reference in &tls.certificate_refs {
                let kind = reference.kind.as_ref().map_or("Secret", |kind| kind.value.as_str());
                let Some(name) = reference.name.as_ref().filter(|name| kind == "Secret" && !name.is_empty())
                else {
                    continue;
                };
                let namespace = reference.namespace.as_ref().map_or(object.namespace(), |n| n.value.as_str());
                all.push(Credential {
                    id: object.id(),
                    name,
                    namespace: namespace.to_owned(),
                    hosts: listener.hostname.iter().map(|host| host.value.clone()).collect(),
                    authorities: false,
                    original: false,
                });
            }
        }
    }
    all
}
