//! TLS to endpoints: what a DestinationRule says, else Istio's mutual TLS where it can be
//! (Istio's `buildUpstreamTLSSettings` and `buildUpstreamClusterTLSContext`).

use meshc_mesh::{MtlsMode, Registry, Resolution, Service};
use meshc_resources::istio::{ClientTlsMode, ClientTlsSettings, SimpleLoadBalancer, TrafficPolicy};
use meshc_syntax::de::Spanned;

use super::policy::{mode, simple};
use super::service::Context;
use super::settings::Settings;
use crate::model::{Certificates, ClientTls, Cluster, ClusterKind, ProxyKind, Tls, UpstreamProtocol};

/// What ConfigMaps are named by among credentials.
const CONFIG_MAP: &str = "configmap://";

/// What Istio's proxies offer each other.
const ALPN: [&str; 2] = ["istio-peer-exchange", "istio"];

/// TLS of a cluster whose protocol and discovery are known.
pub(super) struct Question<'a> {
    pub(super) written: Option<&'a ClientTlsSettings>,
    /// Of the whole rule or subset, without regard to ports: what Istio infers passthrough from.
    pub(super) policy: Option<&'a TrafficPolicy>,
    /// The rule selects its callers.
    pub(super) selects_callers: bool,
    /// The name that Istio's mutual TLS asks for.
    pub(super) sni: String,
    pub(super) port: u16,
}

pub(super) fn apply(cluster: &mut Cluster, question: &Question<'_>, context: &Context<'_>) {
    let own = context.caller.variables.certificates.as_ref();
    let Some(written) = question.written else {
        if !is_possible(question, context) {
            return;
        }
        if let Some(own) = own {
            // Spoken to all endpoints, whether they take it or not.
            let names = context.identities().into_iter().map(Spanned::new).collect();
            let settings = own.settings(names, question.sni.clone(), None);
            cluster.tls = custom(cluster, &settings, &of_service(context)).map_or(Tls::Plaintext, always);
        } else if cluster.kind == ClusterKind::OriginalDst {
            cluster.tls = always(istio(cluster, None, question, context));
        } else {
            cluster.tls = Tls::WherePossible(Box::new(istio(cluster, None, question, context)));
        }
        return;
    };
    let mode = mode(written);
    let is_mutual = matches!(mode, ClientTlsMode::Mutual | ClientTlsMode::IstioMutual);
    // A destination outside the mesh may know others.
    if let Some(own) = own.filter(|_| is_mutual && !context.service.external) {
        let sni = text(written.sni.as_ref()).to_owned();
        let names = written.subject_alt_names.clone();
        let settings = own.settings(names, sni, written.insecure_skip_verify.as_ref());
        cluster.tls = custom(cluster, &settings, &of_service(context)).map_or(Tls::Plaintext, always);
        return;
    }
    cluster.tls = match mode {
        ClientTlsMode::Disable => Tls::Plaintext,
        ClientTlsMode::IstioMutual => {
            if cluster.kind == ClusterKind::DynamicForwardProxy {
                by_host(cluster, written);
            }
            always(istio(cluster, Some(written), question, context))
        }
        ClientTlsMode::Simple | ClientTlsMode::Mutual => {
            let is_sidecar = context.caller.kind == ProxyKind::Sidecar;
            if is_secret(written) && is_sidecar && !question.selects_callers {
                // Sidecars get no Secrets unless the rule is for chosen ones.
                return;
            }
            custom(cluster, written, &of_service(context)).map_or(Tls::Plaintext, always)
        }
    };
}

/// TLS to names that no service claims (Istio's `buildAllowAnyDFPCluster`). A Secret is refused before: no sidecar gets it.
pub(super) fn unclaimed(cluster: &mut Cluster, written: &ClientTlsSettings, settings: &Settings) {
    let surroundings = Surroundings { settings, names: Vec::new() };
    cluster.tls = match mode(written) {
        ClientTlsMode::Disable => Tls::Plaintext,
        ClientTlsMode::IstioMutual => {
            by_host(cluster, written);
            always(ClientTls {
                certificates: Certificates::Istio,
                sni: Some(text(written.sni.as_ref()).to_owned()).filter(|sni| !sni.is_empty()),
                subject_alt_names: names(written),
                alpn: ALPN.map(str::to_owned).to_vec(),
                cipher_suites: Vec::new(),
                ecdh_curves: Vec::new(),
            })
        }
        ClientTlsMode::Simple | ClientTlsMode::Mutual if is_secret(written) => Tls::Plaintext,
        ClientTlsMode::Simple | ClientTlsMode::Mutual => {
            custom(cluster, written, &surroundings).map_or(Tls::Plaintext, always)
        }
    };
}

fn always(tls: ClientTls) -> Tls {
    Tls::Always(Box::new(tls))
}

/// Whether the certificates are a Secret's.
fn is_secret(written: &ClientTlsSettings) -> bool {
    let credential = text(written.credential_name.as_ref());
    !credential.is_empty() && !credential.starts_with(CONFIG_MAP)
}

/// What TLS with certificates of one's own asks beside what is written.
struct Surroundings<'a> {
    settings: &'a Settings,
    /// The names of the server's certificate where none are written.
    names: Vec<String>,
}

fn of_service<'a>(context: &Context<'a>) -> Surroundings<'a> {
    let is_entry = context.service.registry == Registry::External;
    let names = if is_entry { context.identities() } else { Vec::new() };
    Surroundings { settings: context.settings, names }
}

/// Servers are asked for by the request's host where no name is written, and verified by it (Istio's
/// `setAutoSniAndAutoSanValidation`).
fn by_host(cluster: &mut Cluster, written: &ClientTlsSettings) {
    let insecure = is_insecure(written);
    let dynamic = cluster.kind == ClusterKind::DynamicForwardProxy;
    let auto_sni = text(written.sni.as_ref()).is_empty();
    let unnamed = auto_sni && written.subject_alt_names.is_empty();
    cluster.http.auto_sni = auto_sni;
    cluster.http.auto_san_validation = !insecure && (dynamic || unnamed);
}

fn is_insecure(written: &ClientTlsSettings) -> bool {
    written.insecure_skip_verify.as_ref().is_some_and(|insecure| insecure.value)
}

/// Whether Istio speaks mutual TLS where nobody says so.
fn is_possible(question: &Question<'_>, context: &Context<'_>) -> bool {
    let service = context.service;
    if service.external || !context.settings.auto_mtls {
        return false;
    }
    let passes = service.resolution == Resolution::Passthrough
        || simple(question.policy.and_then(|policy| policy.load_balancer.as_ref()).map(|lb| &lb.value))
            == Some(SimpleLoadBalancer::Passthrough);
    if passes {
        let mut endpoints = service.endpoints_of(question.port).peekable();
        if endpoints.peek().is_none() || endpoints.any(|endpoint| !endpoint.mutual_tls) {
            return false;
        }
    }
    context.mesh.policies.mtls(service.namespace(), &std::collections::BTreeMap::new()).all.mode
        != MtlsMode::Disable
}

fn istio(
    cluster: &Cluster,
    written: Option<&ClientTlsSettings>,
    question: &Question<'_>,
    context: &Context<'_>,
) -> ClientTls {
    let sni = written.map_or("", |written| text(written.sni.as_ref()));
    let sni = if sni.is_empty() { question.sni.clone() } else { sni.to_owned() };
    let names = written.map(names).filter(|names| !names.is_empty());
    let mut alpn = ALPN.map(str::to_owned).to_vec();
    if cluster.http.protocol == UpstreamProtocol::Http2 {
        alpn.push("h2".to_owned());
    }
    ClientTls {
        certificates: Certificates::Istio,
        sni: Some(sni).filter(|sni| !sni.is_empty()),
        subject_alt_names: names.unwrap_or_else(|| context.identities()),
        alpn,
        cipher_suites: Vec::new(),
        ecdh_curves: Vec::new(),
    }
}

/// TLS with the certificates that are written; none where the client's are missing.
fn custom(
    cluster: &mut Cluster,
    written: &ClientTlsSettings,
    surroundings: &Surroundings<'_>,
) -> Option<ClientTls> {
    let Surroundings { settings, names: otherwise } = surroundings;
    let insecure = is_insecure(written);
    let mutual = mode(written) == ClientTlsMode::Mutual;
    let sni = text(written.sni.as_ref());
    by_host(cluster, written);
    let mut names = names(written);
    if names.is_empty() {
        names.clone_from(otherwise);
    }
    let credential = text(written.credential_name.as_ref());
    let file = |value: &Option<Spanned<String>>| {
        Some(text(value.as_ref()).to_owned()).filter(|path| !path.is_empty())
    };
    let certificates = if credential.is_empty() {
        let client = match (file(&written.client_certificate), file(&written.private_key)) {
            (Some(certificate), Some(key)) if mutual => Some((certificate, key)),
            _ if mutual => return None,
            _ => None,
        };
        let ca = file(&written.ca_certificates).unwrap_or_else(|| "system".to_owned());
        Certificates::Files { client, ca: Some(ca).filter(|_| !insecure), crl: file(&written.ca_crl) }
    } else {
        Certificates::Credential { name: credential.to_owned(), client: mutual, verify: !insecure }
    };
    let h2 = cluster.http.protocol == UpstreamProtocol::Http2;
    Some(ClientTls {
        certificates,
        sni: Some(sni.to_owned()).filter(|sni| !sni.is_empty()),
        subject_alt_names: if insecure { Vec::new() } else { names },
        alpn: if h2 { vec!["h2".to_owned()] } else { Vec::new() },
        cipher_suites: settings.cipher_suites.clone(),
        ecdh_curves: settings.ecdh_curves.clone(),
    })
}

fn names(written: &ClientTlsSettings) -> Vec<String> {
    written.subject_alt_names.iter().map(|name| name.value.clone()).collect()
}

fn text(value: Option<&Spanned<String>>) -> &str {
    value.map_or("", |value| value.value.as_str())
}

/// The identities that the endpoints of a service have, and those that it is said to have.
pub(super) fn identities(service: &Service, trust_domain: &str, aliases: &[String]) -> Vec<String> {
    let of_endpoints = service
        .endpoints
        .iter()
        .filter_map(|endpoint| endpoint.identity.as_ref())
        .map(|(namespace, account)| format!("spiffe://{trust_domain}/ns/{namespace}/sa/{account}"));
    let mut all: Vec<String> = of_endpoints.chain(service.subject_alt_names.iter().cloned()).collect();
    let expanded: Vec<String> = aliases
        .iter()
        .flat_map(|alias| {
            all.iter().filter_map(move |identity| {
                let path = identity.strip_prefix("spiffe://")?.split_once('/')?.1;
                Some(format!("spiffe://{alias}/{path}"))
            })
        })
        .collect();
    all.extend(expanded);
    all.sort();
    all.dedup();
    all
}
