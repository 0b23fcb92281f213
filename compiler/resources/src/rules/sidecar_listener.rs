//! Listeners of Sidecars that Istio refuses.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::{CaptureMode, EgressListener, IngressListener, Sidecar, SidecarPort};
use crate::names;

declare_rule! {
    /// ## What it does
    /// Finds listeners of a Sidecar with a port, protocol, name, address, socket or `defaultEndpoint` that Istio does not
    /// take, two listeners on one port, an egress listener for all ports that is not the last, an ingress listener
    /// without a port, and a Sidecar that says nothing at all.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the Sidecar; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// egress:
    ///   - hosts: ["./*"]
    ///   - port: {number: 9080, protocol: HTTP, name: http}
    ///     hosts: ["shop/*"]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// egress:
    ///   - port: {number: 9080, protocol: HTTP, name: http}
    ///     hosts: ["shop/*"]
    ///   - hosts: ["./*"]
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub SIDECAR_LISTENER = "MC0460", "sidecar-listener", Error, Document,
    "A listener of a Sidecar that Istio refuses",
    ["IST0106", "IST0133"]
}

/// How an address of a Unix socket begins.
const UNIX: &str = "unix://";

/// `ValidateSidecar`, but for hosts, TLS and the outbound policy.
pub(crate) fn check(object: &Object<Sidecar>, found: &mut Vec<Diagnostic>) {
    let spec = &object.spec;
    let mut check = Check { object, found };
    if says_nothing(spec) {
        check.wrong(object.name_span(), "this Sidecar says nothing".to_owned());
    }
    let mut ports = BTreeSet::new();
    for listener in &spec.ingress {
        check.ingress(listener, &mut ports);
    }
    let (mut ports, mut sockets) = (BTreeSet::new(), BTreeSet::new());
    let last = spec.egress.len().saturating_sub(1);
    for (index, listener) in spec.egress.iter().enumerate() {
        if listener.port.is_none() && index != last {
            let why = "a listener for all ports must be the last".to_owned();
            check.wrong(listener.span, why);
        }
        check.egress(listener, &mut ports, &mut sockets);
    }
}

/// Whether a Sidecar has no setting at all.
pub(super) fn says_nothing(spec: &Sidecar) -> bool {
    spec.egress.is_empty()
        && spec.ingress.is_empty()
        && spec.outbound_traffic_policy.is_none()
        && spec.inbound_connection_pool.is_none()
}

struct Check<'a> {
    object: &'a Object<Sidecar>,
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn wrong(&mut self, span: Span, why: String) {
        let message = format!("{why}: Istio refuses the Sidecar");
        self.found.push(self.object.finding(&SIDECAR_LISTENER, span, message));
    }

    fn maybe(&mut self, span: Span, why: Option<String>) {
        if let Some(why) = why {
            self.wrong(span, why);
        }
    }

    fn ingress(&mut self, listener: &Spanned<IngressListener>, ports: &mut BTreeSet<u32>) {
        let Some(port) = &listener.port else {
            return self.wrong(listener.span, "an ingress listener needs a port".to_owned());
        };
        let number = port.number.as_ref().map_or(0, |number| number.value);
        self.port(port, i64::from(number));
        self.address(listener.bind.as_ref());
        self.once(port, number, ports);
        if let Some(endpoint) = listener.default_endpoint.as_ref().filter(|endpoint| !endpoint.is_empty()) {
            self.maybe(endpoint.span, default_endpoint(endpoint));
        }
        let http = listener.connection_pool.as_ref().and_then(|pool| pool.http.as_ref());
        let protocol = port.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
        if let Some(http) = http.filter(|_| !names::is_http_protocol(protocol)) {
            let message = "this port does not speak HTTP: of these limits only those of `tcp` hold";
            let finding = self.object.finding(&SIDECAR_LISTENER, http.span, message);
            self.found.push(finding.severity(Severity::Warning));
        }
    }

    fn egress(
        &mut self,
        listener: &EgressListener,
        ports: &mut BTreeSet<u32>,
        sockets: &mut BTreeSet<String>,
    ) {
        let Some(port) = &listener.port else { return };
        let number = port.number.as_ref().map_or(0, |number| number.value);
        if number != 0 {
            self.port(port, i64::from(number));
            self.address(listener.bind.as_ref());
            return self.once(port, number, ports);
        }
        self.words(port);
        let (bind, span) = listener.bind.as_ref().map_or(("", port.span), |bind| (&bind.value, bind.span));
        match bind.strip_prefix(UNIX) {
            Some(path) => self.maybe(span, names::unix_path(path)),
            None => self.wrong(span, "a port 0 needs a socket (`bind: unix:///PATH`)".to_owned()),
        }
        if let Some(mode) = listener.capture_mode.as_ref().filter(|mode| mode.value == CaptureMode::Iptables)
        {
            self.wrong(mode.span, "connections to a socket cannot be captured".to_owned());
        }
        if !sockets.insert(bind.to_owned()) {
            self.wrong(span, format!("another listener has the socket `{bind}`"));
        }
    }

    /// Number, protocol and name.
    fn port(&mut self, port: &Spanned<SidecarPort>, number: i64) {
        self.words(port);
        self.maybe(port.number.as_ref().map_or(port.span, |number| number.span), names::port(number));
    }

    fn words(&mut self, port: &SidecarPort) {
        if let Some(target) = port.target_port.as_ref().filter(|target| target.value > 0) {
            self.wrong(target.span, "`targetPort` means nothing in a Sidecar".to_owned());
        }
        if let Some(name) = port.name.as_ref().filter(|name| !name.is_empty() && !names::is_label(name)) {
            self.wrong(name.span, format!("`{}` is no name of a port", name.value));
        }
        if let Some(protocol) = &port.protocol {
            self.maybe(protocol.span, names::protocol(protocol));
        }
    }

    fn address(&mut self, bind: Option<&Spanned<String>>) {
        if let Some(bind) = bind.filter(|bind| !bind.is_empty()) {
            self.maybe(bind.span, names::ip_address(bind));
        }
    }

    fn once(&mut self, port: &Spanned<SidecarPort>, number: u32, ports: &mut BTreeSet<u32>) {
        if !ports.insert(number) {
            let span = port.number.as_ref().map_or(port.span, |number| number.span);
            self.wrong(span, format!("another listener has the port {number}"));
        }
    }
}

/// What is wrong with where an application is said to be.
fn default_endpoint(endpoint: &str) -> Option<String> {
    if let Some(path) = endpoint.strip_prefix(UNIX) {
        return names::unix_path(path);
    }
    let form = "it must be of the form 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH";
    let Some((host, port)) = names::split_host_port(endpoint) else {
        return Some(format!("`{endpoint}`: {form}"));
    };
    if !matches!(host, "" | "127.0.0.1" | "0.0.0.0" | "::1" | "::") {
        return Some(format!("`{endpoint}`: {form}"));
    }
    port.parse().map_or_else(|_| Some(format!("`{port}` is no port")), names::port)
}
