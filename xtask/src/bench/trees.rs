//! The trees that are measured: synthetic meshes of N services, the same each time.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use meshc_testkit::workspace;

/// Services of one namespace.
const PER_NAMESPACE: usize = 50;

/// What a mesh is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// How many services.
    pub(super) services: usize,
    /// Pods and an EndpointSlice for each service.
    pub(super) pods: usize,
    /// A Sidecar in each namespace, which sees itself and two others.
    pub(super) sidecars: bool,
    /// Lines of definitions and settings that a mesh does not read, in four large files.
    pub(super) noise: usize,
}

impl Shape {
    /// Services alone.
    pub(super) fn plain(services: usize) -> Self {
        Self { services, pods: 0, sidecars: false, noise: 0 }
    }

    /// The tree of this shape, written once and kept under `target/bench-trees`.
    pub(super) fn tree(self) -> Result<PathBuf, String> {
        let Self { services, pods, sidecars, noise } = self;
        let name = format!("n{services}-p{pods}-s{}-x{noise}", u8::from(sidecars));
        let tree = workspace().join("target/bench-trees").join(name);
        let done = tree.join(".whole");
        if done.exists() {
            return Ok(tree);
        }
        self.write(&tree)
            .and_then(|()| fs::write(&done, ""))
            .map_err(|e| format!("{}: {e}", tree.display()))?;
        Ok(tree)
    }

    fn write(self, tree: &Path) -> std::io::Result<()> {
        let namespaces = self.services.div_ceil(PER_NAMESPACE);
        if !self.generate(tree) {
            self.write_services(tree, namespaces)?;
            if self.noise > 0 {
                noise(&tree.join("platform"), self.noise)?;
            }
        }
        if self.sidecars {
            for space in 0..namespaces {
                fs::write(tree.join(format!("team-{space:04}/sidecar.yaml")), sidecar(space, namespaces))?;
            }
        }
        Ok(())
    }

    /// Writes the tree with the generator beside the project, if it is there: a tree of the same kind, which others
    /// measure too.
    fn generate(self, tree: &Path) -> bool {
        let generator = workspace().join("../shared/bench/gen_mesh.py");
        if !generator.is_file() {
            return false;
        }
        let mut command = Command::new("python3");
        command.arg(generator).arg(tree).arg(self.services.to_string());
        command.args(["--pods", &self.pods.to_string(), "--noise", &self.noise.to_string()]);
        command.status().is_ok_and(|status| status.success())
    }

    fn write_services(self, tree: &Path, namespaces: usize) -> std::io::Result<()> {
        let mut spaces = String::new();
        for space in 0..namespaces {
            let labels = "{istio-injection: enabled}";
            let _ = write!(
                spaces,
                "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: team-{space:04}, labels: {labels}}}\n"
            );
        }
        fs::create_dir_all(tree)?;
        fs::write(tree.join("namespaces.yaml"), spaces)?;
        for number in 0..self.services {
            let folder = tree.join(namespace(number));
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("svc-{number:05}.yaml")), service(number, self.pods))?;
        }
        Ok(())
    }
}

fn namespace(number: usize) -> String {
    format!("team-{:04}", number / PER_NAMESPACE)
}

/// Everything of one service.
fn service(number: usize, pods: usize) -> String {
    let namespace = namespace(number);
    let name = format!("svc-{number:05}");
    let host = format!("{name}.{namespace}.svc.cluster.local");
    let address = format!("10.{}.{}.{}", 100 + number / 65536, number / 256 % 256, number % 256);
    let meta = format!("metadata:\n  name: {name}\n  namespace: {namespace}\n");
    let mut text = format!(
        "apiVersion: v1\nkind: ServiceAccount\n{meta}---\napiVersion: v1\nkind: Service\n{meta}  labels: {{app: {name}}}\n\
         spec:\n  clusterIP: {address}\n  selector: {{app: {name}}}\n  ports:\n  - {{name: http, port: 8080, targetPort: 8080}}\n"
    );
    for version in ["v1", "v2"] {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}-{version}\n  namespace: {namespace}\n\
             spec:\n  replicas: 2\n  selector:\n    matchLabels: {{app: {name}, version: {version}}}\n  template:\n    \
             metadata:\n      labels: {{app: {name}, version: {version}}}\n    spec:\n      serviceAccountName: {name}\n      \
             containers:\n      - name: app\n        image: example.invalid/{name}:{version}\n        ports:\n        \
             - containerPort: 8080\n"
        );
    }
    let _ = write!(
        text,
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n{meta}spec:\n  host: {host}\n  trafficPolicy:\n    \
         connectionPool:\n      http: {{http2MaxRequests: {}}}\n    outlierDetection: {{consecutive5xxErrors: 5, interval: \
         10s, baseEjectionTime: 30s}}\n  subsets:\n  - name: v1\n    labels: {{version: v1}}\n  - name: v2\n    labels: \
         {{version: v2}}\n",
        100 + number % 7
    );
    let to = |version: &str| format!("    - destination: {{host: {host}, subset: {version}}}\n");
    let _ = write!(
        text,
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n{meta}spec:\n  hosts: [{host}]\n  http:\n  \
         - name: canary-header\n    match:\n    - headers:\n        x-app-version: {{exact: v2}}\n    route:\n{v2}  \
         - name: api\n    match:\n    - uri: {{prefix: /api/v2/}}\n    - uri: {{regex: \"/beta/[0-9]+/.*\"}}\n    \
         rewrite: {{uri: /v2/}}\n    timeout: 5s\n    retries: {{attempts: 3, perTryTimeout: 2s, retryOn: \
         \"5xx,connect-failure\"}}\n    route:\n{v2}  - name: default\n    route:\n{v1}      weight: {}\n{v2}      weight: {}\n",
        90 - number % 20,
        10 + number % 20,
        v1 = to("v1"),
        v2 = to("v2"),
    );
    if number.is_multiple_of(5) {
        let caller = number.saturating_sub(1);
        let _ = write!(
            text,
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n{meta}spec:\n  selector:\n    matchLabels: \
             {{app: {name}}}\n  action: ALLOW\n  rules:\n  - from:\n    - source:\n        principals: \
             [cluster.local/ns/{namespace}/sa/svc-{caller:05}]\n    to:\n    - operation: {{methods: [GET, POST], paths: \
             [\"/api/*\", /health]}}\n"
        );
    }
    pods_of(&mut text, number, pods);
    text
}

/// Pods with their EndpointSlice.
fn pods_of(text: &mut String, number: usize, pods: usize) {
    if pods == 0 {
        return;
    }
    let namespace = namespace(number);
    let name = format!("svc-{number:05}");
    let mut endpoints = String::new();
    for pod in 0..pods {
        let place = number * pods + pod;
        let address = format!("10.{}.{}.{}", number / 4096 % 64, place / 250 % 256, place % 250 + 1);
        let version = if pod.is_multiple_of(2) { "v1" } else { "v2" };
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}-{pod}\n  namespace: {namespace}\n  labels: {{app: \
             {name}, version: {version}, security.istio.io/tlsMode: istio}}\nspec:\n  serviceAccountName: {name}\n  \
             nodeName: n1\n  containers: [{{name: app, image: x}}]\nstatus:\n  phase: Running\n  podIP: {address}\n  \
             podIPs: [{{ip: {address}}}]\n  conditions: [{{type: Ready, status: \"True\"}}]\n"
        );
        let _ = write!(
            endpoints,
            "- addresses: [{address}]\n  conditions: {{ready: true}}\n  nodeName: n1\n  targetRef: {{kind: Pod, name: \
             {name}-{pod}, namespace: {namespace}}}\n"
        );
    }
    let _ = write!(
        text,
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: {name}-s\n  namespace: {namespace}\n  \
         labels: {{kubernetes.io/service-name: {name}}}\naddressType: IPv4\nports:\n- {{name: http, port: 8080, protocol: \
         TCP}}\nendpoints:\n{endpoints}"
    );
}

/// A Sidecar that sees its own namespace and the next two.
fn sidecar(space: usize, namespaces: usize) -> String {
    let next = |step: usize| (space + step) % namespaces;
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {{name: default, namespace: team-{space:04}}}\nspec:\n  \
         egress:\n  - hosts: [./*, team-{:04}/*, team-{:04}/*]\n",
        next(1),
        next(2)
    )
}

/// Four files of definitions and of settings.
fn noise(folder: &Path, lines: usize) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut number = 0;
    for file in 0..4 {
        let (mut text, mut written) = (String::new(), 0);
        while written < lines / 4 {
            number += 1;
            let document = if number % 3 == 0 { settings(number) } else { definition(number) };
            written += document.lines().count() + 1;
            text.push_str(&document);
            text.push_str("---\n");
        }
        fs::write(folder.join(format!("platform-{file}.yaml")), text)?;
    }
    Ok(())
}

fn settings(number: usize) -> String {
    let mut text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-{number}\n  namespace: platform\ndata:\n  settings.yaml: |\n"
    );
    for key in 0..400 {
        let _ = writeln!(text, "    key-{key}: value {key} of settings {number}");
    }
    text
}

fn definition(number: usize) -> String {
    let mut text = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: \
         things{number}.platform.example.com\nspec:\n  group: platform.example.com\n  names:\n    kind: Thing{number}\n    \
         plural: things{number}\n  scope: Namespaced\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        \
         properties:\n          spec:\n            properties:\n"
    );
    schema(&mut text, 3, number, 14);
    text.push_str("            type: object\n        type: object\n    served: true\n    storage: true\n");
    text
}

/// The fields of a schema, so many levels deep.
fn schema(text: &mut String, depth: usize, number: usize, indent: usize) {
    let pad = " ".repeat(indent);
    for field in 0..if depth > 0 { 6 } else { 3 } {
        let letter = char::from(b"abcdefghijklmnopqrstuvwxyz"[(number + field) % 26]);
        let _ = write!(
            text,
            "{pad}field{letter}{depth}{field}:\n{pad}  description: |-\n{pad}    How the controller treats part {field} of the \
             object. It defaults to what the\n{pad}    operator was started with, and may be left out: then nothing changes.\n"
        );
        if depth > 0 && field % 2 == 0 {
            let _ = writeln!(text, "{pad}  properties:");
            schema(text, depth - 1, number + field, indent + 4);
            let _ = writeln!(text, "{pad}  type: object");
        } else if field % 3 == 1 {
            let _ = write!(
                text,
                "{pad}  items:\n{pad}    pattern: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$\n{pad}    type: string\n{pad}  type: array\n\
                 {pad}  x-kubernetes-list-type: atomic\n"
            );
        } else {
            let _ =
                write!(text, "{pad}  maximum: {}\n{pad}  minimum: 0\n{pad}  type: integer\n", 1000 + number);
        }
    }
}

/// A mesh with one host and so many routes whose prefixes, expressions and headers overlap.
pub(super) fn routes(count: usize) -> Result<PathBuf, String> {
    one_host(&format!("routes-{count}"), &ordinary(count))
}

/// The matches of so many routes whose prefixes, expressions and headers overlap.
pub(super) fn ordinary(count: usize) -> Vec<String> {
    let of_route = |route: usize| {
        let (team, item) = (route % 97, route / 7);
        let uri = match route % 5 {
            0 => format!("{{prefix: /api/team-{team}/items/{item}}}"),
            1 => format!("{{exact: /api/team-{team}/items/{item}/detail}}"),
            2 => format!("{{regex: \"/api/team-{team}/[a-z]+/{item}(/.*)?\"}}"),
            3 => format!("{{prefix: /files/{route}/}}"),
            _ => format!("{{regex: \"/files/{route}/.*[.](png|jpe?g)\"}}"),
        };
        let header = match route % 3 {
            0 => String::new(),
            1 => format!(", headers: {{x-tenant: {{exact: tenant-{}}}}}", route % 31),
            _ => ", headers: {x-canary: {regex: \"v[0-9]+\"}}".to_owned(),
        };
        format!("uri: {uri}{header}")
    };
    (0..count).map(of_route).collect()
}

/// A mesh with one host whose routes have these matches, and a last one without.
pub(super) fn one_host(name: &str, matches: &[String]) -> Result<PathBuf, String> {
    let tree = workspace().join("target/bench-trees").join(name);
    let mut text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n---\n\
        apiVersion: v1\nkind: Service\nmetadata: {name: front, namespace: shop}\nspec:\n  selector: {app: front}\n  ports: \
        [{name: http, port: 80}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: front, namespace: shop}\nspec:\n  \
        selector: {matchLabels: {app: front}}\n  template:\n    metadata: {labels: {app: front}}\n    spec: {containers: [{name: \
        a, image: a}]}\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: front, namespace: \
        shop}\nspec:\n  hosts: [front.shop.svc.cluster.local]\n  http:\n"
        .to_owned();
    for one in matches {
        let _ = write!(
            text,
            "  - match: [{{{one}}}]\n    route: [{{destination: {{host: front.shop.svc.cluster.local}}}}]\n"
        );
    }
    text.push_str("  - route: [{destination: {host: front.shop.svc.cluster.local}}]\n");
    let write = || fs::create_dir_all(&tree).and_then(|()| fs::write(tree.join("mesh.yaml"), &text));
    write().map_err(|e| format!("{}: {e}", tree.display()))?;
    Ok(tree)
}
