//! A port that does not say what is spoken on it.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::{Mesh, Protocol};

use super::finding;

declare_rule! {
    /// ## What it does
    /// Finds ports of Services and ServiceEntries whose protocol is neither in `appProtocol` nor at the start of the
    /// port's name (`http`, `http2`, `grpc`, `tcp`, `tls`, `https`, `mongo`, `mysql`, `redis`, `udp`).
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
    /// IST0118 (PortNameIsNotUnderNamingConvention), KIA0601
    pub UNDECLARED_PROTOCOL = "MC1303", "undeclared-protocol", Warning, Mesh,
    "A port that does not say what is spoken on it",
    ["IST0118", "KIA0601"]
}

/// One finding for each such port.
pub(super) fn check(mesh: &Mesh, found: &mut Vec<Diagnostic>) {
    for service in mesh.services.iter().filter(|service| !service.made_up) {
        for port in service.ports.iter().filter(|port| port.protocol == Protocol::Auto) {
            let name =
                if port.name.is_empty() { port.number.to_string() } else { format!("`{}`", port.name) };
            let message = format!("port {name} does not say its protocol: it is taken for HTTP");
            let finding = finding(&UNDECLARED_PROTOCOL, &service.meta, port.span, message)
                .help("begin its name with the protocol (`http-…`, `tcp-…`) or set `appProtocol`");
            found.push(finding);
        }
    }
}
