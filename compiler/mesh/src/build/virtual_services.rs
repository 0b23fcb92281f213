//! VirtualServices: names in full, delegates merged into their roots, in Istio's order.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_resources::istio::{self, HttpRoute};
use meshc_resources::{Object, Resources};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::hostname::qualify;
use crate::virtual_service::{gateways, qualified, qualified_tcp, qualified_tls};
use crate::{ExportTo, HttpRule, Meta, Semantics, VirtualService, delegate, rules};

pub(super) type Delegates<'a> = BTreeMap<(String, String), &'a Object<istio::VirtualService>>;

/// All that have hosts, in the order of the resources.
pub(super) fn read(
    resources: &Resources,
    default: &ExportTo,
    found: &mut Vec<Diagnostic>,
) -> Vec<Arc<VirtualService>> {
    let is_delegate = |object: &&Object<istio::VirtualService>| object.spec.hosts.is_empty();
    let delegates: Delegates<'_> = resources
        .virtual_services
        .iter()
        .filter(is_delegate)
        .map(|object| ((object.namespace().to_owned(), object.name().to_owned()), object))
        .collect();
    let roots: Vec<_> = resources
        .virtual_services
        .iter()
        .filter(|object| !is_delegate(object))
        .map(|object| Arc::new(root(object, &delegates, default, found)))
        .collect();
    roots
}

pub(super) fn root(
    object: &Object<istio::VirtualService>,
    delegates: &Delegates<'_>,
    default: &ExportTo,
    found: &mut Vec<Diagnostic>,
) -> VirtualService {
    let spec = &object.spec;
    let meta = Meta::new("VirtualService", &object.metadata, object.span);
    let mut http = Vec::with_capacity(spec.http.len());
    for (index, route) in spec.http.iter().enumerate() {
        let of_root = qualified(route, &meta.namespace);
        let path = format!("http[{index}]");
        if route.delegate.is_none() {
            http.push(HttpRule {
                route: of_root,
                span: label_span(route),
                path,
                delegate: None,
                made_of: None,
            });
        } else {
            http.extend(delegated(object, &of_root, &path, delegates, default, found));
        }
    }
    VirtualService {
        hosts: spec.hosts.iter().map(|host| host.clone().map(|h| qualify(&h, &meta.namespace))).collect(),
        gateways: gateways(&spec.gateways, &meta.namespace),
        export_to: ExportTo::new(spec.export_to.iter().map(|entry| entry.value.clone())).or(default),
        http,
        tls: spec.tls.iter().map(|route| qualified_tls(route, &meta.namespace)).collect(),
        tcp: spec.tcp.iter().map(|route| qualified_tcp(route, &meta.namespace)).collect(),
        semantics: Semantics::Istio,
        meta,
    }
}

/// Where a reader's eye should fall for a route: its name, else the whole of it.
fn label_span(route: &Spanned<HttpRoute>) -> Span {
    route.name.as_ref().map_or(route.span, |name| name.span)
}

/// The routes of the VirtualService that a root's route delegates to.
fn delegated(
    object: &Object<istio::VirtualService>,
    of_root: &HttpRoute,
    path: &str,
    delegates: &Delegates<'_>,
    default: &ExportTo,
    found: &mut Vec<Diagnostic>,
) -> Vec<HttpRule> {
    let Some(written) = &of_root.delegate else { return Vec::new() };
    let name = written.name.as_ref().map_or("", |name| name.value.as_str());
    let own = object.namespace();
    let namespace =
        written.namespace.as_ref().map(|n| n.value.as_str()).filter(|n| !n.is_empty()).unwrap_or(own);
    let Some(delegate) = delegates.get(&(namespace.to_owned(), name.to_owned())) else {
        let span = written.name.as_ref().map_or(written.span, |name| name.span);
        let known = delegates.keys().filter(|(of, _)| of == namespace).map(|(_, name)| name.as_str());
        found.push(rules::unknown_delegate(object, span, path, (namespace, name), known));
        return Vec::new();
    };
    let export_to =
        ExportTo::new(delegate.spec.export_to.iter().map(|entry| entry.value.clone())).or(default);
    if !export_to.allows(namespace, own) {
        found.push(rules::hidden_delegate(object, written.span, path, namespace, name, delegate.name_span()));
        return Vec::new();
    }
    let meta = Meta::new("VirtualService", &delegate.metadata, delegate.span);
    let mut rules = Vec::new();
    for (index, route) in delegate.spec.http.iter().enumerate() {
        let of_delegate = qualified(route, namespace);
        let Some(route_under_root) = delegate::merge(of_root, &of_delegate) else {
            let span = route.matches.first().map_or(route.span, |condition| condition.span);
            found.push(rules::conflicting_delegate(delegate, span, index, object, written.span));
            continue;
        };
        rules.push(HttpRule {
            route: route_under_root,
            span: label_span(route),
            path: format!("http[{index}]"),
            delegate: Some(meta.clone()),
            made_of: None,
        });
    }
    rules
}
