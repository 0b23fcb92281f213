//! Settings of the whole mesh that istiod refuses.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::{Duration, Spanned};

use crate::istio::mesh::{
    AuthenticationPolicy, ConnectionSettings, MeshConfig, MeshNetworks, MeshProxyConfig,
};
use crate::names;

declare_rule! {
    /// ## What it does
    /// Finds values of `MeshConfig`, of the `ProxyConfig` within it or in a pod's annotation `proxy.istio.io/config`,
    /// and of `MeshNetworks` that istiod does not take: ports, addresses, names and durations out of their range.
    ///
    /// ## What happens to traffic
    /// Istiod refuses the whole text and goes on with the settings that it had, at its start with its defaults: none of
    /// the settings take effect.
    ///
    /// ## Example
    /// ```yaml
    /// kind: ConfigMap
    /// metadata: {name: istio, namespace: istio-system}
    /// data:
    ///   mesh: |
    ///     connectTimeout: 2h
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// data:
    ///   mesh: |
    ///     connectTimeout: 20s
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub MESH_CONFIG = "MC0450", "mesh-config-value", Error, Document,
    "A setting of the whole mesh that istiod refuses",
    ["IST0106"]
}

/// Gathers what is wrong with values.
struct Check<'a> {
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    /// What is wrong with a value at a place, if anything.
    fn wrong(&mut self, path: &str, span: Span, why: Option<String>) {
        if let Some(why) = why {
            let message = format!("`{path}`: {why}; istiod refuses all of these settings");
            self.found.push(Diagnostic::new(&MESH_CONFIG, span, message));
        }
    }

    fn text(&mut self, path: &str, value: Option<&Spanned<String>>, check: fn(&str) -> Option<String>) {
        if let Some(value) = value {
            self.wrong(path, value.span, check(&value.value));
        }
    }

    fn port(&mut self, path: &str, value: Option<&Spanned<i32>>) {
        if let Some(value) = value {
            self.wrong(path, value.span, names::port(i64::from(value.value)));
        }
    }

    fn least(&mut self, path: &str, value: Option<&Spanned<i32>>, least: i32) {
        if let Some(value) = value {
            let why = (value.value < least).then(|| format!("{} is less than {least}", value.value));
            self.wrong(path, value.span, why);
        }
    }

    fn not_negative(&mut self, path: &str, value: Option<&Spanned<Duration>>) {
        if let Some(value) = value {
            self.wrong(path, value.span, value.is_negative().then(|| "it is negative".to_owned()));
        }
    }
}

/// `ValidateMeshConfig`.
pub(crate) fn mesh_config(config: &MeshConfig, found: &mut Vec<Diagnostic>) {
    let mut check = Check { found };
    check.port("proxyListenPort", config.proxy_listen_port.as_ref());
    if let Some(timeout) = &config.connect_timeout {
        let long = (timeout.value > Duration::from_secs(3600)).then(|| "longer than an hour".to_owned());
        check.wrong("connectTimeout", timeout.span, names::duration(timeout.value).or(long));
    }
    if let Some(timeout) = &config.protocol_detection_timeout {
        check.wrong("protocolDetectionTimeout", timeout.span, names::whole_millis(timeout.value));
    }
    if let Some(proxy) = &config.default_config {
        proxy_config(proxy, "defaultConfig.", found);
    }
    let mut check = Check { found };
    for host in config.service_settings.iter().flat_map(|settings| &settings.hosts) {
        check.wrong("serviceSettings.hosts", host.span, names::wildcard_domain(host));
    }
    check.text("trustDomain", config.trust_domain.as_ref(), names::trust_domain);
    for alias in &config.trust_domain_aliases {
        check.wrong("trustDomainAliases", alias.span, names::trust_domain(alias));
    }
    if let Some(curve) = config.mesh_mtls.as_ref().and_then(|tls| tls.ecdh_curves.first()) {
        let why = "curves of the mesh's own TLS cannot be chosen".to_owned();
        check.wrong("meshMTLS.ecdhCurves", curve.span, Some(why));
    }
    curves(config, found);
}

/// Curves that Envoy does not know, or twice: istiod only warns.
fn curves(config: &MeshConfig, found: &mut Vec<Diagnostic>) {
    const KNOWN: [&str; 7] =
        ["P-224", "P-256", "P-384", "P-521", "X25519", "X25519Kyber768Draft00", "X25519MLKEM768"];
    let curves = config.tls_defaults.as_ref().map(|tls| tls.ecdh_curves.as_slice()).unwrap_or_default();
    for (index, curve) in curves.iter().enumerate() {
        let twice = curves[..index].contains(curve);
        if twice || !KNOWN.contains(&curve.as_str()) {
            let what = if twice { "stands there twice" } else { "is no curve that Envoy knows" };
            let message = format!("`tlsDefaults.ecdhCurves`: `{}` {what}", curve.value);
            let finding = Diagnostic::new(&MESH_CONFIG, curve.span, message).severity(Severity::Warning);
            found.push(match meshc_syntax::suggest::nearest(curve, KNOWN) {
                Some(meant) if !twice => finding.help(format!("did you mean `{meant}`?")),
                _ => finding,
            });
        }
    }
}

/// `ValidateMeshConfigProxyConfig`; `within` is the path before its fields.
pub(crate) fn proxy_config(config: &MeshProxyConfig, within: &str, found: &mut Vec<Diagnostic>) {
    let mut check = Check { found };
    let at = |field: &str| format!("{within}{field}");
    let filled = |text: &str| text.is_empty().then(|| "it is empty".to_owned());
    check.text(&at("configPath"), config.config_path.as_ref(), filled);
    check.text(&at("binaryPath"), config.binary_path.as_ref(), filled);
    check.text(&at("serviceCluster"), config.service_cluster.as_ref(), filled);
    if let Some(drain) = &config.drain_duration {
        let coarse = || (drain.as_nanos() % 1_000_000_000 != 0).then(|| "finer than a second".to_owned());
        let why = names::duration(drain.value).or_else(coarse);
        check.wrong(&at("drainDuration"), drain.span, why);
    }
    check.text(&at("discoveryAddress"), config.discovery_address.as_ref(), names::host_port);
    if let Some(tracing) = &config.tracing {
        // The address of the node stands for any.
        let node = |text: &str| names::host_port(&text.replacen("$(HOST_IP)", "127.0.0.1", 1));
        if let Some(lightstep) = &tracing.lightstep {
            let address = lightstep.address.as_ref().map_or("", |address| &address.value);
            check.wrong(&at("tracing.lightstep.address"), lightstep.span, names::host_port(address));
            let token = lightstep.access_token.as_ref().is_none_or(|token| token.is_empty());
            let why = token.then(|| "an access token is needed".to_owned());
            check.wrong(&at("tracing.lightstep.accessToken"), lightstep.span, why);
        }
        for (name, tracer) in [("zipkin", &tracing.zipkin), ("datadog", &tracing.datadog)] {
            if let Some(tracer) = tracer {
                let address = tracer.address.as_ref().map_or("", |address| &address.value);
                let span = tracer.address.as_ref().map_or(tracer.span, |address| address.span);
                check.wrong(&at(&format!("tracing.{name}.address")), span, node(address));
            }
        }
    }
    let address = |text: &str| if text.is_empty() { None } else { names::host_port(text) };
    check.text(&at("statsdUdpAddress"), config.statsd_udp_address.as_ref(), address);
    let deprecated = config.envoy_metrics_service_address.as_ref();
    check.text(&at("envoyMetricsServiceAddress"), deprecated, address);
    for (name, service) in [
        ("envoyMetricsService.address", &config.envoy_metrics_service),
        ("envoyAccessLogService.address", &config.envoy_access_log_service),
    ] {
        check.text(&at(name), service.as_ref().and_then(|service| service.address.as_ref()), address);
    }
    check.port(&at("proxyAdminPort"), config.proxy_admin_port.as_ref());
    check.port(&at("statusPort"), config.status_port.as_ref());
    if let Some(policy) = &config.control_plane_auth_policy
        && policy.value == AuthenticationPolicy::Inherit
    {
        let why = Some("there is nothing to inherit from".to_owned());
        check.wrong(&at("controlPlaneAuthPolicy"), policy.span, why);
    }
    if let Some(provider) = &config.private_key_provider {
        let hardware = provider.cryptomb.as_ref().or(provider.qat.as_ref());
        let delay = hardware.and_then(|hardware| hardware.poll_delay.as_ref());
        let why = match (hardware, delay) {
            (None, _) => Some("`cryptomb` or `qat` is needed".to_owned()),
            (_, None) => Some("a `pollDelay` is needed".to_owned()),
            (_, Some(delay)) => delay.is_zero().then(|| "the `pollDelay` is zero".to_owned()),
        };
        check.wrong(&at("privateKeyProvider"), provider.span, why);
    }
    if let Some(settings) = &config.connection_settings {
        connection_settings(settings, within, &mut check);
    }
    auto_allocation(config, within, found);
}

/// `validateConnectionSettings`.
fn connection_settings(settings: &ConnectionSettings, within: &str, check: &mut Check<'_>) {
    let at = |field: &str| format!("{within}connectionSettings.{field}");
    let numbers = [
        ("listenerPerConnectionBufferLimitBytes", &settings.listener_per_connection_buffer_limit_bytes, 0),
        ("clusterPerConnectionBufferLimitBytes", &settings.cluster_per_connection_buffer_limit_bytes, 0),
        ("httpMaxConcurrentStreams", &settings.http_max_concurrent_streams, 1),
        ("http2InitialStreamWindowSize", &settings.http2_initial_stream_window_size, 65535),
        ("http2InitialConnectionWindowSize", &settings.http2_initial_connection_window_size, 65535),
        ("listenerConnectionLimit", &settings.listener_connection_limit, 1),
        ("globalDownstreamConnectionLimit", &settings.global_downstream_connection_limit, 1),
    ];
    for (name, value, least) in numbers {
        check.least(&at(name), value.as_ref(), least);
    }
    let durations = [
        ("httpIdleTimeout", &settings.http_idle_timeout),
        ("httpMaxConnectionDuration", &settings.http_max_connection_duration),
        ("httpDrainTimeout", &settings.http_drain_timeout),
        ("httpRequestTimeout", &settings.http_request_timeout),
        ("httpRequestHeadersTimeout", &settings.http_request_headers_timeout),
        ("httpStreamIdleTimeout", &settings.http_stream_idle_timeout),
        ("httpMaxStreamDuration", &settings.http_max_stream_duration),
    ];
    for (name, value) in durations {
        check.not_negative(&at(name), value.as_ref());
    }
}

/// A setting that has a successor: istiod only warns.
fn auto_allocation(config: &MeshProxyConfig, within: &str, found: &mut Vec<Diagnostic>) {
    let old = config.proxy_metadata.keys().find(|key| key.as_str() == "ISTIO_META_DNS_AUTO_ALLOCATE");
    if let Some(key) = old {
        let message = format!(
            "`{within}proxyMetadata`: ISTIO_META_DNS_AUTO_ALLOCATE is deprecated: istiod itself gives addresses to \
             ServiceEntries that have none"
        );
        found.push(Diagnostic::new(&MESH_CONFIG, key.span, message).severity(Severity::Warning));
    }
}

/// `ValidateMeshNetworks`.
pub(crate) fn mesh_networks(networks: &MeshNetworks, found: &mut Vec<Diagnostic>) {
    let mut check = Check { found };
    for (name, network) in &networks.networks {
        let at = |field: &str| format!("networks.{name}.{field}", name = name.value);
        for endpoints in &network.endpoints {
            check.text(&at("endpoints.fromCidr"), endpoints.from_cidr.as_ref(), names::ip_block);
            let registry =
                |text: &str| (!names::is_label(text)).then(|| format!("`{text}` is no name of a cluster"));
            check.text(&at("endpoints.fromRegistry"), endpoints.from_registry.as_ref(), registry);
        }
        for gateway in &network.gateways {
            check.text(
                &at("gateways.registryServiceName"),
                gateway.registry_service_name.as_ref(),
                names::fqdn,
            );
            // Istiod looks names up unless told otherwise.
            let address = |text: &str| names::ip_address(text).and_then(|_| names::fqdn(text));
            check.text(&at("gateways.address"), gateway.address.as_ref(), address);
            let (number, span) =
                gateway.port.as_ref().map_or((0, gateway.span), |port| (port.value, port.span));
            check.wrong(&at("gateways.port"), span, names::port(i64::from(number)));
        }
    }
}
