//! The gateways that Istio's installation brings: a tree whose Gateways name them seldom has them itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_settings::Istio;
use meshc_syntax::de::Spanned;

use super::pods::Replica;
use crate::hostname::service_host;
use crate::meta::selects;
use crate::{
    Distribution, ExportTo, Gateway, Meta, Port, Protocol, ROOT_NAMESPACE, Registry, Resolution, Service,
    TargetPort,
};

/// A gateway of the installation.
struct Installed<'a> {
    /// Deployment, Service and service account.
    name: &'a str,
    /// Where it is.
    namespace: &'a str,
    /// The label `istio`.
    label: &'a str,
    /// Port name, service port, pod port.
    ports: &'static [(&'static str, u16, u16)],
}

const INGRESS: Installed<'_> = Installed {
    name: "istio-ingressgateway",
    namespace: ROOT_NAMESPACE,
    label: "ingressgateway",
    ports: &[("status-port", 15021, 15021), ("http2", 80, 8080), ("https", 443, 8443)],
};

const EGRESS: Installed<'_> = Installed {
    name: "istio-egressgateway",
    namespace: ROOT_NAMESPACE,
    label: "egressgateway",
    ports: &[("http2", 80, 8080), ("https", 443, 8443)],
};

impl<'a> Installed<'a> {
    /// As the settings have it; none where the installation has no such gateway.
    fn within(&self, settings: &'a meshc_settings::Installed) -> Option<Self>
    where
        Self: 'a,
    {
        let text =
            |set: &'a Option<Spanned<String>>, default| set.as_ref().map_or(default, |v| v.value.as_str());
        settings.present.as_ref().is_none_or(|present| present.value).then(|| Self {
            name: text(&settings.name, self.name),
            namespace: text(&settings.namespace, self.namespace),
            label: text(&settings.label, self.label),
            ports: self.ports,
        })
    }
}

/// Adds those that a Gateway selects and no pod is.
pub(super) fn add(
    settings: &Istio,
    gateways: &[Arc<Gateway>],
    services: &mut Vec<Service>,
    made: &mut Vec<Replica>,
) {
    let installed = [INGRESS.within(&settings.ingressgateway), EGRESS.within(&settings.egressgateway)];
    for installed in installed.into_iter().flatten() {
        let labels: BTreeMap<String, String> = [("app", installed.name), ("istio", installed.label)]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into();
        let names_it = |gateway: &&Arc<Gateway>| {
            !gateway.selector.is_empty()
                && selects(&gateway.selector, &labels)
                && !made.iter().any(|pod| gateway.selects(&pod.pod.labels))
        };
        let Some(gateway) = gateways.iter().find(names_it) else { continue };
        let meta = Meta {
            kind: "Gateway",
            name: installed.name.to_owned(),
            namespace: installed.namespace.to_owned(),
            created: None,
            labels: labels.clone(),
            span: gateway.selector_span,
            title: None,
        };
        if !services.iter().any(|s| s.name == installed.name && s.namespace() == installed.namespace) {
            services.push(service(&installed, &meta, &labels));
        }
        made.push(Replica::of_gateway(
            meta,
            installed.name,
            format!("{}-service-account", installed.name),
            labels,
        ));
    }
}

fn service(installed: &Installed<'_>, meta: &Meta, labels: &BTreeMap<String, String>) -> Service {
    let ports = installed.ports.iter().map(|&(name, number, target)| Port {
        name: name.to_owned(),
        number,
        protocol: Protocol::of_service_port(number, name, None, None),
        target: TargetPort::Number(target),
        span: meta.span,
    });
    Service {
        meta: meta.clone(),
        hostname: service_host(installed.name, installed.namespace),
        name: installed.name.to_owned(),
        registry: Registry::Kubernetes,
        resolution: Resolution::ClientSide,
        ports: ports.collect(),
        addresses: Vec::new(),
        derived_address: None,
        alias_of: None,
        aliases: Vec::new(),
        auto_addresses: Vec::new(),
        selector: labels.clone(),
        export_to: ExportTo::default(),
        external: false,
        made_up: true,
        publish_not_ready: false,
        distribution: Distribution::Any,
        node_local: false,
        subject_alt_names: Vec::new(),
        port_overrides: BTreeMap::new(),
        endpoints: Vec::new(),
    }
}
