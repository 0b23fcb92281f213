//! Changes as teams make them, as the comment of a pull request tells them.

use super::compare;
use crate::diff::{Diff, render_markdown};
use crate::testing::{Tree, bookshop, edited, world};

const ROUTES: &str = "shop/routes.yaml";
const EDGE: &str = "edge/gateway.yaml";

fn with(tree: &Tree, name: &str, text: &str) -> Tree {
    let mut tree = tree.clone();
    tree.push((name.to_owned(), text.to_owned()));
    tree
}

fn without(tree: &Tree, name: &str) -> Tree {
    tree.iter().filter(|(file, _)| file != name).cloned().collect()
}

fn told(base: &Tree, head: &Tree) -> String {
    let diff: Diff = compare(&world(base), &world(head));
    assert!(diff.unknown.is_empty(), "{:?}", diff.unknown);
    render_markdown(&diff)
}

/// The gateway with a server that speaks TLS.
fn secured() -> Tree {
    edited(
        &bookshop(),
        EDGE,
        "        - bookshop.example.com\n---",
        "        - bookshop.example.com\n    - port:\n        number: 443\n        name: https\n        protocol: HTTPS\n      \
         tls:\n        mode: SIMPLE\n        credentialName: bookshop-2025\n      hosts:\n        - bookshop.example.com\n---",
    )
}

/// Some of the comments stand in docs/diff.md as they are.
#[test]
fn the_document_shows_what_is_told() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("../../docs/diff.md")).expect("the document");
    let name =
        |case: &str| format!("src/diff/tests/snapshots/meshc_analysis__diff__tests__typical__{case}.snap");
    let shown = [
        "a_canary_step",
        "a_service_moves_to_another_namespace",
        "mutual_tls_becomes_strict",
        "a_refactoring",
    ];
    for case in shown {
        let snapshot = std::fs::read_to_string(root.join(name(case))).expect("the snapshot");
        let comment = snapshot.splitn(3, "---\n").nth(2).expect("a snapshot's text");
        assert!(document.contains(comment.trim_end()), "{case} reads otherwise in docs/diff.md");
    }
}

#[test]
fn a_canary_step() {
    let head = edited(&bookshop(), ROUTES, "weight: 75", "weight: 50");
    let head = edited(&head, ROUTES, "weight: 25", "weight: 50");
    insta::assert_snapshot!(told(&bookshop(), &head));
}

#[test]
fn a_new_policy() {
    let policy = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: payments\n  namespace: backoffice\n\
                  spec:\n  selector:\n    matchLabels:\n      app: payments\n  rules:\n    - from:\n        - source:\n            \
                  principals: [cluster.local/ns/backoffice/sa/orders]\n      to:\n        - operation:\n            methods: [POST]\n";
    insta::assert_snapshot!(told(&bookshop(), &with(&bookshop(), "backoffice/policy.yaml", policy)));
}

#[test]
fn a_deleted_service() {
    insta::assert_snapshot!(told(&bookshop(), &without(&bookshop(), "shop/ratings.yaml")));
}

#[test]
fn a_refactoring() {
    let named = edited(&bookshop(), ROUTES, "name: api-v2", "name: second-api");
    let full = edited(
        &named,
        ROUTES,
        "            host: reviews\n            subset: v2\n      timeout: 2s",
        "            host: reviews.shop.svc.cluster.local\n            subset: v2\n      timeout: 2000ms",
    );
    let moved: Tree = full
        .into_iter()
        .rev()
        .map(|(name, text)| (if name == ROUTES { "routing/all.yaml".to_owned() } else { name }, text))
        .collect();
    insta::assert_snapshot!(told(&bookshop(), &moved));
}

#[test]
fn a_timeout_change() {
    insta::assert_snapshot!(told(&bookshop(), &edited(&bookshop(), ROUTES, "timeout: 2s", "timeout: 500ms")));
}

#[test]
fn a_new_retry() {
    let head = edited(
        &bookshop(),
        ROUTES,
        "      timeout: 2s\n",
        "      timeout: 2s\n      retries:\n        attempts: 2\n        perTryTimeout: 500ms\n        retryOn: 5xx\n",
    );
    insta::assert_snapshot!(told(&bookshop(), &head));
}

#[test]
fn mutual_tls_becomes_strict() {
    let strict = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: default\n  namespace: backoffice\n\
                  spec:\n  mtls:\n    mode: STRICT\n";
    insta::assert_snapshot!(told(&bookshop(), &with(&bookshop(), "backoffice/strict.yaml", strict)));
}

#[test]
fn a_sidecar_narrows() {
    let narrow = "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata:\n  name: default\n  namespace: backoffice\nspec:\n  \
                  outboundTrafficPolicy:\n    mode: REGISTRY_ONLY\n  egress:\n    - hosts:\n        - ./*\n        - istio-system/*\n";
    insta::assert_snapshot!(told(&bookshop(), &with(&bookshop(), "backoffice/sidecar.yaml", narrow)));
}

/// Where unknown hosts are let through, connections to what the Sidecar hides still pass, past all routes.
#[test]
fn a_sidecar_hides_a_port() {
    let hiding = "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata:\n  name: default\n  namespace: backoffice\nspec:\n  \
                  egress:\n    - hosts:\n        - ./*\n        - istio-system/*\n";
    let head = with(&bookshop(), "backoffice/sidecar.yaml", hiding);
    insta::assert_snapshot!(told(&bookshop(), &head));
    insta::assert_snapshot!("and_shows_it_again", told(&head, &bookshop()));
}

#[test]
fn a_host_is_added_to_the_gateway() {
    let head = edited(
        &bookshop(),
        EDGE,
        "        - bookshop.example.com\n---",
        "        - bookshop.example.com\n        - www.bookshop.example.com\n---",
    );
    let head = edited(
        &head,
        EDGE,
        "  hosts:\n    - bookshop.example.com\n",
        "  hosts:\n    - bookshop.example.com\n    - www.bookshop.example.com\n",
    );
    insta::assert_snapshot!(told(&bookshop(), &head));
}

#[test]
fn a_certificate_changes() {
    insta::assert_snapshot!(told(&secured(), &edited(&secured(), EDGE, "bookshop-2025", "bookshop-2026")));
}

#[test]
fn a_fault_is_injected() {
    let head = edited(
        &bookshop(),
        ROUTES,
        "    - name: split\n",
        "    - name: split\n      fault:\n        abort:\n          httpStatus: 500\n          percentage:\n            value: 10\n",
    );
    insta::assert_snapshot!(told(&bookshop(), &head));
}

#[test]
fn a_service_moves_to_another_namespace() {
    let file = "backoffice/payments.yaml";
    let head: Tree = bookshop()
        .into_iter()
        .map(|(name, text)| {
            if name == file {
                (name, text.replace("namespace: backoffice", "namespace: shop"))
            } else {
                (name, text)
            }
        })
        .collect();
    insta::assert_snapshot!(told(&bookshop(), &head));
}
