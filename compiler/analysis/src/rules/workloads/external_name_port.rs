//! A raw TCP port on a Service that only stands for another name.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Protocol;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds ports of Services of type `ExternalName` that do not say what is spoken on them, or that are called `tcp`.
    ///
    /// ## What happens to traffic
    /// Such a Service has no address, so that sidecars listen for raw TCP on every address of the port: they take
    /// connections that were meant for other hosts.
    ///
    /// ## Example
    /// ```yaml
    /// type: ExternalName
    /// externalName: db.example.com
    /// ports:
    ///   - {name: tcp, port: 443}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// ports:
    ///   - {name: https, port: 443}
    /// ```
    ///
    /// ## Covers
    /// IST0150.
    pub EXTERNAL_NAME_PORT = "MC1116", "external-name-port", Warning, Mesh,
    "A raw TCP port on a Service that only stands for another name",
    ["IST0150"]
}

/// Every Service that only stands for a name.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.services {
        let is_name = object.spec.kind.as_ref().is_some_and(|kind| kind.value == "ExternalName");
        if !is_name || super::is_managed_or_istio(&object.metadata) {
            continue;
        }
        for port in &object.spec.ports {
            let text = |field: &Option<meshc_syntax::de::Spanned<String>>| {
                field.as_ref().map(|text| text.value.clone())
            };
            let name = text(&port.name).unwrap_or_default();
            let number = port.port.as_ref().and_then(|n| u16::try_from(n.value).ok()).unwrap_or_default();
            let protocol = Protocol::of_service_port(
                number,
                &name,
                text(&port.protocol).as_deref(),
                text(&port.app_protocol).as_deref(),
            );
            if protocol != Protocol::Auto && name != "tcp" {
                continue;
            }
            let span = port.name.as_ref().map_or(port.span, |name| name.span);
            let message = format!(
                "port {number} of a Service that only stands for another name is raw TCP or does not say what it is: \
                 sidecars take connections to port {number} of every address for it"
            );
            found.push(object.finding(&EXTERNAL_NAME_PORT, span, message).alias("IST0150").help(
                "name the port after what is spoken: `http`, `https`, `tls`, `grpc`, or `PROTOCOL-NAME`",
            ));
        }
    }
}
