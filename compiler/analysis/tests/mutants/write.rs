//! A mesh as files, in one of many ways to write the same.

use serde_json::{Value, json};

use crate::model::{Act, Asked, Model, Policy, Route, Rule};

/// How the same is written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Style {
    /// Other names of resources and routes.
    pub(crate) renamed: bool,
    /// Documents and files in another order.
    pub(crate) reversed: bool,
    /// Services by their full names, durations and weights in other units.
    pub(crate) spelt_out: bool,
    /// One resource in the place of several, and several in the place of one.
    pub(crate) split: bool,
}

impl Style {
    /// All ways to write a mesh, the plain one first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..16).map(|bits: u8| Self {
            renamed: bits & 1 != 0,
            reversed: bits & 2 != 0,
            spelt_out: bits & 4 != 0,
            split: bits & 8 != 0,
        })
    }

    fn name(self, name: &str) -> String {
        if self.renamed { format!("other-{name}") } else { name.to_owned() }
    }

    fn host(self, service: usize, from: &str) -> String {
        let namespace = namespace(service);
        if self.spelt_out || from != namespace {
            format!("s{service}.{namespace}.svc.cluster.local")
        } else {
            format!("s{service}")
        }
    }
}

pub(crate) fn namespace(service: usize) -> &'static str {
    if service == 2 { "depot" } else { "shop" }
}

/// The files of a mesh.
pub(crate) fn write(model: &Model, style: Style) -> Vec<(String, String)> {
    let mut documents: Vec<Value> = Vec::new();
    for name in ["shop", "depot"] {
        documents.push(json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": {"istio-injection": "enabled"}}}));
    }
    let policy = if model.registry_only { "REGISTRY_ONLY" } else { "ALLOW_ANY" };
    documents.push(json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "istio", "namespace": "istio-system"},
        "data": {"mesh": format!("outboundTrafficPolicy: {{mode: {policy}}}")}}));
    for at in 0..model.services.len() {
        service(model, at, &mut documents);
    }
    for routing in &model.routings {
        let namespace = namespace(routing.host);
        documents.push(json!({
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {"name": style.name(&format!("s{}", routing.host)), "namespace": namespace},
            "spec": {"hosts": [style.host(routing.host, namespace)], "http": routes(&routing.routes, namespace, style)},
        }));
    }
    for of_rule in &model.rules {
        rule(of_rule, style, &mut documents);
    }
    for (at, of_policy) in model.policies.iter().enumerate() {
        authorization(of_policy, at, style, &mut documents);
    }
    for (at, mode) in model.modes.iter().enumerate() {
        let namespace = mode.on.map_or("shop", namespace);
        let selector = mode.on.map(|on| json!({"matchLabels": {"app": format!("s{on}")}}));
        let mut spec = json!({"mtls": {"mode": mode.mode}});
        if let Some(selector) = selector {
            spec["selector"] = selector;
        }
        documents.push(json!({"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
            "metadata": {"name": style.name(&format!("mode-{at}")), "namespace": namespace}, "spec": spec}));
    }
    if let Some(seen) = &model.sidecar {
        let hosts: Vec<String> = seen
            .iter()
            .map(|&service| {
                format!("{}/s{service}.{}.svc.cluster.local", namespace(service), namespace(service))
            })
            .collect();
        documents.push(json!({"apiVersion": "networking.istio.io/v1", "kind": "Sidecar",
            "metadata": {"name": style.name("default"), "namespace": "shop"}, "spec": {"egress": [{"hosts": hosts}]}}));
    }
    entry(model, style, &mut documents);
    if style.reversed {
        documents.reverse();
    }
    let text =
        |documents: &[Value]| documents.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n---\n");
    if style.split {
        let (one, two) = documents.split_at(documents.len() / 3);
        vec![("a.yaml".to_owned(), text(two)), ("b.yaml".to_owned(), text(one))]
    } else {
        vec![("mesh.yaml".to_owned(), text(&documents))]
    }
}

fn service(model: &Model, at: usize, documents: &mut Vec<Value>) {
    let (name, namespace) = (format!("s{at}"), namespace(at));
    let service = &model.services[at];
    documents.push(
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 8080}]}}),
    );
    documents.push(json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": service.account, "namespace": namespace}}));
    for (version, replicas) in service.replicas.iter().enumerate() {
        let labels = json!({"app": name, "version": format!("v{}", version + 1)});
        documents.push(json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": format!("{name}-v{}", version + 1), "namespace": namespace},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"serviceAccountName": service.account,
                    "containers": [{"name": "app", "image": "app", "ports": [{"containerPort": 8080}]}]}}}}));
    }
}

fn rule(rule: &Rule, style: Style, documents: &mut Vec<Value>) {
    let namespace = namespace(rule.host);
    let document = |name: String, subsets: Vec<Value>, policy: Option<&Value>| {
        let mut spec = json!({"host": style.host(rule.host, namespace)});
        if !subsets.is_empty() {
            spec["subsets"] = Value::Array(subsets);
        }
        if let Some(policy) = policy {
            spec["trafficPolicy"] = policy.clone();
        }
        json!({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec})
    };
    let mut policy = json!({});
    if let Some(balancer) = rule.balancer {
        policy["loadBalancer"] = json!({"simple": balancer});
    }
    if let Some(pending) = rule.pending {
        policy["connectionPool"] = json!({"http": {"http1MaxPendingRequests": pending}});
    }
    if let Some(errors) = rule.errors {
        policy["outlierDetection"] = json!({"consecutive5xxErrors": errors});
    }
    if let Some(mode) = rule.tls {
        policy["tls"] = json!({"mode": mode});
    }
    let policy = policy.as_object().filter(|fields| !fields.is_empty()).map(|_| &policy);
    let subset = |at: usize, version: usize| json!({"name": format!("v{}", at + 1), "labels": {"version": format!("v{}", version + 1)}});
    let mut subsets: Vec<Value> =
        rule.subsets.iter().enumerate().map(|(at, version)| subset(at, *version)).collect();
    // Istio merges the subsets of several; the traffic policy is the first one's.
    if style.split && subsets.len() > 1 {
        let rest = subsets.split_off(1);
        documents.push(document(style.name(&format!("s{}-a", rule.host)), subsets, policy));
        documents.push(document(style.name(&format!("s{}-b", rule.host)), rest, None));
    } else {
        documents.push(document(style.name(&format!("s{}-a", rule.host)), subsets, policy));
    }
}

fn authorization(policy: &Policy, at: usize, style: Style, documents: &mut Vec<Value>) {
    let namespace = policy.on.map_or("shop", namespace);
    let rules: Vec<Value> = policy
        .asks
        .iter()
        .map(|ask| {
            let mut rule = json!({});
            if let Some(caller) = ask.caller {
                rule["from"] = json!([{"source": {"principals": [format!(
                    "cluster.local/ns/{}/sa/{}", self::namespace(caller), ["zero", "one", "two"][caller])]}}]);
            }
            let mut operation = json!({});
            if let Some(path) = ask.path {
                operation["paths"] = json!([path]);
            }
            if let Some(method) = ask.method {
                operation["methods"] = json!([method]);
            }
            if operation.as_object().is_some_and(|fields| !fields.is_empty()) {
                rule["to"] = json!([{"operation": operation}]);
            }
            rule
        })
        .collect();
    let document = |name: String, rules: &[Value]| {
        let mut spec = json!({"action": if policy.deny { "DENY" } else { "ALLOW" }, "rules": rules});
        if let Some(on) = policy.on {
            spec["selector"] = json!({"matchLabels": {"app": format!("s{on}")}});
        }
        json!({"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec})
    };
    // Several policies of one action say what one with all their rules says.
    if style.split {
        for (part, rule) in rules.iter().enumerate() {
            documents.push(document(style.name(&format!("policy-{at}-{part}")), std::slice::from_ref(rule)));
        }
    } else {
        documents.push(document(style.name(&format!("policy-{at}")), &rules));
    }
}

fn entry(model: &Model, style: Style, documents: &mut Vec<Value>) {
    let gateway = style.name("edge");
    documents.push(json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
        "metadata": {"name": gateway, "namespace": "shop"},
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [
            {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": model.entry.hosts}]}}));
    let document = |name: String, hosts: &[&str]| {
        json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"hosts": hosts, "gateways": [gateway], "http": routes(&model.entry.routes, "shop", style)}})
    };
    if style.split {
        for (at, host) in model.entry.hosts.iter().enumerate() {
            documents.push(document(style.name(&format!("edge-{at}")), &[*host]));
        }
    } else {
        documents.push(document(style.name("edge"), &model.entry.hosts));
    }
}

fn routes(routes: &[Route], namespace: &str, style: Style) -> Vec<Value> {
    routes.iter().enumerate().map(|(at, route)| http(route, at, namespace, style)).collect()
}

fn http(route: &Route, at: usize, namespace: &str, style: Style) -> Value {
    let mut http = json!({"name": style.name(&format!("route-{at}"))});
    let mut matched = json!({});
    if let Some((sort, path)) = route.path {
        matched["uri"] = json!({ sort: path });
    }
    match route.header {
        Some(Asked::Exactly(value)) => matched["headers"] = json!({"v": {"exact": value}}),
        Some(Asked::Absent) => matched["withoutHeaders"] = json!({"v": {}}),
        None => {}
    }
    if let Some(method) = route.method {
        matched["method"] = json!({"exact": method});
    }
    if matched.as_object().is_some_and(|fields| !fields.is_empty()) {
        http["match"] = json!([matched]);
    }
    match &route.act {
        Act::Redirect(uri) => http["redirect"] = json!({"uri": uri}),
        Act::Direct(status) => http["directResponse"] = json!({"status": status}),
        Act::To(targets) => {
            let scale = if style.spelt_out { 10 } else { 1 };
            let of = |(service, subset, weight): &(usize, Option<usize>, u32)| {
                let mut destination =
                    json!({"host": style.host(*service, namespace), "port": {"number": 8080}});
                if let Some(subset) = subset {
                    destination["subset"] = json!(format!("v{}", subset + 1));
                }
                json!({"destination": destination, "weight": weight * scale})
            };
            http["route"] = targets.iter().map(of).collect();
        }
    }
    if let Some(ms) = route.timeout_ms {
        http["timeout"] = json!(if style.spelt_out { format!("{ms}ms") } else { format!("{}s", ms / 1000) });
    }
    if let Some(attempts) = route.attempts {
        let on = if style.spelt_out { "gateway-error,5xx" } else { "5xx,gateway-error" };
        http["retries"] = json!({"attempts": attempts, "retryOn": on});
    }
    if let Some(value) = route.set {
        http["headers"] = json!({"request": {"set": {"x-colour": value}}});
    }
    if let Some(uri) = route.rewrite {
        http["rewrite"] = json!({ "uri": uri });
    }
    let mut fault = json!({});
    if let Some((percent, status)) = route.abort {
        fault["abort"] = json!({"httpStatus": status, "percentage": {"value": percent}});
    }
    if let Some(ms) = route.delay_ms {
        fault["delay"] = json!({"fixedDelay": format!("{ms}ms"), "percentage": {"value": 100}});
    }
    if fault.as_object().is_some_and(|fields| !fields.is_empty()) {
        http["fault"] = fault;
    }
    if let Some(service) = route.mirror {
        http["mirror"] = json!({"host": style.host(service, namespace), "port": {"number": 8080}});
    }
    http
}
