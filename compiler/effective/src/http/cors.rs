//! Cross-origin rules.

use meshc_resources::istio::{CorsPolicy, UnmatchedPreflights};
use meshc_syntax::de::Spanned;

use super::matching::string;
use crate::model::{Cors, StringMatch};

/// Istio's `corsPolicy` as Envoy's filter takes it.
pub(super) fn cors(policy: &CorsPolicy) -> Cors {
    let joined = |values: &[Spanned<String>]| {
        values.iter().map(|value| value.value.as_str()).collect::<Vec<_>>().join(",")
    };
    let allow_origins = if policy.allow_origins.is_empty() {
        policy.allow_origin.iter().map(|origin| StringMatch::Exact(origin.value.clone())).collect()
    } else {
        policy.allow_origins.iter().filter_map(|origin| string(origin)).collect()
    };
    let ignores =
        policy.unmatched_preflights.as_ref().is_some_and(|p| p.value == UnmatchedPreflights::Ignore);
    Cors {
        allow_origins,
        allow_methods: joined(&policy.allow_methods),
        allow_headers: joined(&policy.allow_headers),
        expose_headers: joined(&policy.expose_headers),
        max_age: policy.max_age.as_ref().map(|age| (age.as_millis() / 1000).to_string()),
        allow_credentials: policy.allow_credentials.as_ref().map(|allow| allow.value),
        forward_not_matching_preflights: Some(!ignores),
    }
}
