//! Values of a DestinationRule that istiod refuses (`validateTrafficPolicy` and `ValidateTLS`).

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::{Duration, Spanned};

use super::{connection_pool, export_to, labels, locality};
use crate::istio::{
    ClientTlsMode, ClientTlsSettings, ConnectionPoolSettings, DestinationRule, LoadBalancerSettings,
    OutlierDetection, TrafficPolicy, TunnelSettings,
};
use crate::{Object, names};

declare_rule! {
    /// ## What it does
    /// Finds values of a DestinationRule that no single field's definition forbids: a host that is no name, subsets that
    /// share a name, policies that say nothing, durations finer than a millisecond, shares of places
    /// that do not add up to 100, a table size that is no prime, TLS settings that lack a certificate or contradict each
    /// other, settings that exclude each other.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the DestinationRule; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// kind: DestinationRule
    /// spec:
    ///   host: reviews
    ///   trafficPolicy:
    ///     tls: {mode: MUTUAL}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: DestinationRule
    /// spec:
    ///   host: reviews
    ///   trafficPolicy:
    ///     tls: {mode: MUTUAL, clientCertificate: /certs/tls.crt, privateKey: /certs/tls.key}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub TRAFFIC_POLICY = "MC0220", "traffic-policy-value", Error, Document,
    "A value of a DestinationRule that Istio refuses",
    ["IST0106"]
}

/// A table of Maglev's is smaller than this.
const MAX_TABLE_SIZE: u64 = 5_000_011;

/// All of a DestinationRule.
pub(crate) fn check(object: &Object<DestinationRule>, found: &mut Vec<Diagnostic>) {
    let mut check = Check { object, found };
    let spec = &object.spec;
    if let Some(host) = spec.host.as_ref().filter(|host| !host.is_empty()) {
        check.wrong("spec.host", host.span, names::wildcard_domain(&host.value));
    }
    if let Some(policy) = &spec.traffic_policy {
        check.policy("spec.trafficPolicy", policy);
    }
    let mut seen: Vec<&str> = Vec::new();
    for (index, subset) in spec.subsets.iter().enumerate() {
        let at = format!("spec.subsets[{index}]");
        // That there is one at all is the definition's rule.
        if let Some(name) = &subset.name {
            let twice = seen.contains(&name.value.as_str());
            let twice = twice.then(|| format!("another subset is called `{}` too", name.value));
            check.wrong(&format!("{at}.name"), name.span, twice);
            seen.push(&name.value);
            let no_label = !names::is_label(&name.value);
            let no_label = no_label.then(|| format!("`{}` is no name of a subset", name.value));
            check.wrong(&format!("{at}.name"), name.span, no_label);
        }
        for (span, why) in labels::wrong(&subset.labels) {
            check.wrong(&format!("{at}.labels"), span, Some(why));
        }
        if let Some(policy) = &subset.traffic_policy {
            check.policy(&format!("{at}.trafficPolicy"), policy);
        }
    }
    export_to::destination_rule(object, check.found);
}

struct Check<'a> {
    object: &'a Object<DestinationRule>,
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn wrong(&mut self, path: &str, span: Span, why: Option<String>) {
        if let Some(why) = why {
            let message = format!("`{path}`: {why}; Istio refuses the DestinationRule");
            self.found.push(self.object.finding(&TRAFFIC_POLICY, span, message));
        }
    }

    fn duration(&mut self, path: &str, value: Option<&Spanned<Duration>>) {
        if let Some(value) = value {
            // That it is a millisecond or more is the definition's rule.
            self.wrong(path, value.span, names::whole_millis(value.value));
        }
    }

    fn policy(&mut self, at: &str, policy: &Spanned<TrafficPolicy>) {
        if policy.value == TrafficPolicy::default() {
            self.wrong(at, policy.span, Some("the policy says nothing".to_owned()));
            return;
        }
        if let (Some(_), Some(proxy_protocol)) = (&policy.tunnel, &policy.proxy_protocol) {
            let why = "it excludes `tunnel`".to_owned();
            self.wrong(&format!("{at}.proxyProtocol"), proxy_protocol.span, Some(why));
            return;
        }
        self.parts(
            at,
            policy.outlier_detection.as_deref(),
            policy.connection_pool.as_deref(),
            policy.load_balancer.as_deref(),
            policy.tls.as_deref(),
        );
        if let Some(tunnel) = &policy.tunnel {
            self.tunnel(&format!("{at}.tunnel"), tunnel);
        }
        for (index, settings) in policy.port_level_settings.iter().enumerate() {
            let at = format!("{at}.portLevelSettings[{index}]");
            if settings.port.is_none() {
                self.wrong(&at, settings.span, Some("it has no port".to_owned()));
            }
            let says_nothing = settings.outlier_detection.is_none()
                && settings.connection_pool.is_none()
                && settings.load_balancer.is_none()
                && settings.tls.is_none();
            if says_nothing {
                self.wrong(&at, settings.span, Some("the policy says nothing".to_owned()));
            }
            self.parts(
                &at,
                settings.outlier_detection.as_deref(),
                settings.connection_pool.as_deref(),
                settings.load_balancer.as_deref(),
                settings.tls.as_deref(),
            );
        }
    }

    fn parts(
        &mut self,
        at: &str,
        outlier: Option<&Spanned<OutlierDetection>>,
        pool: Option<&Spanned<ConnectionPoolSettings>>,
        balancer: Option<&Spanned<LoadBalancerSettings>>,
        tls: Option<&Spanned<ClientTlsSettings>>,
    ) {
        if let Some(outlier) = outlier {
            self.outlier(&format!("{at}.outlierDetection"), outlier);
        }
        connection_pool::check(self.object, pool, self.found);
        if let Some(balancer) = balancer {
            self.balancer(&format!("{at}.loadBalancer"), balancer);
        }
        if let Some(tls) = tls {
            self.tls(&format!("{at}.tls"), tls);
        }
    }

    fn outlier(&mut self, at: &str, outlier: &OutlierDetection) {
        self.duration(&format!("{at}.baseEjectionTime"), outlier.base_ejection_time.as_ref());
        self.duration(&format!("{at}.interval"), outlier.interval.as_ref());
        let percents = [
            ("maxEjectionPercent", &outlier.max_ejection_percent),
            ("minHealthPercent", &outlier.min_health_percent),
        ];
        for (name, percent) in percents {
            let Some(percent) = percent else { continue };
            let why = (!(0..=100).contains(&percent.value))
                .then(|| format!("{} is not within 0 and 100", percent.value));
            self.wrong(&format!("{at}.{name}"), percent.span, why);
        }
        let split = outlier.split_external_local_origin_errors.as_ref().is_some_and(|split| split.value);
        if let Some(failures) = &outlier.consecutive_local_origin_failures {
            let why = (!split && failures.value > 0)
                .then(|| "it needs `splitExternalLocalOriginErrors: true`".to_owned());
            self.wrong(&format!("{at}.consecutiveLocalOriginFailures"), failures.span, why);
        }
    }

    fn balancer(&mut self, at: &str, balancer: &LoadBalancerSettings) {
        if let Some(hash) = &balancer.consistent_hash {
            let at = format!("{at}.consistentHash");
            if let Some(cookie) = &hash.http_cookie {
                if cookie.name.as_ref().is_none_or(|name| name.is_empty()) {
                    self.wrong(&format!("{at}.httpCookie"), cookie.span, Some("it has no name".to_owned()));
                }
                let mut seen: Vec<&str> = Vec::new();
                for attribute in &cookie.attributes {
                    let name = attribute.name.as_ref().map_or("", |name| name.value.as_str());
                    let why = if name.is_empty() {
                        Some("an attribute has no name".to_owned())
                    } else {
                        seen.contains(&name).then(|| format!("the attribute `{name}` is there twice"))
                    };
                    self.wrong(&format!("{at}.httpCookie.attributes"), attribute.span, why);
                    seen.push(name);
                }
            }
            let size = hash.minimum_ring_size.as_ref().filter(|size| size.value != 0);
            if let (Some(size), true) = (size, hash.ring_hash.is_some() || hash.maglev.is_some()) {
                let why = "it excludes `ringHash` and `maglev`".to_owned();
                self.wrong(&format!("{at}.minimumRingSize"), size.span, Some(why));
            }
            if let Some(maglev) = &hash.maglev {
                let size = maglev.table_size.as_ref().map_or(0, |size| size.value);
                let span = maglev.table_size.as_ref().map_or(maglev.span, |size| size.span);
                let why = if size >= MAX_TABLE_SIZE {
                    Some(format!("{size} is not less than {MAX_TABLE_SIZE}"))
                } else {
                    (!is_prime(size)).then(|| format!("{size} is no prime number"))
                };
                self.wrong(&format!("{at}.maglev.tableSize"), span, why);
            }
        }
        if let (Some(_), Some(zone_aware)) = (&balancer.locality_lb_setting, &balancer.zone_aware_lb_setting)
        {
            let why = "it excludes `localityLbSetting`".to_owned();
            self.wrong(&format!("{at}.zoneAwareLbSetting"), zone_aware.span, Some(why));
        }
        if let Some(setting) = &balancer.locality_lb_setting
            && let Some((span, why)) = locality::wrong(setting)
        {
            self.wrong(&format!("{at}.localityLbSetting"), span, Some(why));
        }
        if let Some(setting) = &balancer.zone_aware_lb_setting
            && let Some((span, why)) = locality::wrong_zone_aware(setting)
        {
            self.wrong(&format!("{at}.zoneAwareLbSetting"), span, Some(why));
        }
        if let Some(warmup) = &balancer.warmup {
            let at = format!("{at}.warmup");
            self.duration(&format!("{at}.duration"), warmup.duration.as_ref());
            if let Some(aggression) = warmup.aggression.as_ref().filter(|aggression| aggression.value <= 0.0)
            {
                let why = "it must be greater than 0".to_owned();
                self.wrong(&format!("{at}.aggression"), aggression.span, Some(why));
            }
        }
    }

    fn tunnel(&mut self, at: &str, tunnel: &Spanned<TunnelSettings>) {
        if let Some(protocol) = &tunnel.protocol {
            let known = ["", "CONNECT", "POST"].contains(&protocol.value.as_str());
            let why = (!known).then(|| format!("`{}` is neither `CONNECT` nor `POST`", protocol.value));
            self.wrong(&format!("{at}.protocol"), protocol.span, why);
        }
        if let Some(host) = &tunnel.target_host {
            let why = names::fqdn(&host.value).filter(|_| names::ip_address(&host.value).is_some());
            self.wrong(&format!("{at}.targetHost"), host.span, why);
        }
        if let Some(port) = &tunnel.target_port {
            self.wrong(&format!("{at}.targetPort"), port.span, names::port(i64::from(port.value)));
        }
    }

    fn tls(&mut self, at: &str, tls: &Spanned<ClientTlsSettings>) {
        let set = |value: &Option<Spanned<String>>| value.as_ref().is_some_and(|value| !value.is_empty());
        let mode = tls.mode.as_ref().map_or(ClientTlsMode::Disable, |mode| mode.value);
        let custom = matches!(mode, ClientTlsMode::Simple | ClientTlsMode::Mutual);
        let config_map = tls.credential_name.as_ref().and_then(|name| name.strip_prefix("configmap://"));
        if let (Some(name), Some(rest)) = (&tls.credential_name, config_map) {
            let namespace = rest.split_once('/').map(|(namespace, _)| namespace);
            let why = match namespace {
                Some(namespace) if namespace == self.object.namespace() => None,
                Some(_) => Some("the ConfigMap must be of the DestinationRule's own namespace".to_owned()),
                None => Some("it must be `configmap://NAMESPACE/NAME`".to_owned()),
            };
            self.wrong(&format!("{at}.credentialName"), name.span, why);
        }
        if let Some(insecure) = tls.insecure_skip_verify.as_ref().filter(|insecure| insecure.value && custom)
        {
            let secret = mode == ClientTlsMode::Simple && set(&tls.credential_name);
            if set(&tls.ca_certificates) || secret || !tls.subject_alt_names.is_empty() {
                let why = "what certificates are verified by must not be set where they are not verified";
                self.wrong(&format!("{at}.insecureSkipVerify"), insecure.span, Some(why.to_owned()));
            }
        }
        if custom && set(&tls.credential_name) {
            let files = [&tls.client_certificate, &tls.ca_certificates, &tls.private_key, &tls.ca_crl];
            if let Some(file) = files.into_iter().flatten().find(|file| !file.is_empty()) {
                let why = "it excludes files of certificates".to_owned();
                self.wrong(&format!("{at}.credentialName"), file.span, Some(why));
            }
            return;
        }
        if mode == ClientTlsMode::Mutual {
            let needed = [("clientCertificate", &tls.client_certificate), ("privateKey", &tls.private_key)];
            for (name, file) in needed {
                let why = (!set(file)).then(|| "mutual TLS needs it, or a `credentialName`".to_owned());
                self.wrong(&format!("{at}.{name}"), tls.span, why);
            }
        }
    }
}

/// Whether a number is prime; 1 is one here, as in Envoy.
fn is_prime(number: u64) -> bool {
    if number != 0 && number < 4 {
        return true;
    }
    if number.is_multiple_of(2) {
        return false;
    }
    (3..)
        .step_by(2)
        .take_while(|factor| factor * factor <= number)
        .all(|factor| !number.is_multiple_of(factor))
}

#[cfg(test)]
mod tests {
    use super::is_prime;

    #[test]
    fn primes_are_envoys() {
        let primes: Vec<u64> = (0..20).filter(|number| is_prime(*number)).collect();
        assert_eq!(primes, [1, 2, 3, 5, 7, 11, 13, 17, 19]);
        assert!(is_prime(65_537) && !is_prime(65_536));
    }
}
