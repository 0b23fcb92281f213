//! Each format on one small tree with every part of a finding.

use meshc_diagnostics::{Diagnostic, Severity, Witness, WitnessRequest, declare_rule};
use meshc_source::{FileId, SourceFile, SourceSet, Span};

use super::*;

mod rules;
mod text;

declare_rule! {
    /// ## What it does
    /// Finds routes that no request can reach.
    ///
    /// ## What happens to traffic
    /// None arrives.
    HIDDEN = "MC2103", "hidden-route", Warning, Routes,
    "A route that the routes before it leave no request", ["IST0130", "KIA1107"]
}
declare_rule! {
    /// ## What it does
    /// Finds fields that a kind does not have.
    UNKNOWN = "MC0101", "unknown-field", Error, Document, "A field that the kind does not have", []
}

const ROUTES: &str = "\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - name: 全部
    rout:
    - destination: {host: reviews}
  - name: v2 😀
    match:
    - uri: {prefix: /api/v2}
    route:
    - destination: {host: reviews, subset: v2}
";

const SUBSETS: &str = "kind: DestinationRule\nspec:\n  host: reviews\n  subsets: []\n";

fn sample() -> (SourceSet, Vec<Diagnostic>) {
    let sources = SourceSet::new(vec![
        SourceFile::new("mesh/a, b.yaml", ROUTES),
        SourceFile::new("mesh/rules.yaml", SUBSETS),
        SourceFile::new("mesh/locked.yaml", ""),
    ]);
    let span = |file: u32, needle: &str| {
        let start = sources.file(FileId(file)).text.find(needle).unwrap();
        Span::new(FileId(file), start as u32, (start + needle.len()) as u32)
    };
    let witness = Witness {
        proxy: "storefront.shop".to_owned(),
        route_table: Some("9080".to_owned()),
        port: None,
        direction: None,
        peer: None,
        source_ip: None,
        request: WitnessRequest {
            method: "GET".to_owned(),
            authority: "reviews:9080".to_owned(),
            path: "/api/v2".to_owned(),
            headers: [("x-app-version".to_owned(), "v2".to_owned())].into(),
        },
    };
    let rout = span(0, "rout");
    let found = vec![
        Diagnostic::new(&UNKNOWN, rout, "unknown field `rout`: `spec.http[0]` of VirtualService does not have it")
            .resource("VirtualService", Some("shop"), "reviews")
            .help("did you mean `route`?")
            .replace("Replace with `route`", rout, "route"),
        Diagnostic::new(
            &HIDDEN,
            span(0, "name: v2 😀\n    match:\n    - uri: {prefix: /api/v2}"),
            "no request reaches this route: the route before it takes all of them, so that subset v2 gets no traffic",
        )
        .resource("VirtualService", Some("shop"), "reviews")
        .label(span(0, "name: 全部"), "this route matches every request")
        .label(span(1, "subsets: []"), "the subset is not declared here")
        .witness(witness)
        .alias("IST0130"),
        Diagnostic::new(&UNKNOWN, Span::start_of(FileId(2)), "cannot read `mesh/locked.yaml`: permission denied")
            .severity(Severity::Info),
    ];
    (sources, found)
}

fn summary(found: &[Diagnostic]) -> Summary {
    Summary::of(3, 2, 2, found)
}

#[test]
fn human_at_80_columns() {
    let (sources, found) = sample();
    insta::assert_snapshot!(human(&found, &sources, &summary(&found), Look::plain(80)));
}

#[test]
fn human_at_120_columns() {
    let (sources, found) = sample();
    insta::assert_snapshot!(human(&found, &sources, &summary(&found), Look::plain(120)));
}

#[test]
fn of_many_findings_for_information_the_first_are_shown() {
    let (sources, found) = sample();
    let info = |code: &Diagnostic| Diagnostic { severity: Severity::Info, ..code.clone() };
    let many: Vec<Diagnostic> = std::iter::repeat_n(info(&found[0]), 12).chain([found[1].clone()]).collect();
    let shown = |look: Look| human(&many, &sources, &summary(&many), look);
    let (short, whole) = (shown(Look::plain(80)), shown(Look::plain(80).whole()));
    let times = |text: &str| text.matches("did you mean").count();
    assert_eq!((times(&short), times(&whole)), (10, 12));
    assert!(short.contains("2 more of this kind are not shown: `-v` shows all"), "{short}");
    assert!(!whole.contains("more of this kind"), "{whole}");
}

#[test]
fn human_in_colour() {
    let (sources, found) = sample();
    let text = human(&found[..1], &sources, &summary(&found[..1]), Look { colour: true, ..Look::plain(80) });
    insta::assert_snapshot!(text.replace('\u{1b}', "␛"));
}

#[test]
fn nothing_found() {
    let (sources, _) = sample();
    let look = Look::plain(80);
    let line = "no findings in 3 files with 2 resources\n";
    assert_eq!(human(&[], &sources, &summary(&[]), look), line);
    insta::assert_snapshot!(junit(&[], &sources, &summary(&[])));
}

#[test]
fn json_has_every_key() {
    let (sources, found) = sample();
    let text = json(&found, &sources, &summary(&found));
    assert_eq!(text.lines().count(), 1);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    insta::assert_snapshot!(format!("{value:#}"));
}

#[test]
fn sarif_log() {
    let (sources, found) = sample();
    insta::assert_snapshot!(sarif(&found, &sources, &[&UNKNOWN, &HIDDEN]));
}

#[test]
fn github_annotations() {
    let (sources, found) = sample();
    insta::assert_snapshot!(github(&found, &sources));
}

#[test]
fn junit_suites() {
    let (sources, found) = sample();
    insta::assert_snapshot!(junit(&found, &sources, &summary(&found)));
}

#[test]
fn the_page_of_a_rule() {
    insta::assert_snapshot!(explain(&HIDDEN));
}

#[test]
fn the_routes_of_a_proxy() {
    use meshc_analysis::{HostView, Reachable, RouteView, RoutesView, TableView};
    let (_, found) = sample();
    let route = |index, name: Option<&str>, reachable: Reachable, hidden_by: Vec<usize>| RouteView {
        index,
        name: name.map(ToOwned::to_owned),
        witness: (reachable == Reachable::Yes).then(|| found[1].witness.clone()).flatten(),
        reachable,
        hidden_by,
        because: Vec::new(),
    };
    let host = HostView {
        name: "reviews.shop.svc.cluster.local:9080".to_owned(),
        domains: ["reviews.shop", "reviews", "reviews.shop.svc", "10.0.0.1"].map(ToOwned::to_owned).into(),
        routes: vec![
            route(0, Some("v2"), Reachable::Yes, Vec::new()),
            route(1, None, Reachable::No, vec![0]),
            route(
                2,
                Some("pattern"),
                Reachable::Unknown("the expression is too large".to_owned()),
                Vec::new(),
            ),
        ],
    };
    let table = TableView { name: "9080".to_owned(), virtual_hosts: vec![host] };
    insta::assert_snapshot!(routes(&RoutesView { proxy: "storefront.shop".to_owned(), tables: vec![table] }));
}
