//! Services, their workloads, and what is outside.

use serde_json::json;

use super::{Maker, NAMESPACES, Service, Style, VERSIONS};

const NAMES: [&str; 6] = ["catalog", "reviews", "ratings", "cart", "orders", "users"];

impl Maker {
    pub(super) fn make_services(&mut self) {
        let count = 3 + self.random.below(4);
        for name in &NAMES[..count] {
            let namespace = self.random.pick(&NAMESPACES);
            self.service(name, namespace);
        }
        let count = self.random.below(4);
        for index in 0..count {
            self.entry(index);
        }
        self.edge();
    }

    fn service(&mut self, name: &'static str, namespace: &'static str) {
        let mut ports = vec![(9080, "http")];
        if self.random.chance(40) {
            ports.push((self.random.pick(&[8080, 80]), "http"));
        }
        if self.random.chance(30) {
            ports.push((7070, "grpc"));
        }
        if self.random.chance(30) {
            ports.push((3306, "tcp"));
        }
        if self.random.chance(20) {
            ports.push((8443, "https"));
        }
        let by_protocol = self.random.chance(20);
        let written: Vec<_> = ports
            .iter()
            .map(|(number, protocol)| {
                let name = format!("{protocol}-{number}");
                if by_protocol {
                    json!({"name": format!("port-{number}"), "port": number, "appProtocol": protocol})
                } else {
                    json!({"name": name, "port": number, "targetPort": number + 1000})
                }
            })
            .collect();
        let mut spec = json!({"selector": {"app": name}, "ports": written});
        if self.random.chance(10) {
            spec["clusterIP"] = "None".into();
        }
        self.add("v1", "Service", name, Some(namespace), json!({ "spec": spec }));
        for version in &VERSIONS[..=self.random.below(3)] {
            let labels = json!({"app": name, "version": version});
            self.add(
                "apps/v1",
                "Deployment",
                &format!("{name}-{version}"),
                Some(namespace),
                json!({"spec": {
                    "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": name}]}},
                }}),
            );
        }
        let host = format!("{name}.{namespace}.svc.cluster.local");
        self.services.push(Service { name, namespace, host, ports, external: false });
    }

    fn entry(&mut self, index: usize) {
        let namespace = self.random.pick(&NAMESPACES);
        let wild = self.random.chance(20);
        let host = if wild { format!("*.out{index}.com") } else { format!("api.out{index}.com") };
        let resolution = match (self.style, wild) {
            (_, true) => "NONE",
            (Style::Requests, false) => self.random.pick(&["STATIC", "DNS"]),
            (Style::Everything, false) => self.random.pick(&["STATIC", "DNS", "DNS_ROUND_ROBIN", "NONE"]),
        };
        let ports: Vec<(u16, &'static str)> = vec![(80, "http"), (443, "https")];
        let written: Vec<_> = ports
            .iter()
            .map(|(number, protocol)| json!({"number": number, "name": protocol, "protocol": protocol.to_uppercase()}))
            .collect();
        let mut spec = json!({"hosts": [host], "ports": written, "resolution": resolution});
        if resolution == "STATIC" {
            spec["endpoints"] =
                json!([{"address": "192.0.2.7", "labels": {"version": "v1"}}, {"address": "192.0.2.8"}]);
        }
        if let Some(location) = self.random.maybe(60, |r| r.pick(&["MESH_EXTERNAL", "MESH_INTERNAL"])) {
            spec["location"] = location.into();
        }
        if let Some(to) = self.random.maybe(20, |r| r.pick(&["*", "."])) {
            spec["exportTo"] = json!([to]);
        }
        self.istio("ServiceEntry", &format!("out{index}"), namespace, spec);
        self.services.push(Service { name: "out", namespace, host, ports, external: true });
    }

    /// The gateway of the installation.
    fn edge(&mut self) {
        let labels = json!({"istio": "ingressgateway", "app": "istio-ingressgateway"});
        self.add(
            "v1",
            "Service",
            "istio-ingressgateway",
            Some("istio-system"),
            json!({"spec": {"selector": {"istio": "ingressgateway"}, "ports": [
                {"name": "http", "port": 80, "targetPort": 8080},
                {"name": "https", "port": 443, "targetPort": 8443},
                {"name": "tcp", "port": 31400},
            ]}}),
        );
        self.add(
            "apps/v1",
            "Deployment",
            "istio-ingressgateway",
            Some("istio-system"),
            json!({"spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels, "annotations": {"inject.istio.io/templates": "gateway"}},
                             "spec": {"containers": [{"name": "istio-proxy", "image": "auto"}]}},
            }}),
        );
    }
}
