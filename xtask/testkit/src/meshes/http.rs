//! HTTP rules of VirtualServices, with every field.

use serde_json::{Map, Value, json};

use super::{Maker, Service};

/// Paths that conditions ask for, and that requests have.
pub(super) const PATHS: [&str; 10] = [
    "/",
    "/api",
    "/api/v1",
    "/api/v1/items",
    "/API",
    "/static/a.css",
    "/items/7",
    "/a/b/c",
    "/apis",
    "/health",
];
/// Names and values of headers that conditions ask for, and that requests have.
pub(super) const HEADERS: [(&str, &str); 6] = [
    ("x-user", "ann"),
    ("x-user", "bob"),
    ("end-user", "jason"),
    ("x-canary", "true"),
    ("x-tenant", "blue-2"),
    ("x-empty", ""),
];
/// Query parameters.
pub(super) const QUERY: [(&str, &str); 4] = [("debug", "1"), ("v", "2"), ("q", "a%20b"), ("empty", "")];

impl Maker {
    /// A rule of a VirtualService in a namespace, for gateways or callers of the mesh.
    pub(super) fn http_rule(&mut self, namespace: &str, index: usize, last: bool, at_gateway: bool) -> Value {
        let mut rule = Map::new();
        if self.random.chance(70) {
            rule.insert("name".to_owned(), format!("rule-{index}").into());
        }
        if !last {
            let matches = self.random.below(3).max(1);
            let matches: Vec<Value> = (0..matches).map(|_| self.condition(at_gateway)).collect();
            rule.insert("match".to_owned(), matches.into());
        }
        let what = self.random.below(100);
        if what < 12 && !last {
            rule.insert("redirect".to_owned(), self.redirect());
        } else if what < 22 && !last {
            let mut answer = json!({"status": self.random.pick(&[200, 204, 403, 503])});
            if let Some(body) = self.random.maybe(70, |r| r.pick(&["no", "{\"ok\":true}"])) {
                answer["body"] = json!({"string": body});
            }
            rule.insert("directResponse".to_owned(), answer);
        } else {
            self.forward(namespace, &mut rule);
        }
        if let Some(headers) = self.random.maybe(35, |_| ()).map(|()| self.operations()) {
            rule.insert("headers".to_owned(), headers);
        }
        if let Some(cors) = self.random.maybe(15, |_| ()).map(|()| self.cors()) {
            rule.insert("corsPolicy".to_owned(), cors);
        }
        Value::Object(rule)
    }

    fn forward(&mut self, namespace: &str, rule: &mut Map<String, Value>) {
        let service = self.own();
        let count = if self.random.chance(30) { 2 } else { 1 };
        let weights: &[u32] = if count == 2 { &[75, 25] } else { &[100] };
        let routes: Vec<Value> = weights
            .iter()
            .map(|weight| {
                let service = if self.random.chance(80) { service.clone() } else { self.own() };
                let mut route = json!({"destination": self.destination(&service, namespace)});
                if count == 2 {
                    route["weight"] = (*weight).into();
                }
                if self.random.chance(15) {
                    route["headers"] = self.operations();
                }
                route
            })
            .collect();
        rule.insert("route".to_owned(), routes.into());
        if self.random.chance(30) {
            let rewrite = match self.random.below(4) {
                0 => json!({"uri": self.random.pick(&["/", "/new", "/new/"])}),
                1 => json!({"authority": "inner.example.com"}),
                2 => json!({"uriRegexRewrite": {"match": "^/api(/v[0-9]+)?(.*)$", "rewrite": r"/x\2"}}),
                _ => json!({"uri": "/both", "authority": "both.example.com"}),
            };
            rule.insert("rewrite".to_owned(), rewrite);
        }
        if let Some(timeout) = self.random.maybe(30, |r| r.pick(&["5s", "1500ms", "0s", "2m"])) {
            rule.insert("timeout".to_owned(), timeout.into());
        }
        if self.random.chance(25) {
            let mut retries = json!({"attempts": self.random.pick(&[0, 2, 3])});
            if retries["attempts"] != 0 {
                if let Some(limit) = self.random.maybe(50, |r| r.pick(&["1s", "250ms"])) {
                    retries["perTryTimeout"] = limit.into();
                }
                if let Some(on) =
                    self.random.maybe(50, |r| r.pick(&["5xx", "gateway-error,connect-failure", "503,reset"]))
                {
                    retries["retryOn"] = on.into();
                }
                if let Some(remote) = self.random.maybe(20, |r| r.chance(50)) {
                    retries["retryRemoteLocalities"] = remote.into();
                }
                if self.random.chance(20) {
                    retries["backoff"] = "50ms".into();
                }
            }
            rule.insert("retries".to_owned(), retries);
        }
        if self.random.chance(12) {
            let fault = match self.random.below(3) {
                0 => json!({"abort": {"httpStatus": 418, "percentage": {"value": 100}}}),
                1 => json!({"abort": {"httpStatus": 503, "percentage": {"value": 0}}}),
                _ => json!({"delay": {"fixedDelay": "1ms", "percentage": {"value": 100}}}),
            };
            rule.insert("fault".to_owned(), fault);
        }
        if self.random.chance(12) {
            let other = self.own();
            let to = self.destination(&other, namespace);
            if self.random.chance(50) {
                rule.insert("mirror".to_owned(), to);
                rule.insert("mirrorPercentage".to_owned(), json!({"value": 12.5}));
            } else {
                rule.insert("mirrors".to_owned(), json!([{"destination": to, "percentage": {"value": 100}}]));
            }
        }
    }

    fn destination(&mut self, service: &Service, namespace: &str) -> Value {
        let host = self.called(service, namespace);
        let mut destination = json!({"host": host});
        if let Some(port) = service.http_port().filter(|_| service.ports.len() > 1 || self.random.chance(50))
        {
            destination["port"] = json!({"number": port});
        }
        if self.random.chance(35) {
            destination["subset"] = self.random.pick(&super::VERSIONS).into();
        }
        destination
    }

    fn redirect(&mut self) -> Value {
        let mut redirect = Map::new();
        if self.random.chance(60) {
            redirect.insert("uri".to_owned(), self.random.pick(&["/moved", "%PREFIX()%/moved", "/"]).into());
        }
        if self.random.chance(50) {
            redirect.insert("authority".to_owned(), "new.example.com".into());
        }
        if self.random.chance(40) {
            redirect.insert("scheme".to_owned(), self.random.pick(&["https", "http"]).into());
        }
        match self.random.below(4) {
            0 => drop(redirect.insert("port".to_owned(), 8443.into())),
            1 => drop(redirect.insert(
                "derivePort".to_owned(),
                self.random.pick(&["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"]).into(),
            )),
            _ => {}
        }
        if let Some(code) = self.random.maybe(40, |r| r.pick(&[301, 302, 303, 307, 308])) {
            redirect.insert("redirectCode".to_owned(), code.into());
        }
        if redirect.is_empty() {
            redirect.insert("uri".to_owned(), "/elsewhere".into());
        }
        Value::Object(redirect)
    }

    pub(super) fn text_match(&mut self, value: &str) -> Value {
        match self.random.below(4) {
            0 => json!({"exact": value}),
            1 => {
                json!({"prefix": value.get(..value.len().div_ceil(2)).filter(|part| !part.is_empty()).unwrap_or("a")})
            }
            2 => json!({"regex": self.random.pick(&[".*", "a.*", "[a-z]+(-[0-9])?", "true|jason", "v[12]"])}),
            _ => json!({"exact": value}),
        }
    }

    fn condition(&mut self, at_gateway: bool) -> Value {
        let mut condition = Map::new();
        if self.random.chance(80) {
            let path = self.random.pick(&PATHS);
            let uri = match self.random.below(5) {
                0 | 1 => json!({"prefix": path}),
                2 => json!({"exact": path}),
                3 => json!({"prefix": format!("{}/", path.trim_end_matches('/'))}),
                _ => {
                    json!({"regex": self.random.pick(&["/api/v[0-9]+(/.*)?", "/items/\\d+", "/.*\\.css", "(?i)/api.*"])})
                }
            };
            condition.insert("uri".to_owned(), uri);
            if self.random.chance(15) {
                condition.insert("ignoreUriCase".to_owned(), true.into());
            }
        }
        for (key, percent) in [("headers", 35), ("withoutHeaders", 12)] {
            if self.random.chance(percent) {
                let (name, value) = self.random.pick(&HEADERS);
                let asked = if self.random.chance(20) { json!({}) } else { self.text_match(value) };
                condition.insert(key.to_owned(), json!({ name: asked }));
            }
        }
        if self.random.chance(15) {
            let (name, value) = self.random.pick(&QUERY);
            let asked = self.text_match(value);
            condition.insert("queryParams".to_owned(), json!({ name: asked }));
        }
        if self.random.chance(15) {
            condition.insert("method".to_owned(), json!({"exact": self.random.pick(&["GET", "POST"])}));
        }
        if self.random.chance(8) {
            condition
                .insert("authority".to_owned(), json!({"prefix": self.random.pick(&["shop", "re", "cat"])}));
        }
        if self.random.chance(5) {
            condition.insert("scheme".to_owned(), json!({"exact": "http"}));
        }
        if self.random.chance(8) && !at_gateway {
            condition.insert("sourceLabels".to_owned(), json!({"app": self.own().name}));
        }
        if self.random.chance(8) && !at_gateway {
            condition.insert("sourceNamespace".to_owned(), self.random.pick(&super::NAMESPACES).into());
        }
        if self.random.chance(8) && !at_gateway {
            condition.insert("port".to_owned(), self.random.pick(&[9080, 8080, 80]).into());
        }
        if condition.is_empty() {
            condition.insert("uri".to_owned(), json!({"prefix": "/only"}));
        }
        Value::Object(condition)
    }

    fn operations(&mut self) -> Value {
        let side = |maker: &mut Self| {
            let mut side = Map::new();
            if maker.random.chance(50) {
                side.insert(
                    "set".to_owned(),
                    json!({"x-set": maker.random.pick(&["a", "b"]), "x-user": "set"}),
                );
            }
            if maker.random.chance(50) {
                side.insert("add".to_owned(), json!({"x-add": maker.random.pick(&["1", "two words"])}));
            }
            if maker.random.chance(40) {
                side.insert(
                    "remove".to_owned(),
                    json!([maker.random.pick(&["x-tenant", "x-echo-gone", "x-canary"])]),
                );
            }
            side
        };
        let (request, response) = (side(self), side(self));
        json!({"request": request, "response": response})
    }

    fn cors(&mut self) -> Value {
        let mut cors = json!({
            "allowOrigins": [self.random.pick(&[
                json!({"exact": "https://a.example.com"}), json!({"prefix": "https://"}), json!({"regex": ".*"}),
            ])],
        });
        if self.random.chance(60) {
            cors["allowMethods"] = json!(["GET", "POST"]);
        }
        if self.random.chance(40) {
            cors["allowHeaders"] = json!(["x-user"]);
        }
        if self.random.chance(40) {
            cors["exposeHeaders"] = json!(["x-set"]);
        }
        if self.random.chance(40) {
            cors["maxAge"] = "24h".into();
        }
        if self.random.chance(40) {
            cors["allowCredentials"] = self.random.chance(50).into();
        }
        cors
    }
}
