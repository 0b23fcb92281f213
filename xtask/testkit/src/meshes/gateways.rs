//! Gateways of Istio's API.

use serde_json::{Value, json};

use super::{Maker, Style};

/// Hosts of the outside world.
pub(super) const OUTSIDE: [&str; 4] = ["shop.example.com", "*.example.com", "api.example.org", "*"];

impl Maker {
    pub(super) fn make_gateways(&mut self) {
        let mut servers = vec![json!({
            "port": {"number": 80, "name": "http", "protocol": "HTTP"},
            "hosts": self.hosts_of_server(),
        })];
        if self.style == Style::Everything {
            servers.extend(self.tls_servers());
        }
        self.istio(
            "Gateway",
            "public",
            "edge",
            json!({"selector": {"istio": "ingressgateway"}, "servers": servers}),
        );
        if self.random.chance(40) {
            let hosts = json!([format!("shop/{}", self.random.pick(&OUTSIDE))]);
            let server =
                json!({"port": {"number": 80, "name": "http-more", "protocol": "HTTP2"}, "hosts": hosts});
            self.istio(
                "Gateway",
                "more",
                "shop",
                json!({"selector": {"istio": "ingressgateway"}, "servers": [server]}),
            );
        }
    }

    fn hosts_of_server(&mut self) -> Value {
        self.random.several(1, 3, |r| r.pick(&OUTSIDE)).into()
    }

    fn tls_servers(&mut self) -> Vec<Value> {
        let mut servers = Vec::new();
        if self.random.chance(50) {
            let mode = self.random.pick(&["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"]);
            let mut tls = json!({"mode": mode, "credentialName": "certificate"});
            if let Some(version) = self.random.maybe(40, |r| r.pick(&["TLSV1_2", "TLSV1_3"])) {
                tls["minProtocolVersion"] = version.into();
            }
            servers.push(json!({
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "hosts": ["secure.example.com"], "tls": tls,
            }));
        }
        if self.random.chance(30) {
            servers.push(json!({
                "port": {"number": 443, "name": "tls", "protocol": "TLS"},
                "hosts": ["through.example.com"], "tls": {"mode": "PASSTHROUGH"},
            }));
        }
        if self.random.chance(30) {
            servers.push(json!({
                "port": {"number": 31400, "name": "tcp", "protocol": "TCP"}, "hosts": ["*"],
            }));
        }
        servers
    }
}
