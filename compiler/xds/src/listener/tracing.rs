//! Traces, as Istio configures them where nothing else is said: samples without a provider, for filters and
//! tracers that are started with the proxy.

use meshc_effective::model::Proxy;
use serde_json::{Value, json};

use super::Place;

/// The label by which a workload names what it is a part of.
pub(super) const CANONICAL_NAME: &str = "service.istio.io/canonical-name";
/// The label by which it names its version of that.
pub(super) const CANONICAL_REVISION: &str = "service.istio.io/canonical-revision";

/// Percent of requests that Istio samples.
const SAMPLING: u32 = 1;

/// `HttpConnectionManager.Tracing`.
pub(super) fn tracing(place: Place<'_>) -> Option<Value> {
    place.is_istio().then(|| {
        json!({
            "client_sampling": {"value": 100},
            "random_sampling": {"value": SAMPLING},
            "overall_sampling": {"value": 100},
            "custom_tags": tags(place.proxy),
        })
    })
}

/// Istio's tags: what dry-run policies found, and who the proxy is.
fn tags(proxy: &Proxy) -> Vec<Value> {
    let found = |tag: &str, key: &str| {
        json!({
            "tag": format!("istio.authorization.dry_run.{tag}"),
            "metadata": {
                "kind": {"request": {}},
                "metadata_key": {
                    "key": "envoy.filters.http.rbac",
                    "path": [{"key": format!("istio_dry_run_{key}")}],
                },
            },
        })
    };
    let is = |tag: &str, value: &str| json!({"tag": format!("istio.{tag}"), "literal": {"value": value}});
    let label = |key: &str, otherwise: &str| {
        proxy
            .labels
            .get(key)
            .filter(|value| !value.is_empty())
            .cloned()
            .unwrap_or_else(|| otherwise.to_owned())
    };
    vec![
        found("allow_policy.name", "allow_shadow_effective_policy_id"),
        found("allow_policy.result", "allow_shadow_engine_result"),
        found("deny_policy.name", "deny_shadow_effective_policy_id"),
        found("deny_policy.result", "deny_shadow_engine_result"),
        is("canonical_revision", &label(CANONICAL_REVISION, "latest")),
        is("canonical_service", &label(CANONICAL_NAME, "unknown")),
        is("cluster_id", "Kubernetes"),
        is("mesh_id", "unknown"),
        is("namespace", &proxy.id.namespace),
    ]
}
