//! Which Services are a Gateway: what its addresses and its infrastructure say.

use meshc_resources::Object;
use meshc_resources::gateway_api;

use super::deployment::{is_managed, service_name};
use super::listeners::text;
use super::status::Problem;
use super::{World, host_of, meta};
use crate::Meta;

/// The hosts of a Gateway, as its status names them.
pub(super) fn service_host_of(object: &Object<gateway_api::Gateway>) -> String {
    let (services, _) = services(object, &meta(object));
    services.join(" and ")
}

/// The hosts of the Services whose pods are the gateway: the one that Istio deploys, or those that its addresses name.
pub(super) fn services(object: &Object<gateway_api::Gateway>, own: &Meta) -> (Vec<String>, Option<Problem>) {
    if is_managed(&object.spec) {
        return (vec![host_of(&service_name(object), &own.namespace)], None);
    }
    let mut hosts = Vec::new();
    let mut problem = None;
    for address in &object.spec.addresses {
        let value = text(&address.value.value);
        if address.kind.as_ref().is_some_and(|kind| kind.value == "Hostname") {
            hosts.push(if value.contains('.') { value.to_owned() } else { host_of(value, &own.namespace) });
        } else {
            let message = format!(
                "the address `{value}` is not used: beside others Istio takes only the type Hostname"
            );
            problem = Problem::join(problem, Some(Problem::new("UnsupportedAddress", address.span, message)));
        }
    }
    (hosts, problem)
}

/// What is wrong with the parameters of what is deployed.
pub(super) fn parameters(world: &World<'_>, object: &Object<gateway_api::Gateway>) -> Option<Problem> {
    let reference = object.spec.infrastructure.as_ref()?.parameters_ref.as_ref()?;
    let (group, kind, name) = (text(&reference.group), text(&reference.kind), text(&reference.name));
    if !group.is_empty() || kind != "ConfigMap" {
        let message = format!("{kind} `{name}` cannot hold parameters: Istio reads them from a ConfigMap");
        return Some(Problem::new("InvalidParameters", reference.span, message));
    }
    let there = world
        .resources
        .config_maps
        .iter()
        .any(|map| map.namespace() == object.namespace() && map.name() == name);
    (!there).then(|| {
        let message = format!("there is no ConfigMap `{}/{name}`", object.namespace());
        Problem::new("InvalidParameters", reference.span, message)
    })
}
