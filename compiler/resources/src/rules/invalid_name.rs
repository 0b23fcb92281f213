//! Names, labels and annotations that Kubernetes does not take.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_schema::names;
use meshc_source::Span;
use meshc_syntax::Node;

use crate::Kind;

declare_rule! {
    /// ## What it does
    /// Finds names, namespaces, labels and keys of annotations that are not in the form that Kubernetes asks for: names
    /// are names of DNS, labels have at most 63 characters. The labels of templates of pods are looked at too.
    ///
    /// ## What happens to traffic
    /// The API server refuses the resource, so nothing of it takes effect. (Of the names of Istio's own kinds it is a
    /// warning: Istio itself takes them.)
    ///
    /// ## Example
    /// ```yaml
    /// metadata:
    ///   name: Reviews_v1
    ///   labels: {version: "v1 beta"}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// metadata:
    ///   name: reviews-v1
    ///   labels: {version: v1-beta}
    /// ```
    pub INVALID_NAME = "MC0116", "invalid-name", Error, Document,
    "A name, label or annotation in no form that Kubernetes takes",
    []
}

/// How long all annotations of an object may be together, in bytes; Kubernetes's `TotalAnnotationSizeLimitB`.
const ANNOTATIONS: usize = 256 * 1024;

/// Looks at an object's metadata, and at that of the pods it makes. Without a kind it is one that the tree defines.
pub(crate) fn check(kind: Option<Kind>, root: &Node, found: &mut Vec<Diagnostic>) {
    let Some(metadata) = root.get("metadata") else { return };
    if let Some(node) = metadata.get("name")
        && let Some(name) = node.as_str().filter(|name| !name.is_empty())
    {
        let problem = match kind {
            Some(Kind::Namespace) => names::dns1123_label(name),
            Some(Kind::Service) => names::dns1035_label(name),
            _ => names::dns1123_subdomain(name),
        };
        let reported = found.len();
        report("the name", name, node.span, problem, found);
        // What was recorded of Istio's kinds leaves their names to the API server: only a cluster tells.
        if kind.is_some_and(Kind::is_istio) {
            found[reported..].iter_mut().for_each(|finding| finding.severity = Severity::Warning);
        }
    }
    if let Some(node) = metadata.get("namespace")
        && let Some(namespace) = node.as_str().filter(|namespace| !namespace.is_empty())
    {
        report("the namespace", namespace, node.span, names::dns1123_label(namespace), found);
    }
    annotated(metadata, found);
    for path in
        [&["spec", "template", "metadata"][..], &["spec", "jobTemplate", "spec", "template", "metadata"]]
    {
        let makes_pods = matches!(
            kind,
            Some(
                Kind::Deployment
                    | Kind::StatefulSet
                    | Kind::DaemonSet
                    | Kind::ReplicaSet
                    | Kind::Job
                    | Kind::CronJob
            )
        );
        if let Some(metadata) = root.at(path).filter(|_| makes_pods) {
            annotated(metadata, found);
        }
    }
}

/// Labels and annotations.
fn annotated(metadata: &Node, found: &mut Vec<Diagnostic>) {
    for entry in metadata.get("labels").map(Node::entries).unwrap_or_default() {
        report("the label", &entry.key.text, entry.key.span, names::qualified_name(&entry.key.text), found);
        if let Some(value) = entry.value.as_str() {
            let what = format!("the value of label `{}`", entry.key.text);
            report(&what, value, entry.value.span, names::label_value(value), found);
        }
    }
    let Some(annotations) = metadata.get("annotations") else { return };
    let mut size = 0;
    for entry in annotations.entries() {
        let key = entry.key.text.to_lowercase();
        report("the annotation", &entry.key.text, entry.key.span, names::qualified_name(&key), found);
        size += entry.key.text.len() + entry.value.as_str().map_or(0, str::len);
    }
    if size > ANNOTATIONS {
        let message = format!(
            "the annotations have {size} bytes, more than {ANNOTATIONS}: the API server refuses the resource"
        );
        found.push(Diagnostic::new(&INVALID_NAME, annotations.span, message));
    }
}

fn report(what: &str, text: &str, span: Span, problem: Option<String>, found: &mut Vec<Diagnostic>) {
    if let Some(problem) = problem {
        let text = super::shorten(text);
        let message = format!("{what} `{text}` {problem}: the API server refuses the resource");
        found.push(Diagnostic::new(&INVALID_NAME, span, message));
    }
}
