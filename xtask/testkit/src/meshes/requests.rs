//! Requests that come near the conditions of the mesh.

use serde_json::{Map, Value, json};

use super::http::{HEADERS, PATHS, QUERY};
use super::{Maker, Service};

const OUTSIDE: [&str; 6] = [
    "shop.example.com",
    "SHOP.example.com:80",
    "any.example.com",
    "api.example.com",
    "api.example.org",
    "none.test",
];

impl Maker {
    /// A line of trace's input.
    pub(super) fn request(&mut self) -> Value {
        let at_gateway = self.random.chance(40);
        let (proxy, table, authority) = if at_gateway {
            (
                "istio-ingressgateway.istio-system".to_owned(),
                "http.8080".to_owned(),
                self.random.pick(&OUTSIDE).to_owned(),
            )
        } else {
            let caller = self.own();
            let callees: Vec<Service> =
                self.services.iter().filter(|service| service.http_port().is_some()).cloned().collect();
            let callee = self.random.pick(&callees);
            let port = callee.http_port().unwrap_or(80);
            let host = if callee.external {
                callee.host.replace('*', "a")
            } else {
                match self.random.below(4) {
                    0 => callee.host.clone(),
                    1 => format!("{}.{}", callee.name, callee.namespace),
                    2 => format!("{}:{port}", callee.host),
                    _ => callee.name.to_owned(),
                }
            };
            (format!("{}-v1.{}", caller.name, caller.namespace), port.to_string(), host)
        };
        let request = json!({
            "method": self.random.pick(&["GET", "GET", "POST", "OPTIONS"]),
            "authority": authority, "path": self.path(), "headers": self.headers(),
        });
        json!({"proxy": proxy, "route_table": table, "request": request})
    }

    fn path(&mut self) -> String {
        let mut path = self.random.pick(&PATHS).to_owned();
        if self.random.chance(25) {
            path.push_str(self.random.pick(&["/", "/x", "%41", "/../b", "/7"]));
        }
        if self.random.chance(25) {
            let (name, value) = self.random.pick(&QUERY);
            path.push_str(&format!("?{name}={value}"));
        }
        path
    }

    fn headers(&mut self) -> Map<String, Value> {
        let mut headers = Map::new();
        for _ in 0..self.random.below(3) {
            let (name, value) = self.random.pick(&HEADERS);
            headers.insert(name.to_owned(), value.into());
        }
        if self.random.chance(15) {
            headers.insert(
                "origin".to_owned(),
                self.random.pick(&["https://a.example.com", "http://b.example.com"]).into(),
            );
            if self.random.chance(50) {
                headers.insert("access-control-request-method".to_owned(), "GET".into());
            }
        }
        headers
    }
}
