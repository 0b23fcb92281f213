//! The gateways that Istio's installation brings: a tree whose Gateways name them seldom has them itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pods::Replica;
use crate::hostname::service_host;
use crate::meta::selects;
use crate::{
    ExportTo, Gateway, Meta, Pod, PodProxy, Port, Protocol, ROOT_NAMESPACE, Registry, Resolution, Service,
    TargetPort,
};

/// A gateway of the installation.
struct Installed {
    /// Deployment, Service and service account.
    name: &'static str,
    /// The label `istio`.
    istio: &'static str,
    /// Port name, service port, pod port.
    ports: &'static [(&'static str, u16, u16)],
}

const INSTALLED: [Installed; 2] = [
    Installed {
        name: "istio-ingressgateway",
        istio: "ingressgateway",
        ports: &[("status-port", 15021, 15021), ("http2", 80, 8080), ("https", 443, 8443)],
    },
    Installed {
        name: "istio-egressgateway",
        istio: "egressgateway",
        ports: &[("http2", 80, 8080), ("https", 443, 8443)],
    },
];

/// Adds those that a Gateway selects and no pod is.
pub(super) fn add(gateways: &[Arc<Gateway>], services: &mut Vec<Service>, made: &mut Vec<Replica>) {
    for installed in INSTALLED {
        let labels: BTreeMap<String, String> = [("app", installed.name), ("istio", installed.istio)]
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
            namespace: ROOT_NAMESPACE.to_owned(),
            created: None,
            labels: labels.clone(),
            span: gateway.selector_span,
        };
        if !services.iter().any(|s| s.name == installed.name && s.namespace() == ROOT_NAMESPACE) {
            services.push(service(&installed, &meta, &labels));
        }
        made.push(pod(&installed, meta, labels));
    }
}

fn service(installed: &Installed, meta: &Meta, labels: &BTreeMap<String, String>) -> Service {
    let ports = installed.ports.iter().map(|&(name, number, target)| Port {
        name: name.to_owned(),
        number,
        protocol: Protocol::of_service_port(number, name, None, None),
        target: TargetPort::Number(target),
        span: meta.span,
    });
    Service {
        meta: meta.clone(),
        hostname: service_host(installed.name, ROOT_NAMESPACE),
        name: installed.name.to_owned(),
        registry: Registry::Kubernetes,
        resolution: Resolution::ClientSide,
        ports: ports.collect(),
        addresses: Vec::new(),
        derived_address: None,
        selector: labels.clone(),
        export_to: ExportTo::default(),
        external: false,
        made_up: true,
        publish_not_ready: false,
        endpoints: Vec::new(),
    }
}

fn pod(installed: &Installed, meta: Meta, labels: BTreeMap<String, String>) -> Replica {
    Replica {
        pod: Pod {
            name: format!("{}-0", installed.name),
            namespace: ROOT_NAMESPACE.to_owned(),
            workload: installed.name.to_owned(),
            labels,
            service_account: format!("{}-service-account", installed.name),
            ip: String::new(),
            listed: false,
            ports: Vec::new(),
            proxy: PodProxy::Gateway,
            span: meta.span,
            declared_by: meta.kind,
        },
        owner: meta,
        inject: None,
        gateway_template: true,
        host_network: false,
        made_up: true,
    }
}
