//! Sentences for people: what a condition says, what an action does.

use std::fmt::Write as _;

use meshc_mesh::{HttpRule, VirtualService};
use meshc_resources::istio::HttpMatch;

use crate::model::{HeaderCondition, PathMatch, QueryCondition, RouteMatch, StringMatch};

/// `VirtualService shop/reviews: http[0] (testers)`
pub(super) fn subject(virtual_service: &VirtualService, rule: &HttpRule) -> String {
    let own = rule.made_of.as_ref().unwrap_or(&virtual_service.meta);
    let mut text = rule.delegate.as_ref().map_or_else(
        || format!("{own}: {}", rule.path),
        |delegate| format!("{delegate}, delegate of {}: {}", virtual_service.meta, rule.path),
    );
    if let Some(name) = rule.route.name.as_ref().filter(|name| !name.is_empty()) {
        let _ = write!(text, " ({name})");
    }
    text
}

/// What the whole condition says, after the subject.
pub(super) fn condition(written: Option<&HttpMatch>, matches: &RouteMatch) -> String {
    let mut parts = Vec::new();
    if matches.path != PathMatch::any() {
        let case = if matches.case_sensitive { "" } else { " in any case" };
        parts.push(format!("the path {}{case}", path(&matches.path)));
    }
    for header in &matches.headers {
        let subject = header
            .name
            .strip_prefix(':')
            .map_or_else(|| format!("the header {}", header.name), |name| format!("the {name}"));
        let not = if header.invert { "not " } else { "" };
        parts.push(match &header.condition {
            HeaderCondition::Present => format!("{subject} {not}present"),
            HeaderCondition::Value(value) => format!("{subject} {not}{}", string(value)),
        });
    }
    for query in &matches.query {
        parts.push(match &query.condition {
            QueryCondition::Present => format!("the query parameter {} present", query.name),
            QueryCondition::Value(value) => format!("the query parameter {} {}", query.name, string(value)),
        });
    }
    let mut text = if parts.is_empty() {
        " takes every request that comes to it".to_owned()
    } else {
        format!(" matches {}", parts.join(" and "))
    };
    let caller: Vec<String> = written.map(callers).unwrap_or_default();
    if !caller.is_empty() {
        let _ = write!(text, ", for {}", caller.join(" and "));
    }
    text
}

fn callers(condition: &HttpMatch) -> Vec<String> {
    let namespace =
        condition.source_namespace.iter().map(|namespace| format!("callers in namespace {namespace}"));
    let labels = condition.source_labels.iter().map(|(key, value)| format!("callers labelled {key}={value}"));
    let gateways = condition.gateways.iter().map(|gateway| format!("gateway {gateway}"));
    let port = condition.port.iter().map(|port| format!("port {port}"));
    namespace.chain(labels).chain(gateways).chain(port).collect()
}

fn path(path: &PathMatch) -> String {
    match path {
        PathMatch::Exact(text) => format!("equal to {text}"),
        PathMatch::Prefix(text) => format!("beginning with {text}"),
        PathMatch::PathSeparatedPrefix(text) => format!("{text} or below it"),
        PathMatch::Regex(text) => format!("like {text}"),
    }
}

fn string(condition: &StringMatch) -> String {
    match condition {
        StringMatch::Exact(text) => format!("equal to {text:?}"),
        StringMatch::Prefix(text) => format!("beginning with {text:?}"),
        StringMatch::Suffix(text) => format!("ending with {text:?}"),
        StringMatch::Contains(text) => format!("containing {text:?}"),
        StringMatch::Regex(text) => format!("like {text}"),
    }
}
