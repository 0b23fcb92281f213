//! A value of a known field that this version does not do yet.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::Node;
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::ProxyConfig;
use crate::istio::mesh::MeshProxyConfig;

declare_rule! {
    /// ## What it does
    /// Refuses a value that this version of meshc knows and does not model: a bootstrap of one's own for proxies, a variable of
    /// their environment that changes what istiod sends them, a Secret for TLS to hosts that no service claims.
    ///
    /// ## What happens to traffic
    /// In a cluster the value takes effect. meshc would have to guess, so it refuses the tree by name.
    ///
    /// ## Example
    /// ```yaml
    /// kind: ConfigMap
    /// metadata: {name: istio, namespace: istio-system}
    /// data:
    ///   mesh: |
    ///     defaultConfig: {runtimeValues: {envoy.reloadable_features.no_extension_lookup_by_name: "false"}}
    /// ```
    ///
    /// ## Use instead
    /// Leave the file out of what meshc reads, or wait for the version that models the value.
    pub NOT_IMPLEMENTED_VALUE = "MC0205", "not-implemented-value", Info, Document,
    "A value that meshc does not model yet",
    []
}

fn finding<T>(object: &Object<T>, path: &str, value: &Spanned<String>) -> Diagnostic {
    let message = format!(
        "`{path}: {}` is not implemented yet: what it does to traffic is unknown here, so the tree is refused",
        value.value
    );
    object.finding(&NOT_IMPLEMENTED_VALUE, value.span, message)
}

/// Settings of a proxy that replace or change the configuration that it starts with, and why that is not known here.
const PROXY_CONFIG: [(&str, &str); 3] = [
    ("customConfigFile", "the file is in the proxy's container"),
    ("proxyBootstrapTemplatePath", "the file is in the proxy's container"),
    ("runtimeValues", "they can switch anything in Envoy"),
];

/// Variables of a proxy's environment that change what istiod sends it, and that are not modelled.
const METADATA: [&str; 4] = [
    "ISTIO_META_ENABLE_SELF_DISCOVERY",
    "ISTIO_META_GENERATOR",
    "ISTIO_META_ENABLE_HBONE",
    "ISTIO_META_UNPRIVILEGED_POD",
];

/// How a proxy is set up; `within` is the path before the fields of `of`.
pub(crate) fn proxy_config(
    config: &MeshProxyConfig,
    node: &Node,
    of: &str,
    within: &str,
    found: &mut Vec<Diagnostic>,
) {
    let mut refuse = |field: &str, why: &str, span: Span| {
        let message = format!(
            "`{within}{field}` of {of} is not implemented yet: it changes what proxies do ({why}), so the tree is refused"
        );
        found.push(Diagnostic::new(&NOT_IMPLEMENTED_VALUE, span, message));
    };
    for (field, why) in PROXY_CONFIG {
        if let Some(entry) = node.entry(field).filter(|entry| !entry.value.is_null()) {
            refuse(field, why, entry.key.span);
        }
    }
    for (name, _) in config.proxy_metadata.iter().filter(|(name, _)| METADATA.contains(&name.as_str())) {
        refuse(&format!("proxyMetadata.{}", name.value), "istiod reads the variable", name.span);
    }
}

/// The same in the resource ProxyConfig.
pub(crate) fn proxy_config_resource(object: &Object<ProxyConfig>, found: &mut Vec<Diagnostic>) {
    for (name, value) in &object.spec.environment_variables {
        if METADATA.contains(&name.as_str()) {
            let path = format!("spec.environmentVariables.{}", name.value);
            found.push(finding(object, &path, &Spanned::at(value.value.clone(), name.span)));
        }
    }
}

/// Settings of the whole mesh.
pub(crate) fn mesh_config(node: &Node, found: &mut Vec<Diagnostic>) {
    let policy = node.get("outboundTrafficPolicy").or(node.get("outbound_traffic_policy"));
    let tls = policy.and_then(|policy| policy.get("tls"));
    let credential = tls.and_then(|tls| tls.entry("credentialName").or(tls.entry("credential_name")));
    let Some(credential) = credential else { return };
    let is_secret = |name: &str| !name.is_empty() && !name.starts_with("configmap://");
    if credential.value.as_str().is_some_and(is_secret) {
        let message = "`outboundTrafficPolicy.tls.credentialName` is not implemented: no sidecar gets the Secret, and istiod sends \
                       them a cluster that Envoy refuses, so the tree is refused";
        let finding = Diagnostic::new(&NOT_IMPLEMENTED_VALUE, credential.key.span, message);
        found.push(finding.help("name files of the proxies' containers, or a ConfigMap (`configmap://…`)"));
    }
}
