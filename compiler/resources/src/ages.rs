//! How old the objects are whose documents do not say it.

use meshc_source::FileId;

use crate::{Metadata, Object, Resources};

/// Who an object is, for whoever knows how old it is.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// `VirtualService`
    pub kind: &'a str,
    /// `default` where none is written.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Where it is written.
    pub file: FileId,
}

/// Calls a function for each list of objects that Istio orders by age.
macro_rules! ordered {
    ($resources:expr, $date:expr) => {
        ordered!($resources, $date,
            services, service_entries, virtual_services, destination_rules, gateways, sidecars, workload_entries,
            envoy_filters, proxy_configs, authorization_policies, peer_authentications, request_authentications,
            telemetries, wasm_plugins, traffic_extensions, ingresses, kubernetes_gateways, listener_sets, http_routes,
            grpc_routes, tls_routes, tcp_routes, udp_routes, backend_tls_policies, x_backends,
            x_backend_traffic_policies)
    };
    ($resources:expr, $date:expr, $($list:ident),+) => {
        $( each(&mut $resources.$list, $date); )+
    };
}

impl Resources {
    /// Notes when each object that Istio orders by age was first seen, in seconds since 1970. What a document's own
    /// `creationTimestamp` says goes before it.
    pub fn date(&mut self, seen: &dyn Fn(Named<'_>) -> Option<i64>) {
        ordered!(self, seen);
    }
}

fn each<T>(objects: &mut [Object<T>], seen: &dyn Fn(Named<'_>) -> Option<i64>) {
    for object in objects {
        let Metadata { name, .. } = &object.metadata;
        let (kind, file) = (object.kind.as_str(), object.span.file);
        let name = name.as_ref().map_or("", |name| name.value.as_str());
        let first = seen(Named { kind, namespace: object.metadata.namespace(), name, file });
        object.metadata.first_seen = first;
    }
}
