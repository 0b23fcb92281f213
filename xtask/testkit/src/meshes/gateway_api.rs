//! Some of the Gateway API.

use serde_json::{Value, json};

use super::http::{HEADERS, PATHS};
use super::{Maker, Service};

const VERSION: &str = "gateway.networking.k8s.io/v1";

impl Maker {
    pub(super) fn make_gateway_api(&mut self) {
        if !self.random.chance(40) {
            return;
        }
        self.add(
            VERSION,
            "Gateway",
            "api",
            Some("edge"),
            json!({"spec": {"gatewayClassName": "istio", "listeners": [{
                "name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}},
            }]}}),
        );
        let count = 1 + self.random.below(2);
        for index in 0..count {
            let service = self.own();
            let of_service = self.random.chance(30);
            let parent = if of_service {
                json!({"group": "", "kind": "Service", "name": service.name})
            } else {
                json!({"name": "api", "namespace": "edge"})
            };
            let rules: Vec<Value> = (0..=self.random.below(3)).map(|_| self.api_rule(&service)).collect();
            let mut spec = json!({"parentRefs": [parent], "rules": rules});
            if !of_service && self.random.chance(70) {
                spec["hostnames"] = json!([self.random.pick(&["api.example.com", "*.example.com"])]);
            }
            self.add(
                VERSION,
                "HTTPRoute",
                &format!("api-{index}"),
                Some(service.namespace),
                json!({ "spec": spec }),
            );
        }
    }

    fn api_rule(&mut self, service: &Service) -> Value {
        let kind = self.random.pick(&["PathPrefix", "Exact"]);
        let path = self.random.pick(&PATHS);
        let mut condition = json!({"path": {"type": kind, "value": path}});
        if self.random.chance(30) {
            let (name, value) = self.random.pick(&HEADERS[..5]);
            condition["headers"] = json!([{"name": name, "value": value}]);
        }
        if self.random.chance(15) {
            condition["method"] = "GET".into();
        }
        if self.random.chance(15) {
            condition["queryParams"] = json!([{"name": "debug", "value": "1"}]);
        }
        let mut rule = json!({"matches": [condition]});
        let mut filters = Vec::new();
        if self.random.chance(30) {
            filters.push(json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {
                "set": [{"name": "x-set", "value": "a"}], "remove": ["x-tenant"]}}));
        }
        if self.random.chance(20) {
            filters.push(json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": {
                "add": [{"name": "x-add", "value": "1"}]}}));
        }
        let redirects = self.random.chance(15);
        if redirects {
            filters.push(json!({"type": "RequestRedirect", "requestRedirect": {
                "scheme": "https", "statusCode": 301, "path": {"type": "ReplaceFullPath", "replaceFullPath": "/moved"}}}));
        } else if kind == "PathPrefix" && self.random.chance(20) {
            filters.push(json!({"type": "URLRewrite", "urlRewrite": {
                "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}}}));
        }
        if !filters.is_empty() {
            rule["filters"] = filters.into();
        }
        if !redirects {
            rule["backendRefs"] = json!([{"name": service.name, "port": 9080}]);
            if let Some(limit) = self.random.maybe(25, |r| r.pick(&["5s", "0s"])) {
                rule["timeouts"] = json!({"request": limit});
            }
        }
        rule
    }
}
