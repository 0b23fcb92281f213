//! Security policies through the whole compiler: mutual TLS, tokens and what routes make of their claims.

use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;
use meshc_trace::{Answer, TraceError, Tracer};

/// A token of `https://idp.example.com` for `ann` with the groups `admin` and `dev`, signed with the key of [`JWKS`].
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6InQifQ.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSIsInN1YiI6ImFubiIsInNjb3BlIjoicmVhZCB3cml0ZSIsImdyb3VwIjpbImFkbWluIiwiZGV2Il19.PAhOthn5fWxbBPczrcb9WYRlORfFoOxhINYJ1oxL0n0";

/// A symmetric key, which a test may publish.
const JWKS: &str =
    r#"{"keys": [{"kty": "oct", "kid": "t", "k": "YSBrZXkgZm9yIHRlc3RzIGFuZCBub3RoaW5nIGVsc2U"}]}"#;

const WORLD: &str = "apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec:
  selector: {app: reviews}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp-db, port: 3306, targetPort: 3306}]
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-0, namespace: shop, labels: {app: reviews}}
spec:
  serviceAccountName: reviews
  containers: [{name: app, image: x, ports: [{containerPort: 8080}]}]
status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: site, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [istio-system/edge]
  http:
  - name: admins
    match: [{headers: {'@request.auth.claims.group': {exact: admin}}}]
    directResponse: {status: 202}
  - name: others
    directResponse: {status: 203}
---
";

struct World {
    sources: SourceSet,
    mesh: EffectiveMesh,
}

fn world(policies: &str) -> World {
    let sources = SourceSet::new(vec![SourceFile::new("mesh.yaml", format!("{WORLD}{policies}"))]);
    let outcome = meshc_resources::read(&sources, &Limits::default());
    let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
    World { sources, mesh }
}

fn ask(world: &World, line: &str) -> Result<Answer, TraceError> {
    Tracer::new(&world.mesh, &world.sources).at(1_800_000_000).trace_line(line)
}

fn tokens(keys: &str, more: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\n\
         metadata: {{name: jwt, namespace: istio-system}}\nspec:\n  jwtRules:\n  \
         - issuer: https://idp.example.com\n    {keys}\n    {more}\n---\n"
    )
}

fn at_gateway(token: Option<&str>) -> String {
    let headers = token.map(|token| format!(r#""authorization":"Bearer {token}""#)).unwrap_or_default();
    format!(
        r#"{{"proxy":"istio-ingressgateway","request":{{"authority":"shop.example.com","path":"/","headers":{{{headers}}}}}}}"#
    )
}

#[test]
fn gateways_route_by_claims_of_valid_tokens() {
    let world = world(&tokens(&format!("jwks: '{JWKS}'"), ""));
    let status = |line: &str| ask(&world, line).expect("answered").status;
    assert_eq!(status(&at_gateway(Some(TOKEN))), Some(202));
    assert_eq!(status(&at_gateway(None)), Some(203));
    let other = TOKEN.replace("eyJhbGci", "eyJhbGcj");
    assert_eq!(status(&at_gateway(Some(&other))), Some(401));
}

#[test]
fn keys_that_are_elsewhere_are_named() {
    let world = world(&tokens("jwksUri: https://idp.example.com/keys", ""));
    let error = ask(&world, &at_gateway(Some(TOKEN))).expect_err("unknown").to_string();
    assert!(error.contains("https://idp.example.com/keys, which is not in the tree"), "{error}");
    assert_eq!(ask(&world, &at_gateway(None)).expect("answered").status, Some(203));
}

#[test]
fn tokens_change_what_the_upstream_sees() {
    let more = "outputPayloadToHeader: x-payload\n    \
                outputClaimToHeaders: [{header: x-user, claim: sub}, {header: x-scope, claim: scope}]";
    let world = world(&tokens(&format!("jwks: '{JWKS}'"), more));
    let line = format!(
        r#"{{"proxy":"reviews-0","port":8080,"request":{{"authority":"a","path":"/","headers":{{"authorization":"Bearer {TOKEN}","x-user":"forged"}}}}}}"#
    );
    let answer = ask(&world, &line).expect("answered");
    let headers = answer.upstream.expect("it arrives").headers;
    assert_eq!(headers.get("x-user").map(String::as_str), Some("ann"));
    assert_eq!(headers.get("x-scope").map(String::as_str), Some("read write"));
    assert_eq!(headers.get("x-payload").map(String::as_str), TOKEN.split('.').nth(1));
    assert!(!headers.contains_key("authorization"), "the token is not forwarded");
}

#[test]
fn a_strict_port_closes_plaintext_and_rules_of_http_are_dropped_on_tcp() {
    let strict = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
                  metadata: {name: default, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n---\n";
    let allow = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                 metadata: {name: readers, namespace: shop}\nspec: {rules: [{to: [{operation: {methods: [GET]}}]}]}\n---\n";
    let world = world(&format!("{strict}{allow}"));
    let line = |port: u16, peer: &str| {
        format!(
            r#"{{"proxy":"reviews-0","port":{port},"peer":{peer},"request":{{"authority":"a","path":"/"}}}}"#
        )
    };
    let peer = r#""spiffe://cluster.local/ns/shop/sa/x""#;
    let closed = ask(&world, &line(8080, "null")).expect("answered");
    assert_eq!(closed.status, None);
    assert!(closed.because[0].text.contains("PeerAuthentication shop/default"), "{:?}", closed.because);
    assert_eq!(ask(&world, &line(8080, peer)).expect("answered").status, Some(200));
    // On TCP the rule that allows is void, so nothing is allowed.
    let bytes = ask(&world, &line(3306, peer)).expect("answered");
    assert!(bytes.destinations.is_empty(), "{:?}", bytes.destinations);
    assert!(bytes.because[0].text.contains("AuthorizationPolicy shop/readers"), "{:?}", bytes.because);
}
