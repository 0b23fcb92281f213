//! The Service and the pods that Istio makes for a Gateway: a tree seldom has them.

use std::collections::BTreeMap;

use meshc_resources::gateway_api::Gateway;
use meshc_resources::{Object, Resources};

use super::allowed::allows;
use super::classes::{Class, class};
use super::listeners::text;
use super::{meta, name_span};
use crate::{Meta, Namespace};

/// The label of what is made for a Gateway.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";
/// The annotation that names what is made for it.
const NAME_OVERRIDE: &str = "gateway.istio.io/name-override";
/// The annotation that names the identity of its pods.
const ACCOUNT_OVERRIDE: &str = "gateway.istio.io/service-account";

/// What Istio makes for a Gateway.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// The Gateway.
    pub(crate) gateway: Meta,
    /// Of the Service and the Deployment.
    pub(crate) name: String,
    /// The identity of the pods.
    pub(crate) service_account: String,
    /// Of the pods, and all by which the Service selects them.
    pub(crate) label: (String, String),
    /// Name and number of each port of the Service, and its protocol.
    pub(crate) ports: Vec<(String, u16, String)>,
}

/// What Istio makes for all Gateways of its class.
pub(crate) fn deployments(
    resources: &Resources,
    namespaces: &BTreeMap<String, Namespace>,
) -> Vec<Deployment> {
    resources
        .kubernetes_gateways
        .iter()
        .filter(|object| class(resources, text(&object.spec.gateway_class_name)) == Some(Class::Managed))
        .filter(|object| is_managed(&object.spec))
        .map(|object| deployment(resources, namespaces, object))
        .collect()
}

fn deployment(
    resources: &Resources,
    namespaces: &BTreeMap<String, Namespace>,
    object: &Object<Gateway>,
) -> Deployment {
    let name = service_name(object);
    let account = object.metadata.annotation(ACCOUNT_OVERRIDE).filter(|account| !account.is_empty());
    let sets = resources.listener_sets.iter().filter(|set| {
        set.spec.parent_ref.as_ref().is_some_and(|parent| {
            parent.name() == object.name() && parent.namespace(set.namespace()) == object.namespace()
        })
    });
    let sets = sets.filter(|set| allows(namespaces, object, set.namespace()));
    let listeners = object.spec.listeners.iter().chain(sets.flat_map(|set| &set.spec.listeners));
    let mut ports: Vec<(String, u16, String)> = vec![("status-port".to_owned(), 15021, "tcp".to_owned())];
    for listener in listeners {
        let Some(port) = listener.port.as_ref().and_then(|port| u16::try_from(port.value).ok()) else {
            continue;
        };
        if ports.iter().any(|(_, known, _)| *known == port) {
            continue;
        }
        let mut called: String = text(&listener.name).replace('.', "-").chars().take(63).collect();
        if ports.iter().any(|(known, ..)| *known == called) {
            called = format!("{called}-{port}");
        }
        ports.push((called, port, text(&listener.protocol).to_ascii_lowercase()));
    }
    let mut gateway = meta(object);
    gateway.span = name_span(&object.metadata, object.span);
    Deployment {
        service_account: account.map_or_else(|| name.clone(), ToOwned::to_owned),
        name,
        label: (GATEWAY_NAME.to_owned(), gateway.name.clone()),
        gateway,
        ports,
    }
}

/// Whether Istio deploys it: unless an address names a Service that is there already.
pub(super) fn is_managed(spec: &Gateway) -> bool {
    match spec.addresses.as_slice() {
        [] => true,
        [only] => only.kind.as_ref().is_none_or(|kind| kind.value == "IPAddress"),
        _ => false,
    }
}

/// `NAME-CLASS`, unless an annotation says otherwise.
pub(super) fn service_name(object: &Object<Gateway>) -> String {
    match object.metadata.annotation(NAME_OVERRIDE).filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None => format!("{}-{}", object.name(), text(&object.spec.gateway_class_name)),
    }
}
