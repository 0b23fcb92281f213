//! A root's route merged with the routes of the VirtualService that it delegates to, as Istio merges them
//! (`mergeHTTPRoute` of `pilot/pkg/model/virtualservice.go`): the delegate's settings win, its conditions must
//! lie within the root's.

use indexmap::IndexMap;
use meshc_resources::istio::{HttpMatch, HttpRoute, StringMatch};
use meshc_syntax::de::Spanned;

/// A delegate's route under a root's route; none where their conditions exclude each other.
pub(crate) fn merge(root: &HttpRoute, delegate: &HttpRoute) -> Option<HttpRoute> {
    let mut merged = delegate.clone();
    merged.matches = merge_conditions(&root.matches, &delegate.matches)?;
    merged.name = joined(root.name.as_ref(), delegate.name.as_ref());
    inherit(&mut merged.rewrite, root.rewrite.as_ref());
    inherit(&mut merged.direct_response, root.direct_response.as_ref());
    inherit(&mut merged.timeout, root.timeout.as_ref());
    inherit(&mut merged.retries, root.retries.as_ref());
    inherit(&mut merged.fault, root.fault.as_ref());
    inherit(&mut merged.mirror, root.mirror.as_ref());
    inherit(&mut merged.mirror_percent, root.mirror_percent());
    inherit(&mut merged.mirror_percentage, root.mirror_percentage.as_ref());
    inherit(&mut merged.cors_policy, root.cors_policy.as_ref());
    inherit(&mut merged.headers, root.headers.as_ref());
    if merged.mirrors.is_empty() {
        merged.mirrors.clone_from(&root.mirrors);
    }
    Some(merged)
}

/// `ROOT-DELEGATE`, or the one that there is.
fn joined(root: Option<&Spanned<String>>, delegate: Option<&Spanned<String>>) -> Option<Spanned<String>> {
    let written = |name: Option<&Spanned<String>>| name.filter(|name| !name.is_empty()).cloned();
    match (written(root), written(delegate)) {
        (Some(root), Some(delegate)) => Some(delegate.map(|name| format!("{}-{name}", root.value))),
        (root, delegate) => delegate.or(root),
    }
}

fn inherit<T: Clone>(own: &mut Option<T>, root: Option<&T>) {
    if own.is_none() {
        *own = root.cloned();
    }
}

/// Every condition of the delegate with each of the root's that it lies within; none where one lies in none.
fn merge_conditions(
    root: &[Spanned<HttpMatch>],
    delegate: &[Spanned<HttpMatch>],
) -> Option<Vec<Spanned<HttpMatch>>> {
    if root.is_empty() || delegate.is_empty() {
        return Some(if root.is_empty() { delegate } else { root }.to_vec());
    }
    let mut merged = Vec::new();
    for leaf in delegate {
        let before = merged.len();
        let fitting = root.iter().filter(|root| !conflict(root, leaf));
        merged.extend(fitting.map(|root| Spanned::at(merge_condition(root, leaf), leaf.span)));
        if merged.len() == before {
            return None;
        }
    }
    Some(merged)
}

fn merge_condition(root: &HttpMatch, leaf: &HttpMatch) -> HttpMatch {
    let mut merged = leaf.clone();
    merged.name = joined(root.name.as_ref(), leaf.name.as_ref());
    inherit(&mut merged.uri, root.uri.as_ref());
    inherit(&mut merged.scheme, root.scheme.as_ref());
    inherit(&mut merged.method, root.method.as_ref());
    inherit(&mut merged.authority, root.authority.as_ref());
    inherit(&mut merged.source_namespace, root.source_namespace.as_ref().filter(|n| !n.is_empty()));
    if merged.port.as_ref().is_none_or(|port| port.value == 0) {
        merged.port.clone_from(&root.port);
    }
    if merged.gateways.is_empty() {
        merged.gateways.clone_from(&root.gateways);
    }
    merged.headers = merge_maps(&root.headers, &leaf.headers);
    merged.without_headers = merge_maps(&root.without_headers, &leaf.without_headers);
    merged.query_params = merge_maps(&root.query_params, &leaf.query_params);
    merged.source_labels = merge_maps(&root.source_labels, &leaf.source_labels);
    merged
}

type Map<V> = IndexMap<Spanned<String>, Spanned<V>>;

fn merge_maps<V: Clone>(root: &Map<V>, leaf: &Map<V>) -> Map<V> {
    let mut merged = root.clone();
    merged.extend(leaf.iter().map(|(key, value)| (key.clone(), value.clone())));
    merged
}

fn conflict(root: &HttpMatch, leaf: &HttpMatch) -> bool {
    let pairs = [
        (&root.uri, &leaf.uri),
        (&root.scheme, &leaf.scheme),
        (&root.method, &leaf.method),
        (&root.authority, &leaf.authority),
    ];
    let text = |value: &Option<Spanned<String>>| value.as_ref().map_or("", |v| v.value.as_str()).to_owned();
    let number = |value: &Option<Spanned<u32>>| value.as_ref().map_or(0, |v| v.value);
    let ignores_case = |condition: &HttpMatch| condition.ignore_uri_case.as_ref().is_some_and(|v| v.value);
    let root_namespace = text(&root.source_namespace);

    pairs.into_iter().any(|(root, leaf)| strings_conflict(root.as_deref(), leaf.as_deref()))
        || maps_conflict(&root.headers, &leaf.headers)
        || maps_conflict(&root.without_headers, &leaf.without_headers)
        || maps_conflict(&root.query_params, &leaf.query_params)
        || ignores_case(root) != ignores_case(leaf)
        || (number(&root.port) > 0 && number(&leaf.port) > 0 && number(&root.port) != number(&leaf.port))
        || (!root_namespace.is_empty() && text(&leaf.source_namespace) != root_namespace)
        || leaf
            .source_labels
            .iter()
            .any(|(key, value)| root.source_labels.get(key).is_some_and(|v| v != value))
        || (!root.gateways.is_empty() && leaf.gateways.iter().any(|gateway| !root.gateways.contains(gateway)))
        || (!root.gateways.is_empty() && root.gateways.len() < leaf.gateways.len())
}

fn maps_conflict(root: &Map<StringMatch>, leaf: &Map<StringMatch>) -> bool {
    leaf.iter().any(|(key, value)| strings_conflict(root.get(key).map(|v| &v.value), Some(&value.value)))
}

/// Whether the leaf's condition is not within the root's, or Istio cannot tell (regular expressions).
fn strings_conflict(root: Option<&StringMatch>, leaf: Option<&StringMatch>) -> bool {
    let (Some(root), Some(leaf)) = (root, leaf) else { return false };
    let text =
        |value: &Option<Spanned<String>>| value.as_ref().map(|v| v.value.clone()).filter(|v| !v.is_empty());
    let (root_exact, root_prefix, root_regex) = (text(&root.exact), text(&root.prefix), text(&root.regex));
    let (leaf_exact, leaf_prefix, leaf_regex) = (text(&leaf.exact), text(&leaf.prefix), text(&leaf.regex));
    let says_something = |exact: &Option<_>, prefix: &Option<_>, regex: &Option<_>| {
        exact.is_some() || prefix.is_some() || regex.is_some()
    };
    if root_regex.is_some() && says_something(&leaf_exact, &leaf_prefix, &leaf_regex) {
        return true;
    }
    if leaf_regex.is_some() && says_something(&root_exact, &root_prefix, &root_regex) {
        return true;
    }
    match (root_exact, root_prefix, leaf_exact, leaf_prefix) {
        (Some(_), _, _, Some(_)) => true,
        (Some(root), _, leaf, None) => leaf.as_ref() != Some(&root),
        (None, Some(root), _, Some(leaf)) => !leaf.starts_with(&root),
        (None, Some(root), Some(leaf), None) => !leaf.starts_with(&root),
        (None, _, _, _) => true,
    }
}
