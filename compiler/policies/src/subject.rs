//! An object as the API server would see it when it is made: who it is, and the request that makes it.

use std::collections::BTreeMap;

use meshc_diagnostics::ResourceId;
use meshc_resources::Kind;
use meshc_source::{FileId, SourceSet};
use meshc_syntax::{Limits, Node};
use rayon::prelude::*;
use serde_json::json;

/// An object of a tree.
pub(crate) struct Subject {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    /// In the plural, as rules of policies name it.
    pub(crate) resource: String,
    pub(crate) name: String,
    /// None for objects of the cluster.
    pub(crate) namespace: Option<String>,
    pub(crate) root: Node,
}

/// All objects of a tree, and its Namespaces by name.
pub(crate) struct Subjects {
    pub(crate) all: Vec<Subject>,
    pub(crate) namespaces: BTreeMap<String, Node>,
}

impl Subjects {
    /// Reads every document, in the order of files and documents.
    pub(crate) fn read(sources: &SourceSet) -> Self {
        let files: Vec<(FileId, &str)> = sources.iter().map(|(id, file)| (id, &*file.text)).collect();
        let of_file = |(id, text): (FileId, &str)| {
            let mut found = Vec::new();
            for document in meshc_syntax::parse(id, text, &Limits::default()).documents {
                collect(document.root, &mut found);
            }
            found
        };
        let all: Vec<Subject> = files.into_par_iter().flat_map_iter(of_file).collect();
        let named: Vec<String> = all.iter().filter_map(|subject| subject.namespace.clone()).collect();
        let mut namespaces: BTreeMap<String, Node> = all
            .iter()
            .filter(|subject| subject.group.is_empty() && subject.kind == "Namespace")
            .map(|subject| (subject.name.clone(), subject.root.clone()))
            .collect();
        for name in named {
            namespaces.entry(name.clone()).or_insert_with(|| {
                node(&json!({
                    "apiVersion": "v1",
                    "kind": "Namespace",
                    "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
                }))
            });
        }
        Self { all, namespaces }
    }
}

fn collect(root: Node, found: &mut Vec<Subject>) {
    let text = |path: &[&str]| root.at(path).and_then(Node::as_str).map(ToOwned::to_owned);
    let (Some(api_version), Some(kind)) = (text(&["apiVersion"]), text(&["kind"])) else { return };
    if api_version == "v1" && kind == "List" {
        for item in root.get("items").map(Node::items).unwrap_or_default() {
            collect(item.clone(), found);
        }
        return;
    }
    let Some(name) = text(&["metadata", "name"]) else { return };
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let written = text(&["metadata", "namespace"]).filter(|namespace| !namespace.is_empty());
    let known = Kind::all().find(|known| known.as_str() == kind && known.group().0 == group);
    let namespace = match known {
        Some(known) if !known.is_namespaced() => None,
        // What we do not know lives in a namespace if it names one.
        None => written,
        Some(_) => Some(written.unwrap_or_else(|| "default".to_owned())),
    };
    found.push(Subject {
        group: group.to_owned(),
        version: version.to_owned(),
        resource: plural(&kind),
        kind,
        name,
        namespace,
        root,
    });
}

/// The plural of a kind, as Kubernetes guesses it (apimachinery's `UnsafeGuessKindToResource`).
fn plural(kind: &str) -> String {
    let lower = kind.to_ascii_lowercase();
    match lower.as_str() {
        "endpoints" => lower,
        _ if lower.ends_with('s') => format!("{lower}es"),
        _ => match lower.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{lower}s"),
        },
    }
}

impl Subject {
    /// For findings.
    pub(crate) fn id(&self) -> ResourceId {
        ResourceId { kind: self.kind.clone(), namespace: self.namespace.clone(), name: self.name.clone() }
    }

    /// The labels of the object.
    pub(crate) fn labels(&self) -> Option<&Node> {
        self.root.at(&["metadata", "labels"])
    }

    /// The request that makes it, as expressions see it.
    pub(crate) fn request(&self) -> Node {
        let kind = json!({"group": self.group, "version": self.version, "kind": self.kind});
        let resource = json!({"group": self.group, "version": self.version, "resource": self.resource});
        node(&json!({
            "kind": kind,
            "resource": resource,
            "subResource": "",
            "requestKind": kind,
            "requestResource": resource,
            "requestSubResource": "",
            "name": self.name,
            "namespace": self.namespace.as_deref().unwrap_or_default(),
            "operation": "CREATE",
            "dryRun": false,
        }))
    }
}

/// A tree of JSON that stands in no file.
fn node(value: &serde_json::Value) -> Node {
    let parsed = meshc_syntax::parse(FileId(0), &value.to_string(), &Limits::default());
    let null = Node {
        span: meshc_source::Span::start_of(FileId(0)),
        style: meshc_syntax::Style::Plain,
        kind: meshc_syntax::Kind::Null,
    };
    parsed.documents.into_iter().next().map_or(null, |document| document.root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_those_that_kubernetes_guesses() {
        for (kind, resource) in [
            ("VirtualService", "virtualservices"),
            ("ServiceEntry", "serviceentries"),
            ("AuthorizationPolicy", "authorizationpolicies"),
            ("Gateway", "gateways"),
            ("Ingress", "ingresses"),
            ("Endpoints", "endpoints"),
            ("HTTPRoute", "httproutes"),
        ] {
            assert_eq!(plural(kind), resource);
        }
    }

    #[test]
    fn objects_are_seen_with_the_namespace_that_they_get() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n\
                    - {apiVersion: v1, kind: Namespace, metadata: {name: b}}\n---\nfoo: bar\n";
        let subjects = Subjects::read(&SourceSet::of("mesh.yaml", text));
        let seen: Vec<_> =
            subjects.all.iter().map(|s| (s.resource.as_str(), s.namespace.as_deref())).collect();
        assert_eq!(seen, [("services", Some("default")), ("namespaces", None)]);
        assert_eq!(subjects.namespaces.len(), 2);
        let request = subjects.all[0].request();
        assert_eq!(request.at(&["resource", "resource"]).and_then(Node::as_str), Some("services"));
    }
}
