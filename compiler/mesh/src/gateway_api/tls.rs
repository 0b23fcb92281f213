//! TLS of listeners.

use meshc_resources::gateway_api::{
    FrontendValidationMode, Gateway, Listener, ListenerTlsConfig, ObjectReference, PortTlsConfig,
    SecretObjectReference, TlsMode,
};
use meshc_resources::istio;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::World;
use super::listeners::{Owner, text};
use super::status::Problem;

/// An option of `tls.options`: modes that the API has no field for.
const TERMINATE_MODE: &str = "gateway.istio.io/tls-terminate-mode";
/// An option of `tls.options`.
const CIPHER_SUITES: &str = "gateway.istio.io/tls-cipher-suites";

/// A listener's TLS in Istio's words, and what is wrong with it; none of a listener without TLS.
pub(super) fn settings(
    world: &World<'_>,
    owner: &Owner<'_>,
    gateway: &Gateway,
    listener: &Listener,
) -> (Option<Spanned<istio::ServerTls>>, Option<Problem>) {
    let Some(tls) = &listener.tls else { return (None, None) };
    let span = tls.span;
    let mut made = istio::ServerTls::default();
    let option = |key: &str| {
        let found = tls.options.iter().find(|(name, _)| name.value == key);
        found.map(|(_, value)| value.value.as_str())
    };
    let mode = |mode| Some(Spanned::at(mode, span));
    if tls.mode.as_ref().is_some_and(|mode| mode.value == TlsMode::Passthrough) {
        let by_name = crate::networks::passes_by_name(&owner.meta.labels, listener);
        made.mode = mode(if by_name { istio::TlsMode::AutoPassthrough } else { istio::TlsMode::Passthrough });
        ciphers(tls, &mut made, option(CIPHER_SUITES));
        return (Some(Spanned::at(made, span)), None);
    }
    made.mode = mode(istio::TlsMode::Simple);
    match option(TERMINATE_MODE) {
        Some("MUTUAL") => made.mode = mode(istio::TlsMode::Mutual),
        Some("OPTIONAL_MUTUAL") => made.mode = mode(istio::TlsMode::OptionalMutual),
        Some("ISTIO_SIMPLE") => {
            made.credential_name = Some(Spanned::at("builtin://".to_owned(), span));
            return (Some(Spanned::at(made, span)), None);
        }
        Some("ISTIO_MUTUAL") => {
            made.mode = mode(istio::TlsMode::IstioMutual);
            return (Some(Spanned::at(made, span)), None);
        }
        _ => {}
    }
    if tls.certificate_refs.len() > 2 {
        let message = "a listener can have up to 2 certificates";
        let problem = Problem::new("InvalidCertificateRef", span, message);
        return (Some(Spanned::at(made, span)), Some(problem));
    }
    let mut names = Vec::new();
    let mut problem = None;
    for reference in &tls.certificate_refs {
        match certificate(world, owner, reference) {
            Ok(name) => names.push(Spanned::at(name, reference.span)),
            Err(new) => problem = Problem::join(problem, Some(new)),
        }
    }
    if names.is_empty() {
        return (Some(Spanned::at(made, span)), problem);
    }
    match names.as_slice() {
        [only] => made.credential_name = Some(only.clone()),
        _ => made.credential_names = names,
    }
    if let Some(validation) = frontend(gateway, listener).and_then(|tls| tls.validation.as_ref())
        && let Some(reference) = validation.ca_certificate_refs.first()
    {
        if validation.ca_certificate_refs.len() > 1 {
            let message = "Istio supports one caCertificateRef";
            let problem = Problem::new("InvalidCACertificateRef", validation.span, message);
            return (Some(Spanned::at(made, span)), Some(problem));
        }
        let insecure = validation
            .mode
            .as_ref()
            .is_some_and(|mode| mode.value == FrontendValidationMode::AllowInsecureFallback);
        match authority(world, owner, reference) {
            Ok(name) => made.ca_cert_credential_name = Some(Spanned::at(name, reference.span)),
            Err(problem) => return (Some(Spanned::at(made, span)), Some(problem)),
        }
        made.mode = mode(if insecure { istio::TlsMode::OptionalMutual } else { istio::TlsMode::Mutual });
        made.insecure_skip_verify = Some(Spanned::at(insecure, validation.span));
        match option(TERMINATE_MODE) {
            Some("MUTUAL") => {
                made.mode = mode(istio::TlsMode::Mutual);
                made.insecure_skip_verify = Some(Spanned::at(false, span));
            }
            Some("OPTIONAL_MUTUAL") => {
                made.mode = mode(istio::TlsMode::OptionalMutual);
                made.insecure_skip_verify = Some(Spanned::at(false, span));
            }
            _ => {}
        }
    }
    ciphers(tls, &mut made, option(CIPHER_SUITES));
    (Some(Spanned::at(made, span)), problem)
}

fn ciphers(tls: &Spanned<ListenerTlsConfig>, made: &mut istio::ServerTls, written: Option<&str>) {
    let suites = written.unwrap_or_default().split(',').map(str::trim).filter(|suite| !suite.is_empty());
    made.cipher_suites = suites.map(|suite| Spanned::at(suite.to_owned(), tls.span)).collect();
}

/// The frontend settings of a listener's port.
fn frontend<'g>(gateway: &'g Gateway, listener: &Listener) -> Option<&'g PortTlsConfig> {
    let frontend = gateway.tls.as_ref()?.frontend.as_ref()?;
    let port = listener.port.as_ref().map(|port| port.value);
    let of_port = frontend.per_port.iter().find(|of| of.port.as_ref().map(|port| port.value) == port);
    match of_port {
        Some(of_port) => of_port.tls.as_deref(),
        None => frontend.default.as_deref(),
    }
}

/// Istio's name of the Secret of a certificate. That the Secret is there cannot be asked of a tree: secrets are
/// seldom kept with the configuration.
fn certificate(
    world: &World<'_>,
    owner: &Owner<'_>,
    reference: &Spanned<SecretObjectReference>,
) -> Result<String, Problem> {
    let name = text(&reference.name);
    let namespace = owner.namespace_of(&reference.namespace);
    permitted(world, owner, ("", "Secret", namespace, name), reference.span)?;
    let kind = reference.kind.as_ref().map_or("Secret", |kind| kind.value.as_str());
    if kind != "Secret" || !text(&reference.group).is_empty() {
        let message = format!("{kind} `{name}` is no certificate that Istio can read: only a Secret is");
        return Err(Problem::new("InvalidCertificateRef", reference.span, message));
    }
    Ok(format!("kubernetes-gateway://{namespace}/{name}"))
}

/// Istio's name of the certificate authority of clients.
fn authority(
    world: &World<'_>,
    owner: &Owner<'_>,
    reference: &Spanned<ObjectReference>,
) -> Result<String, Problem> {
    let name = text(&reference.name);
    let namespace = owner.namespace_of(&reference.namespace);
    let kind = text(&reference.kind);
    let scheme = match (text(&reference.group), kind) {
        ("", "ConfigMap") => "configmap",
        ("", "Secret") => "kubernetes-gateway",
        (group, kind) => {
            let message = format!(
                "{kind} `{name}` of the group `{group}` is no certificate authority that Istio can read: only a ConfigMap or a Secret is"
            );
            return Err(Problem::new("InvalidCACertificateKind", reference.span, message));
        }
    };
    permitted(world, owner, ("", kind, namespace, name), reference.span)?;
    Ok(format!("{scheme}://{namespace}/{name}-cacert"))
}

fn permitted(
    world: &World<'_>,
    owner: &Owner<'_>,
    to: (&str, &str, &str, &str),
    span: Span,
) -> Result<(), Problem> {
    let (_, kind, namespace, name) = to;
    if namespace == owner.meta.namespace || world.grants.allow(owner.meta.kind, &owner.meta.namespace, to) {
        return Ok(());
    }
    let message = format!(
        "{kind} `{namespace}/{name}` is of another namespace, and no ReferenceGrant there allows {}s of `{}` to use it",
        owner.meta.kind, owner.meta.namespace
    );
    Err(Problem::new("RefNotPermitted", span, message))
}
