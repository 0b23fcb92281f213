//! One patch as it is written to one that can be applied.

use meshc_mesh::Meta;
use meshc_resources::istio::{
    ApplyTo, ConfigPatch, FilterChainMatch, ListenerMatch, PatchContext, PatchMatch as Written,
    PatchOperation as Operation, RouteConfigurationMatch, RouteMatchAction,
};
use meshc_syntax::de::Spanned;

use crate::model::{
    Origin, Patch, PatchChain, PatchCluster, PatchHost, PatchKind, PatchListener, PatchMatch, PatchOperation,
    PatchRoute, PatchRoutes, PatchSide,
};

/// None for what does nothing to a proxy: patches of the bootstrap, of waypoints, and those that Istio drops because their
/// value is none of Envoy's.
pub(super) fn patch(meta: &Meta, index: usize, written: &Spanned<ConfigPatch>) -> Option<Patch> {
    let kind = kind(written.apply_to.as_ref()?.value)?;
    let change = written.patch.as_ref()?;
    let operation = operation(kind, change.operation.as_ref()?.value)?;
    let side = match written.matches.as_ref().and_then(|matches| matches.context.as_ref()) {
        None => None,
        Some(context) => match context.value {
            PatchContext::Any => None,
            PatchContext::SidecarInbound => Some(PatchSide::SidecarInbound),
            PatchContext::SidecarOutbound => Some(PatchSide::SidecarOutbound),
            PatchContext::Gateway => Some(PatchSide::Gateway),
            PatchContext::Waypoint => return None,
        },
    };
    let value = match &change.value.value {
        Some(value) => {
            let message = meshc_protobuf::message(kind.message())?;
            Some(meshc_protobuf::read(message, &value.to_json()).ok()?.value)
        }
        None if operation == PatchOperation::Remove => None,
        None => return None,
    };
    let span = written.matches.as_ref().map_or(written.span, |matches| matches.span);
    Some(Patch {
        kind,
        operation,
        side,
        matches: written.matches.as_ref().map(|matches| self::matches(matches)).unwrap_or_default(),
        value,
        filter: (meta.namespace.clone(), meta.name.clone()),
        origin: Origin::new(span, format!("{meta}: configPatches[{index}]")),
    })
}

fn kind(written: ApplyTo) -> Option<PatchKind> {
    Some(match written {
        ApplyTo::Listener => PatchKind::Listener,
        ApplyTo::ListenerFilter => PatchKind::ListenerFilter,
        ApplyTo::FilterChain => PatchKind::FilterChain,
        ApplyTo::NetworkFilter => PatchKind::NetworkFilter,
        ApplyTo::HttpFilter => PatchKind::HttpFilter,
        ApplyTo::RouteConfiguration => PatchKind::RouteConfiguration,
        ApplyTo::VirtualHost => PatchKind::VirtualHost,
        ApplyTo::HttpRoute => PatchKind::HttpRoute,
        ApplyTo::Cluster => PatchKind::Cluster,
        ApplyTo::ExtensionConfig => PatchKind::ExtensionConfig,
        ApplyTo::Invalid | ApplyTo::Bootstrap => return None,
    })
}

/// Where nothing has an order, what is inserted is added.
fn operation(kind: PatchKind, written: Operation) -> Option<PatchOperation> {
    let has_order = matches!(
        kind,
        PatchKind::HttpFilter | PatchKind::NetworkFilter | PatchKind::HttpRoute | PatchKind::ListenerFilter
    );
    Some(match written {
        Operation::Invalid => return None,
        Operation::Merge => PatchOperation::Merge,
        Operation::MergeAndReplaceList => PatchOperation::MergeAndReplaceList,
        Operation::Add => PatchOperation::Add,
        Operation::Remove => PatchOperation::Remove,
        Operation::Replace => PatchOperation::Replace,
        Operation::InsertBefore | Operation::InsertAfter | Operation::InsertFirst if !has_order => {
            PatchOperation::Add
        }
        Operation::InsertBefore => PatchOperation::InsertBefore,
        Operation::InsertAfter => PatchOperation::InsertAfter,
        Operation::InsertFirst => PatchOperation::InsertFirst,
    })
}

fn text(value: Option<&Spanned<String>>) -> String {
    value.map(|value| value.value.clone()).unwrap_or_default()
}

fn number(value: Option<&Spanned<u32>>) -> u32 {
    value.map_or(0, |value| value.value)
}

fn matches(written: &Written) -> PatchMatch {
    PatchMatch {
        listener: written.listener.as_ref().map(|listener| self::listener(listener)),
        routes: written.route_configuration.as_ref().map(|routes| self::routes(routes)),
        cluster: written.cluster.as_ref().map(|cluster| PatchCluster {
            name: text(cluster.name.as_ref()),
            service: text(cluster.service.as_ref()),
            subset: text(cluster.subset.as_ref()),
            port: number(cluster.port_number.as_ref()),
        }),
    }
}

fn listener(written: &ListenerMatch) -> PatchListener {
    PatchListener {
        name: text(written.name.as_ref()),
        port: number(written.port_number.as_ref()),
        listener_filter: text(written.listener_filter.as_ref()),
        chain: written.filter_chain.as_ref().map(|chain| self::chain(chain)),
    }
}

fn chain(written: &FilterChainMatch) -> PatchChain {
    let protocols = text(written.application_protocols.as_ref());
    let filter = written.filter.as_ref();
    PatchChain {
        name: text(written.name.as_ref()),
        sni: text(written.sni.as_ref()),
        transport_protocol: text(written.transport_protocol.as_ref()),
        application_protocols: if protocols.is_empty() {
            Vec::new()
        } else {
            protocols.split(',').map(ToOwned::to_owned).collect()
        },
        destination_port: number(written.destination_port.as_ref()),
        filter: filter.map(|filter| text(filter.name.as_ref())),
        sub_filter: filter
            .and_then(|filter| filter.sub_filter.as_ref())
            .map(|inner| text(inner.name.as_ref())),
    }
}

fn routes(written: &RouteConfigurationMatch) -> PatchRoutes {
    PatchRoutes {
        name: text(written.name.as_ref()),
        port: number(written.port_number.as_ref()),
        port_name: text(written.port_name.as_ref()),
        gateway: text(written.gateway.as_ref()),
        host: written.vhost.as_ref().map(|host| PatchHost {
            name: text(host.name.as_ref()),
            domain: text(host.domain_name.as_ref()),
            route: host.route.as_ref().map(|route| PatchRoute {
                name: text(route.name.as_ref()),
                action: match route.action.as_ref().map(|action| action.value).unwrap_or_default() {
                    RouteMatchAction::Any => None,
                    RouteMatchAction::Route => Some("route"),
                    RouteMatchAction::Redirect => Some("redirect"),
                    RouteMatchAction::DirectResponse => Some("direct_response"),
                },
            }),
        }),
    }
}
