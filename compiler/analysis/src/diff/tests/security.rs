//! Policies that change: who and what is refused or let pass is found with a request that shows it, and policies that
//! say the same in other words are no difference.

use super::compare;
use crate::diff::{Diff, Equal};
use crate::testing::{Tree, world};

const WORLD: &str = "apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec:
  selector: {app: reviews}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-0, namespace: shop, labels: {app: reviews}}
spec:
  serviceAccountName: reviews
  containers: [{name: app, image: x, ports: [{containerPort: 8080}]}]
status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}]}
---
";

fn tree(policies: &str) -> Tree {
    vec![("mesh.yaml".to_owned(), format!("{WORLD}{policies}"))]
}

fn policy(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
         metadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n---\n"
    )
}

fn diff(base: &str, head: &str) -> Diff {
    compare(&world(&tree(base)), &world(&tree(head)))
}

fn lines(diff: &Diff) -> Vec<String> {
    let changes = diff.changes.iter().map(|c| format!("{} {} {}", c.risk.name(), c.kind.name(), c.summary));
    changes.chain(diff.unknown.iter().map(|u| format!("unknown {}: {}", u.what, u.why))).collect()
}

#[test]
fn what_a_policy_refuses_is_shown_by_requests() {
    let allow =
        policy("a", "{rules: [{to: [{operation: {methods: [GET], paths: [/api/*], ports: ['8080']}}]}]}");
    let found = diff("", &allow);
    assert_eq!(found.equal, Equal::No);
    let on_port: Vec<_> = lines(&found).into_iter().filter(|line| line.contains("port 8080")).collect();
    assert_eq!(
        on_port,
        [
            "high newly-denied reviews-0 port 8080: requests such as GET / in plaintext passed, and are denied now"
        ]
    );
    let change = found.changes.iter().find(|c| c.summary.contains("8080")).expect("there");
    assert_eq!(change.after["status"], 403);
    assert_eq!(change.after["body"], "RBAC: access denied");
    assert!(!change.because.head.is_empty());
    let back = diff(&allow, "");
    assert!(lines(&back).iter().any(|line| line.starts_with("high newly-allowed reviews-0 port 8080")));
}

#[test]
fn identities_and_addresses_are_dimensions() {
    let deny = |source: &str| {
        policy(
            "d",
            &format!(
                "{{action: DENY, rules: [{{from: [{{source: {source}}}], to: [{{operation: {{ports: ['8080']}}}}]}}]}}"
            ),
        )
    };
    let found = diff(&deny("{namespaces: [a]}"), &deny("{namespaces: [b]}"));
    let kinds: Vec<_> = found.changes.iter().map(|c| c.kind.name()).collect();
    assert_eq!(kinds, ["newly-denied", "newly-allowed"], "{:?}", lines(&found));
    let peer = |index: usize| found.changes[index].witness.as_ref().and_then(|w| w.peer.clone());
    assert!(peer(0).is_some_and(|peer| peer.contains("/ns/b/")));
    assert!(peer(1).is_some_and(|peer| peer.contains("/ns/a/")));
    let found = diff(&deny("{ipBlocks: [10.0.0.0/8]}"), &deny("{ipBlocks: [10.1.0.0/16]}"));
    assert!(found.changes.iter().any(|c| c.kind.name() == "newly-allowed"), "{:?}", lines(&found));
    assert!(!found.changes.iter().any(|c| c.kind.name() == "newly-denied"), "{:?}", lines(&found));
}

#[test]
fn the_same_in_other_words_is_no_difference() {
    let one = policy("a", "{rules: [{to: [{operation: {paths: [/a, /b]}}]}]}");
    let two =
        policy("x", "{rules: [{to: [{operation: {paths: [/b]}}]}, {to: [{operation: {paths: [/a]}}]}]}");
    assert_eq!(lines(&diff(&one, &two)), [""; 0]);
    assert_eq!(diff(&one, &two).equal, Equal::Yes);
    let template =
        policy("t", "{action: DENY, rules: [{to: [{operation: {paths: ['/a/{*}'], ports: ['8080']}}]}]}");
    let wider =
        policy("t", "{action: DENY, rules: [{to: [{operation: {paths: ['/a/{**}'], ports: ['8080']}}]}]}");
    assert!(lines(&diff(&template, &wider)).iter().any(|line| line.contains("newly-denied")));
}

#[test]
fn claims_of_tokens_are_unknown_and_bad_tokens_are_shown() {
    let claim = |value: &str| {
        policy(
            "c",
            &format!(
                "{{action: DENY, rules: [{{when: [{{key: 'request.auth.claims[g]', values: [{value}]}}], to: [{{operation: {{ports: ['8080']}}}}]}}]}}"
            ),
        )
    };
    let found = diff(&claim("a"), &claim("b"));
    assert_eq!(found.equal, Equal::Unknown, "{:?}", lines(&found));
    assert!(lines(&found).iter().any(|line| line.contains("a claim of a valid token")));
    let tokens = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\n\
                  metadata: {name: r, namespace: shop}\nspec:\n  jwtRules:\n  - issuer: i\n    \
                  jwks: '{\"keys\": [{\"kty\": \"RSA\", \"n\": \"AQAB\", \"e\": \"AQAB\"}]}'\n---\n";
    let found = diff("", tokens);
    let change = found.changes.iter().find(|c| c.kind.name() == "tokens-changed").expect("there");
    assert_eq!(change.after["status"], 401);
}
