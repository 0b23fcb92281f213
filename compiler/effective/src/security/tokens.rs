//! RequestAuthentications of a workload as one filter.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use meshc_mesh::{Mesh, Policy};
use meshc_resources::istio::{JwtRule, RequestAuthentication};
use meshc_syntax::de::Spanned;

use crate::model::{JwtAuthentication, JwtKeys, JwtProvider, Origin};

/// How long the control plane waits for keys.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// Claims that are always lists in one text.
const SPACE_DELIMITED: [&str; 2] = ["permission", "scope"];

/// All rules by issuer; none where there is no rule.
pub(super) fn jwt(
    mesh: &Mesh,
    policies: &[&Arc<Policy<RequestAuthentication>>],
    clear_route_cache: bool,
) -> Option<JwtAuthentication> {
    let mut rules: Vec<(&Arc<Policy<RequestAuthentication>>, usize, &Spanned<JwtRule>)> = policies
        .iter()
        .flat_map(|policy| policy.spec.jwt_rules.iter().enumerate().map(move |(i, rule)| (*policy, i, rule)))
        .collect();
    rules.sort_by(|(_, _, a), (_, _, b)| text(a.issuer.as_ref()).cmp(text(b.issuer.as_ref())));
    let providers: Vec<_> = rules
        .into_iter()
        .map(|(policy, index, rule)| provider(mesh, policy, index, rule, clear_route_cache))
        .collect();
    (!providers.is_empty()).then_some(JwtAuthentication { providers })
}

fn provider(
    mesh: &Mesh,
    policy: &Policy<RequestAuthentication>,
    index: usize,
    rule: &Spanned<JwtRule>,
    clear_route_cache: bool,
) -> JwtProvider {
    let plain = |values: &[Spanned<String>]| values.iter().map(|value| value.value.clone()).collect();
    let issuer = text(rule.issuer.as_ref());
    let of_policy = format!("{}: jwtRules[{index}] verifies tokens of {issuer}", policy.meta);
    let span = rule.issuer.as_ref().map_or(rule.span, |issuer| issuer.span);
    let delimited: BTreeSet<&str> = SPACE_DELIMITED
        .into_iter()
        .chain(rule.space_delimited_claims.iter().map(|claim| claim.value.as_str()))
        .collect();
    JwtProvider {
        issuer: issuer.to_owned(),
        audiences: plain(&rule.audiences),
        from_headers: rule
            .from_headers
            .iter()
            .map(|header| (text(header.name.as_ref()).to_owned(), text(header.prefix.as_ref()).to_owned()))
            .collect(),
        from_params: plain(&rule.from_params),
        from_cookies: plain(&rule.from_cookies),
        forward: rule.forward_original_token.as_ref().is_some_and(|forward| forward.value),
        payload_header: rule
            .output_payload_to_header
            .as_ref()
            .map(|header| header.value.clone())
            .filter(|header| !header.is_empty()),
        claim_headers: rule
            .output_claim_to_headers
            .iter()
            .map(|to| (text(to.header.as_ref()).to_owned(), text(to.claim.as_ref()).to_owned()))
            .collect(),
        space_delimited_claims: delimited.into_iter().map(str::to_owned).collect(),
        clear_route_cache,
        keys: keys(mesh, rule),
        timeout: Some(rule.timeout.as_ref().and_then(|timeout| timeout.as_std()).unwrap_or(FETCH_TIMEOUT)),
        origins: vec![Origin::new(span, of_policy)],
    }
}

/// What the policy holds, else what the settings say that istiod would fetch.
fn keys(mesh: &Mesh, rule: &JwtRule) -> JwtKeys {
    if let Some(jwks) = rule.jwks.as_ref().filter(|jwks| !jwks.is_empty()) {
        return JwtKeys::Inline(jwks.value.clone());
    }
    let place = rule.jwks_uri().map(|uri| uri.value.as_str());
    match (mesh.external.keys_of(place, text(rule.issuer.as_ref())), place) {
        (Some(keys), _) => JwtKeys::Inline(keys.to_owned()),
        (None, Some(place)) => JwtKeys::Remote(place.to_owned()),
        (None, None) => JwtKeys::Discovered,
    }
}

fn text(value: Option<&Spanned<String>>) -> &str {
    value.map_or("", |value| value.value.as_str())
}
