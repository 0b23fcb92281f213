//! A port that does not say what is spoken on it.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Protocol;
use meshc_resources::Object;
use meshc_resources::kubernetes::ServiceSpec;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds ports of Services and ServiceEntries whose protocol is neither in `appProtocol` (`protocol`, of a
    /// ServiceEntry) nor at the start of the port's name (`http`, `http2`, `grpc`, `tcp`, `tls`, `https`, `mongo`,
    /// `mysql`, `redis`, `udp`), and values of `appProtocol` that Istio does not know: the port's name does not count then.
    ///
    /// ## What happens to traffic
    /// Istio's proxies look at the first bytes of every connection to find out. This version of meshc takes such a
    /// port for HTTP: other protocols do not get through.
    ///
    /// ## Example
    /// ```yaml
    /// ports:
    ///   - name: web
    ///     port: 8080
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// ports:
    ///   - name: http-web
    ///     port: 8080
    /// ```
    ///
    /// ## Covers
    /// IST0118 and KIA0601 (a port's name), KIA0602 (`appProtocol`). Kiali also wants the port of a Gateway or
    /// ServiceEntry to be called after its `protocol`; to Istio that name says nothing.
    pub UNDECLARED_PROTOCOL = "MC1303", "undeclared-protocol", Warning, Mesh,
    "A port that does not say what is spoken on it",
    ["IST0118", "KIA0601", "KIA0602"]
}

/// Namespaces that Kubernetes keeps for itself: `istioctl` leaves them alone.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// One finding for each such port.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.services {
        let is_name = object.spec.kind.as_ref().is_some_and(|kind| kind.value == "ExternalName");
        // A Service that only stands for a name has a rule of its own for its ports.
        if is_name || SYSTEM.contains(&object.namespace()) || super::is_managed_or_istio(&object.metadata) {
            continue;
        }
        of_service(object, found);
    }
    for object in &context.resources.service_entries {
        for port in &object.spec.ports {
            let text = |field: &Option<Spanned<String>>| {
                field.as_ref().map(|text| text.value.clone()).unwrap_or_default()
            };
            let (name, protocol) = (text(&port.name), text(&port.protocol));
            let number = port.number.as_ref().map_or(0, |number| number.value);
            let says = Protocol::parse(if protocol.is_empty() { &name } else { &protocol });
            if says != Protocol::Auto || !protocol.is_empty() {
                continue;
            }
            let what = if name.is_empty() { number.to_string() } else { format!("`{name}`") };
            let message = format!("port {what} does not say its protocol: it is taken for HTTP");
            found.push(
                object
                    .finding(&UNDECLARED_PROTOCOL, port.span, message)
                    .help("set `protocol`: `HTTP`, `HTTPS`, `GRPC`, `TLS`, `TCP`…"),
            );
        }
    }
}

fn of_service(object: &Object<ServiceSpec>, found: &mut Vec<Diagnostic>) {
    let text = |field: &Option<Spanned<String>>| field.as_ref().map(|text| text.value.clone());
    for port in &object.spec.ports {
        let number = port.port.as_ref().and_then(|n| u16::try_from(n.value).ok()).unwrap_or_default();
        let name = text(&port.name).unwrap_or_default();
        let of_application = text(&port.app_protocol);
        let transport = text(&port.protocol);
        let protocol =
            Protocol::of_service_port(number, &name, transport.as_deref(), of_application.as_deref());
        if protocol != Protocol::Auto {
            continue;
        }
        let what = if name.is_empty() { number.to_string() } else { format!("`{name}`") };
        let finding = if let (Some(written), Some(value)) = (&port.app_protocol, of_application) {
            let message = format!(
                "Istio knows no `appProtocol: {value}`, and the port's name does not count beside it: port {what} is \
                 taken for HTTP"
            );
            object
                .finding(&UNDECLARED_PROTOCOL, written.span, message)
                .alias("IST0118")
                .alias("KIA0602")
                .help(
                    "use `http`, `http2`, `grpc`, `https`, `tls` or `tcp`, or remove it and name the port so",
                )
        } else {
            let message = format!("port {what} does not say its protocol: it is taken for HTTP");
            object
                .finding(&UNDECLARED_PROTOCOL, port.span, message)
                .alias("IST0118")
                .alias("KIA0601")
                .help("begin its name with the protocol (`http-…`, `tcp-…`) or set `appProtocol`")
        };
        found.push(finding);
    }
}
