//! VirtualServices, DestinationRules and Sidecars.

use serde_json::{Map, Value, json};

use super::gateways::OUTSIDE;
use super::{Maker, NAMESPACES, Style, VERSIONS};

impl Maker {
    pub(super) fn make_routes(&mut self) {
        for service in self.services.clone() {
            if service.external && (service.host.starts_with('*') || self.random.chance(60)) {
                continue;
            }
            if self.random.chance(65) {
                let namespace = service.namespace;
                let mut hosts = vec![self.called(&service, namespace)];
                if self.random.chance(20) {
                    hosts.push(format!("{}.internal", service.name));
                }
                self.virtual_service(&format!("{}-{}", service.name, hosts.len()), namespace, &hosts, None);
            }
        }
        let count = 1 + self.random.below(3);
        for index in 0..count {
            let namespace = self.random.pick(&NAMESPACES);
            let host = self.random.pick(&OUTSIDE).to_owned();
            let host = if host == "*" { "any.example.com".to_owned() } else { host };
            let gateway = if self.random.chance(25) { "shop/more" } else { "edge/public" };
            self.virtual_service(&format!("edge-{index}"), namespace, &[host], Some(gateway));
        }
    }

    fn virtual_service(&mut self, name: &str, namespace: &str, hosts: &[String], gateway: Option<&str>) {
        let count = 1 + self.random.below(4);
        let catches_all = self.random.chance(80);
        let rules: Vec<Value> = (0..count)
            .map(|index| {
                self.http_rule(namespace, index, catches_all && index + 1 == count, gateway.is_some())
            })
            .collect();
        let mut spec = json!({"hosts": hosts, "http": rules});
        if let Some(gateway) = gateway {
            spec["gateways"] = json!([gateway]);
        }
        if let Some(to) = self.random.maybe(10, |r| r.pick(&["*", "."])) {
            spec["exportTo"] = json!([to]);
        }
        self.istio("VirtualService", name, namespace, spec);
    }

    pub(super) fn make_rules(&mut self) {
        for service in self.services.clone() {
            if !self.random.chance(60) {
                continue;
            }
            let subsets: Vec<Value> = VERSIONS[..=self.random.below(3)]
                .iter()
                .map(|version| {
                    let mut subset = json!({"name": version, "labels": {"version": version}});
                    if self.random.chance(20) {
                        subset["trafficPolicy"] = self.traffic_policy();
                    }
                    subset
                })
                .collect();
            let mut spec = json!({"host": service.host, "subsets": subsets});
            if self.random.chance(60) {
                spec["trafficPolicy"] = self.traffic_policy();
            }
            self.istio(
                "DestinationRule",
                &format!("{}-rule", service.host.replace('*', "any")),
                service.namespace,
                spec,
            );
        }
    }

    fn traffic_policy(&mut self) -> Value {
        let mut policy = Map::new();
        if self.random.chance(50) {
            let balancer = match self.random.below(6) {
                0 => json!({"simple": "ROUND_ROBIN"}),
                1 => json!({"simple": "RANDOM"}),
                2 => json!({"consistentHash": {"httpHeaderName": "x-user"}}),
                3 => {
                    json!({"consistentHash": {"httpCookie": {"name": "session", "ttl": "0s"}, "maglev": {"tableSize": 1009}}})
                }
                4 => json!({"consistentHash": {"useSourceIp": true, "ringHash": {"minimumRingSize": 512}}}),
                _ => json!({"simple": "LEAST_REQUEST", "warmup": {"duration": "30s", "aggression": 1.5}}),
            };
            policy.insert("loadBalancer".to_owned(), balancer);
        }
        if self.random.chance(40) {
            policy.insert(
                "connectionPool".to_owned(),
                json!({"tcp": {"maxConnections": 100, "connectTimeout": "750ms", "tcpKeepalive": {"time": "60s"}},
                       "http": {"http1MaxPendingRequests": 10, "maxRequestsPerConnection": 7, "idleTimeout": "90s", "maxRetries": 2}}),
            );
        }
        if self.random.chance(40) {
            policy.insert(
                "outlierDetection".to_owned(),
                json!({"consecutive5xxErrors": 4, "interval": "5s", "baseEjectionTime": "30s", "maxEjectionPercent": 40}),
            );
        }
        if self.style == Style::Everything && self.random.chance(30) {
            let tls = self.random.pick(&[
                json!({"mode": "DISABLE"}),
                json!({"mode": "ISTIO_MUTUAL"}),
                json!({"mode": "SIMPLE", "sni": "x.example.com", "caCertificates": "system"}),
                json!({"mode": "SIMPLE", "insecureSkipVerify": true}),
            ]);
            policy.insert("tls".to_owned(), tls);
        }
        if policy.is_empty() {
            policy.insert("loadBalancer".to_owned(), json!({"simple": "ROUND_ROBIN"}));
        }
        Value::Object(policy)
    }

    pub(super) fn make_sidecars(&mut self) {
        for namespace in NAMESPACES {
            if !self.random.chance(20) {
                continue;
            }
            let hosts = self.random.pick(&[
                json!(["*/*"]),
                json!(["./*", "istio-system/*"]),
                json!(["shop/*", "pay/*", "~/*"]),
            ]);
            let hosts: Vec<Value> = hosts
                .as_array()
                .into_iter()
                .flatten()
                .filter(|host| host.as_str() != Some("~/*"))
                .cloned()
                .collect();
            let mut spec = json!({"egress": [{"hosts": hosts}]});
            if let Some(mode) = self.random.maybe(50, |r| r.pick(&["REGISTRY_ONLY", "ALLOW_ANY"])) {
                spec["outboundTrafficPolicy"] = json!({"mode": mode});
            }
            self.istio("Sidecar", "default", namespace, spec);
        }
    }
}
