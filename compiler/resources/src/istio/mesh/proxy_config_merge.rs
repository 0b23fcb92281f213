//! One [`MeshProxyConfig`] over a wider one (Istio's `MergeProxyConfig`).

use super::{MeshProxyConfig, ProxyHeaders};

/// The first of both that is written.
macro_rules! first {
    ($over:ident, $wider:ident, $($field:ident),*) => {
        MeshProxyConfig {
            $($field: $over.$field.clone().or_else(|| $wider.$field.clone()),)*
            proxy_metadata: $wider.proxy_metadata.iter().chain(&$over.proxy_metadata)
                .map(|(name, value)| (name.clone(), value.clone())).collect(),
            runtime_values: if $over.runtime_values.is_empty() { &$wider.runtime_values } else { &$over.runtime_values }
                .clone(),
            extra_stat_tags: if $over.extra_stat_tags.is_empty() { &$wider.extra_stat_tags } else { &$over.extra_stat_tags }
                .clone(),
            ca_certificates_pem: if $over.ca_certificates_pem.is_empty() {
                &$wider.ca_certificates_pem
            } else {
                &$over.ca_certificates_pem
            }
            .clone(),
        }
    };
}

impl MeshProxyConfig {
    /// What holds where this is written within what `wider` is written for: each field as a whole, the variables of the
    /// environment one by one, and of the headers those that Istio looks at one by one.
    #[must_use]
    pub fn over(&self, wider: &Self) -> Self {
        let mut merged = first!(
            self,
            wider,
            config_path,
            binary_path,
            service_cluster,
            tracing_service_name,
            drain_duration,
            discovery_address,
            discovery_refresh_delay,
            zipkin_address,
            statsd_udp_address,
            envoy_metrics_service_address,
            proxy_admin_port,
            availability_zone,
            control_plane_auth_policy,
            custom_config_file,
            stat_name_length,
            concurrency,
            proxy_bootstrap_template_path,
            interception_mode,
            tracing,
            sds,
            envoy_access_log_service,
            envoy_metrics_service,
            status_port,
            gateway_topology,
            termination_drain_duration,
            mesh_id,
            readiness_probe,
            proxy_stats_matcher,
            hold_application_until_proxy_starts,
            image,
            private_key_provider,
            proxy_headers,
            file_flush_interval,
            file_flush_min_size_kb,
            stats_compression,
            connection_settings
        );
        if let (Some(own), Some(before)) = (&mut merged.proxy_headers, &wider.proxy_headers) {
            own.value.inherit(before);
        }
        merged
    }
}

impl ProxyHeaders {
    fn inherit(&mut self, wider: &Self) {
        let undefined = |how: &meshc_syntax::de::Spanned<super::ForwardClientCertDetails>| {
            how.value == super::ForwardClientCertDetails::Undefined
        };
        if self.forwarded_client_cert.as_ref().is_none_or(undefined) {
            self.forwarded_client_cert.clone_from(&wider.forwarded_client_cert);
        }
        let or = |own: &mut Option<_>, wider: &Option<_>| {
            if own.is_none() {
                own.clone_from(wider);
            }
        };
        or(&mut self.request_id, &wider.request_id);
        or(&mut self.attempt_count, &wider.attempt_count);
        or(&mut self.envoy_debug_headers, &wider.envoy_debug_headers);
        if self.server.is_none() {
            self.server.clone_from(&wider.server);
        }
    }
}
