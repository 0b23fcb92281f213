//! Who may ask, with what token; logs; patches.

use serde_json::{Value, json};

use super::{Maker, NAMESPACES};

/// A set with one key that nobody signs with.
const KEYS: &str = r#"{"keys":[{"kty":"oct","kid":"a","alg":"HS256","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}"#;

impl Maker {
    pub(super) fn make_policies(&mut self) {
        if self.random.chance(50) {
            let mode = self.random.pick(&["STRICT", "PERMISSIVE", "DISABLE"]);
            let namespace = self.random.pick(&["istio-system", "shop", "pay"]);
            self.istio("PeerAuthentication", "default", namespace, json!({"mtls": {"mode": mode}}));
        }
        if self.random.chance(50) {
            let namespace = self.random.pick(&NAMESPACES);
            let mut rule = json!({"issuer": "https://issuer.example.com", "jwks": KEYS});
            if self.random.chance(50) {
                rule["audiences"] = json!(["shop"]);
                rule["outputClaimToHeaders"] = json!([{"header": "x-claim", "claim": "sub"}]);
            }
            self.istio("RequestAuthentication", "tokens", namespace, json!({"jwtRules": [rule]}));
        }
        let count = self.random.below(4);
        for index in 0..count {
            self.authorization(index);
        }
        if self.random.chance(40) {
            let namespace = self.random.pick(&["istio-system", "shop"]);
            let logging =
                json!([{"providers": [{"name": "envoy"}], "filter": {"expression": "response.code >= 500"}}]);
            self.istio("Telemetry", "logs", namespace, json!({"accessLogging": logging}));
        }
        if self.random.chance(40) {
            let patches: Vec<Value> = (0..=self.random.below(3)).map(|_| self.patch()).collect();
            self.istio("EnvoyFilter", "patches", "istio-system", json!({"configPatches": patches}));
        }
    }

    fn authorization(&mut self, index: usize) {
        let service = self.own();
        let action = self.random.pick(&["ALLOW", "DENY", "AUDIT"]);
        let from = self.random.pick(&[
            json!({"source": {"principals": ["cluster.local/ns/shop/sa/default"]}}),
            json!({"source": {"namespaces": ["shop"], "notPrincipals": ["*/admin"]}}),
            json!({"source": {"ipBlocks": ["10.0.0.0/8", "192.0.2.1"]}}),
            json!({"source": {"requestPrincipals": ["*"]}}),
        ]);
        let to = self.random.pick(&[
            json!({"operation": {"paths": ["/api/*", "/health"], "methods": ["GET"]}}),
            json!({"operation": {"ports": ["9080"], "notPaths": ["/admin*"]}}),
            json!({"operation": {"hosts": ["*.example.com"], "notMethods": ["DELETE"]}}),
            json!({"operation": {"paths": ["/{*}/items/{**}"]}}),
        ]);
        let when = self.random.pick(&[
            json!({"key": "request.headers[x-user]", "values": ["ann", "b*"]}),
            json!({"key": "source.namespace", "notValues": ["edge"]}),
            json!({"key": "request.auth.claims[group]", "values": ["admin"]}),
            json!({"key": "destination.port", "values": ["9080"]}),
        ]);
        let mut rule = json!({});
        if self.random.chance(60) {
            rule["from"] = json!([from]);
        }
        if self.random.chance(60) {
            rule["to"] = json!([to]);
        }
        if self.random.chance(40) {
            rule["when"] = json!([when]);
        }
        let spec =
            json!({"selector": {"matchLabels": {"app": service.name}}, "action": action, "rules": [rule]});
        self.istio("AuthorizationPolicy", &format!("policy-{index}"), service.namespace, spec);
    }

    /// A patch that stock Envoy takes.
    fn patch(&mut self) -> Value {
        let manager = "envoy.filters.network.http_connection_manager";
        self.random.pick(&[
            json!({"applyTo": "CLUSTER", "match": {"context": "SIDECAR_OUTBOUND", "cluster": {"portNumber": 9080}},
                   "patch": {"operation": "MERGE", "value": {"connect_timeout": "250ms", "alt_stat_name": "patched"}}}),
            json!({"applyTo": "HTTP_FILTER", "match": {"context": "ANY", "listener": {"filterChain": {"filter": {
                        "name": manager, "subFilter": {"name": "envoy.filters.http.router"}}}}},
                   "patch": {"operation": "INSERT_BEFORE", "value": {"name": "script", "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                        "default_source_code": {"inline_string": "function envoy_on_request(handle) end"}}}}}),
            json!({"applyTo": "NETWORK_FILTER", "match": {"listener": {"filterChain": {"filter": {"name": manager}}}},
                   "patch": {"operation": "MERGE", "value": {"typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                        "server_header_transformation": "PASS_THROUGH", "xff_num_trusted_hops": 1}}}}),
            json!({"applyTo": "VIRTUAL_HOST", "match": {"context": "SIDECAR_OUTBOUND"},
                   "patch": {"operation": "MERGE", "value": {"request_headers_to_add": [{"header": {"key": "x-patched", "value": "1"}}]}}}),
            json!({"applyTo": "LISTENER", "match": {"context": "GATEWAY"},
                   "patch": {"operation": "MERGE", "value": {"per_connection_buffer_limit_bytes": 32768}}}),
        ])
    }
}
