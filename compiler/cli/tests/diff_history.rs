//! `meshc diff` over the whole history of a repository: what each commit did to the mesh, as a reviewer reads it.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::{copy, edit, expect, git, repository};

const ROUTES: &str = "shop/routes.yaml";
const EDGE: &str = "edge/gateway.yaml";

/// Commits all that is there.
fn commit(root: &Path, title: &str) {
    git(root, &["add", "--all"]);
    git(root, &["commit", "--quiet", "--allow-empty", "--message", title]);
}

/// One commit that edits a file.
fn change(root: &Path, file: &str, from: &str, to: &str, title: &str) {
    edit(&root.join(file), from, to);
    commit(root, title);
}

/// One commit that writes a file.
fn add(root: &Path, file: &str, text: &str, title: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
    fs::write(path, text).expect("written");
    commit(root, title);
}

fn istio(api: &str, kind: &str, name: &str, namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: {api}.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n{spec}"
    )
}

const SEARCH: &str = "\
apiVersion: v1
kind: Service
metadata: {name: search, namespace: shop}
spec:
  selector: {app: search}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: search-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: search}}
  template:
    metadata: {labels: {app: search}}
    spec: {containers: [{name: search, image: example.com/bookshop/search:v1, ports: [{containerPort: 8080}]}]}
";

/// The year of a shop: more than thirty commits, with merges, renames and reverts.
fn history(root: &Path) {
    change(
        root,
        ROUTES,
        "# Who gets which version of reviews.",
        "# Versions of reviews.",
        "Shorten a comment",
    );
    edit(&root.join(ROUTES), "weight: 75", "weight: 50");
    change(root, ROUTES, "weight: 25", "weight: 50", "Canary: half of reviews to v3");
    edit(&root.join(ROUTES), "subset: v1\n          weight: 50", "subset: v1\n          weight: 0");
    change(
        root,
        ROUTES,
        "subset: v3\n          weight: 50",
        "subset: v3\n          weight: 100",
        "Canary: all of reviews to v3",
    );
    git(root, &["revert", "--no-edit", "HEAD"]);
    change(root, ROUTES, "timeout: 2s", "timeout: 5s", "Give the second API more time");
    change(
        root,
        ROUTES,
        "        attempts: 3\n        perTryTimeout: 500ms\n        retryOn: 5xx,connect-failure",
        "        attempts: 0",
        "Stop retrying reviews",
    );
    git(root, &["mv", ROUTES, "shop/routing.yaml"]);
    commit(root, "Rename the file of the routes");
    git(root, &["mv", "shop/routing.yaml", ROUTES]);
    change(root, ROUTES, "name: api-v2", "name: second-api", "Name a route better, and its file as before");
    add(
        root,
        "backoffice/payments-policy.yaml",
        &istio(
            "security",
            "AuthorizationPolicy",
            "payments",
            "backoffice",
            "  selector: {matchLabels: {app: payments}}\n  rules:\n    - from:\n        - source: {principals: [cluster.local/ns/backoffice/sa/orders]}\n",
        ),
        "Let orders alone call payments",
    );
    add(
        root,
        "backoffice/strict.yaml",
        &istio("security", "PeerAuthentication", "default", "backoffice", "  mtls: {mode: STRICT}\n"),
        "Take no plaintext in the back office",
    );
    add(root, "shop/search.yaml", SEARCH, "Bring the search service");
    change(
        root,
        ROUTES,
        "    - name: cheap\n",
        "    - name: search\n      match:\n        - uri:\n            prefix: /search\n      route:\n        - destination:\n            host: search\n            port:\n              number: 8080\n    - name: cheap\n",
        "Send searches to the search service",
    );
    git(root, &["checkout", "--quiet", "-b", "rehearsal"]);
    change(
        root,
        ROUTES,
        "    - name: second-api\n",
        "    - name: second-api\n      fault:\n        delay:\n          fixedDelay: 1s\n          percentage:\n            value: 50\n",
        "Delay half of the second API",
    );
    change(
        root,
        ROUTES,
        "# Versions of reviews.",
        "# Versions of reviews, and a rehearsal.",
        "Explain the rehearsal",
    );
    git(root, &["checkout", "--quiet", "main"]);
    change(root, "shop/ratings.yaml", "replicas: 2", "replicas: 3", "Scale ratings");
    git(root, &["merge", "--quiet", "--no-ff", "--no-edit", "rehearsal"]);
    git(root, &["revert", "--no-edit", "-m", "1", "HEAD"]);
    add(
        root,
        "backoffice/sidecar.yaml",
        &istio(
            "networking",
            "Sidecar",
            "default",
            "backoffice",
            "  egress:\n    - hosts: ['./*', 'istio-system/*']\n",
        ),
        "Let the back office see itself alone",
    );
    edit(
        &root.join(EDGE),
        "        - bookshop.example.com\n---",
        "        - bookshop.example.com\n        - www.bookshop.example.com\n---",
    );
    change(
        root,
        EDGE,
        "  hosts:\n    - bookshop.example.com\n",
        "  hosts:\n    - bookshop.example.com\n    - www.bookshop.example.com\n",
        "Answer for www too",
    );
    change(
        root,
        EDGE,
        "        - www.bookshop.example.com\n---",
        "        - www.bookshop.example.com\n    - port:\n        number: 443\n        name: https\n        protocol: HTTPS\n      tls:\n        mode: SIMPLE\n        credentialName: bookshop\n      hosts:\n        - bookshop.example.com\n---",
        "Speak TLS at the gateway",
    );
    change(
        root,
        EDGE,
        "credentialName: bookshop",
        "credentialName: bookshop-2026",
        "Take the new certificate",
    );
    change(
        root,
        EDGE,
        "        protocol: HTTP\n      hosts",
        "        protocol: HTTP\n      tls:\n        httpsRedirect: true\n      hosts",
        "Send clients to HTTPS",
    );
    change(
        root,
        ROUTES,
        "                x-tier: stars",
        "                x-tier: gold",
        "Call the tier gold",
    );
    change(
        root,
        EDGE,
        "    - name: page\n",
        "    - name: page\n      corsPolicy:\n        allowOrigins:\n          - exact: https://blog.example.com\n        allowMethods: [GET]\n",
        "Let the blog read the page",
    );
    change(root, ROUTES, "        uri: /books", "        uri: /volumes", "Books are volumes now");
    change(
        root,
        ROUTES,
        "    - name: stars\n",
        "    - name: stars\n      mirror:\n        host: catalog\n        port:\n          number: 8080\n",
        "Let catalog see what ratings is asked",
    );
    change(
        root,
        ROUTES,
        "  host: reviews\n  subsets",
        "  host: reviews\n  trafficPolicy:\n    loadBalancer:\n      simple: ROUND_ROBIN\n    outlierDetection:\n      consecutive5xxErrors: 3\n      interval: 10s\n  subsets",
        "Put failing reviews out",
    );
    change(
        root,
        ROUTES,
        "    - name: v3\n      labels:\n        version: v3\n",
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: reviews-next\n  namespace: shop\nspec:\n  host: reviews\n  subsets:\n    - name: v3\n      labels:\n        version: v3\n",
        "Keep the next version's subset apart",
    );
    fs::create_dir(root.join("outside")).expect("a directory");
    git(root, &["mv", "edge/publisher.yaml", "outside/publisher.yaml"]);
    commit(root, "Keep what is outside in a folder of its own");
    add(
        root,
        "shop/tokens.yaml",
        &istio(
            "security",
            "RequestAuthentication",
            "storefront",
            "shop",
            "  selector: {matchLabels: {app: storefront}}\n  jwtRules:\n    - issuer: https://login.example.com\n      jwks: '{\"keys\":[]}'\n",
        ),
        "Read tokens at the storefront",
    );
    add(
        root,
        "istio/mesh.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n",
        "Let nothing out that is not known",
    );
    fs::remove_file(root.join("outside/publisher.yaml")).expect("removed");
    commit(root, "Part with the publisher");
    fs::remove_file(root.join("shop/ratings.yaml")).expect("removed");
    commit(root, "Part with ratings");
    git(root, &["revert", "--no-edit", "HEAD"]);
    change(
        root,
        "backoffice/orders.yaml",
        "    - name: tcp-feed\n      port: 9400",
        "    - name: tcp-feed\n      port: 9401",
        "Move the warehouse's feed",
    );
}

#[test]
fn a_year_of_a_shop_reads_well() {
    let tree = repository();
    let root = tree.path();
    history(root);
    let log = std::process::Command::new("git")
        .current_dir(root)
        .args(["log", "--first-parent", "--reverse", "--format=%H %s"])
        .output()
        .expect("git runs");
    let log = String::from_utf8(log.stdout).expect("text");
    let commits: Vec<(&str, &str)> = log.lines().filter_map(|line| line.split_once(' ')).collect();
    assert!(commits.len() > 30, "{} commits", commits.len());
    let mut all = String::new();
    for pair in commits.windows(2) {
        let [(base, _), (head, title)] = pair else { continue };
        let text = expect(root, &["diff", base, head], 0);
        assert!(!text.contains("unknown"), "{title}: {text}");
        let _ = writeln!(all, "==== {title}\n\n{text}");
    }
    insta::assert_snapshot!(all);
    // From end to end it is one diff, and the same the other way round.
    let whole = common::json(&expect(root, &["diff", commits[0].0, "HEAD", "--format", "json"], 0));
    let back = common::json(&expect(root, &["diff", "HEAD", commits[0].0, "--format", "json"], 0));
    assert_eq!(whole["changes"].as_array().map(Vec::len), back["changes"].as_array().map(Vec::len));
    let copied = tempfile::tempdir().expect("a directory");
    copy(root, copied.path());
    assert_eq!(
        expect(copied.path(), &["diff", "HEAD", "--exit-code"], 0),
        "no change in behaviour: proved for all requests of all proxies\n"
    );
}
