use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};

use super::{Promise, Verdict, keep_promises};
use crate::testing::bookshop;

/// The promises of a text beside the bookshop, one line a case.
fn kept(text: &str) -> String {
    let mut tree = bookshop();
    tree.push(("promises.yaml".to_owned(), text.to_owned()));
    let files = tree.iter().map(|(name, text)| SourceFile::new(name.clone(), text.as_str()));
    let sources = SourceSet::new(files.collect());
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    let mesh = Mesh::new(&outcome.resources);
    let effective = meshc_effective::compile(&mesh);
    let promises = keep_promises(&outcome.resources, &mesh, &effective, &sources);
    promises.iter().flat_map(lines).collect::<Vec<_>>().join("\n")
}

fn lines(promise: &Promise) -> impl Iterator<Item = String> + '_ {
    promise.cases.iter().map(|case| match &case.verdict {
        Verdict::Kept => format!("kept     {}", case.name),
        Verdict::Unknown { why } => format!("unknown  {}: {why}", case.name),
        Verdict::Broken(refutation) => {
            let request = refutation.witness.as_ref().map(|w| {
                let headers: Vec<String> =
                    w.request.headers.iter().map(|(k, v)| format!(" {k}={v}")).collect();
                format!(
                    " [{} {}{}{}]",
                    w.request.method,
                    w.request.authority,
                    w.request.path,
                    headers.concat()
                )
            });
            let line = refutation.because.first().map(|b| format!(" ({}:{})", b.file, b.line));
            format!(
                "broken   {}: {}{}{}",
                case.name,
                refutation.message,
                request.unwrap_or_default(),
                line.unwrap_or_default()
            )
        }
    })
}

fn test(spec: &str) -> String {
    format!(
        "apiVersion: meshc.dev/v1alpha1\nkind: RouteTest\nmetadata: {{name: t, namespace: shop}}\nspec:\n{spec}---\n"
    )
}

fn invariant(spec: &str) -> String {
    format!(
        "apiVersion: meshc.dev/v1alpha1\nkind: Invariant\nmetadata: {{name: i, namespace: shop}}\nspec: {spec}\n---\n"
    )
}

#[test]
fn requests_are_tried_one_by_one() {
    let text = test(
        "  from: [storefront-v1]\n  requests:\n  - url: http://reviews:9080/api/v2/1\n  - {url: 'http://reviews:9080/', headers: {x-app-version: v2}}\n  \
         - url: http://reviews:9080/\n  expect:\n    status: 200\n    destinations: [{host: reviews, subset: v2, weight: 100}]\n",
    ) + &test(
        "  from: [nobody]\n  requests: [{url: 'http://reviews:9080/'}]\n  never: {status: 404}\n",
    );
    insta::assert_snapshot!(kept(&text));
}

#[test]
fn sets_of_requests_are_proved_or_refuted_with_one() {
    let text = test(
        "  from: [storefront-v1]\n  forAll: {hosts: [reviews], port: 9080, path: {prefix: /api/v2/}}\n  expect:\n    \
         destinations: [{host: reviews, subset: v2}]\n",
    ) + &test(
        "  from: [storefront-v1]\n  forAll: {hosts: [reviews], port: 9080, withoutHeaders: {x-app-version: {exact: v2}}}\n  never:\n    \
         destinations: [{host: reviews, subset: v2}]\n",
    ) + &test(
        "  from: [istio-ingressgateway.istio-system]\n  forAll: {hosts: [bookshop.example.com], path: {prefix: /checkout}, method: {exact: GET}}\n  never:\n    \
         destinations: [{host: orders.backoffice.svc.cluster.local}]\n",
    );
    insta::assert_snapshot!(kept(&text));
}

#[test]
fn invariants_hold_of_every_route_or_a_request_shows_where_not() {
    let text = [
        "{neverReaches: {from: {gateways: true}, to: {host: ratings}}}",
        "{neverReaches: {from: {notNamespaces: [shop]}, to: {namespace: shop}}}",
        "{maxTimeout: {to: {host: reviews}, atMost: 1s}}",
        "{maxWeight: {to: {host: reviews, subset: v3}, atMost: 25}}",
        "{maxWeight: {to: {host: reviews, subset: v3}, atMost: 20}}",
        "{mutualTls: {namespaces: [shop]}}",
    ];
    insta::assert_snapshot!(kept(&text.map(invariant).concat()));
}
