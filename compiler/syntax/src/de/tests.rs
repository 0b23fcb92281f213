//! What the typed reader gives, and what it goes on past.

use indexmap::IndexMap;
use meshc_source::{FileId, SourceSet};
use serde::Deserialize;

use super::*;
use crate::Limits;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    hosts: Vec<Spanned<String>>,
    #[serde(default)]
    http: Vec<Route>,
    #[serde(default)]
    labels: IndexMap<Spanned<String>, String>,
    port: Option<u16>,
    target_port: Option<Spanned<IntOrString>>,
    mode: Option<Mode>,
    ratio: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Route {
    name: String,
    timeout: Option<Spanned<Duration>>,
    uri: Option<Match>,
    mirror: Option<NotYet>,
    retries: Option<Retries>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Retries {
    attempts: i32,
    per_try_timeout: Option<Duration>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Match {
    Exact(String),
    Prefix(Spanned<String>),
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mode {
    Simple,
    Passthrough,
    AutoPassthrough(NotYet),
}

/// The value, and each issue as `line:column text: path what`.
fn read_text<T: DeserializeOwned>(text: &str) -> (Option<T>, Vec<String>) {
    let parsed = crate::parse(FileId(0), text, &Limits::default());
    assert_eq!(parsed.diagnostics, [], "{text}");
    let sources = SourceSet::of("a.yaml", text);
    let (value, issues) = read::<T>(&parsed.documents[0].root);
    let lines = issues.iter().map(|issue| {
        let (start, _) = sources.location(issue.span());
        let message = crate::rules::issue_diagnostic(issue, "VirtualService").message;
        format!("{}:{} {:?}: {message}", start.line, start.column, sources.slice(issue.span()))
    });
    (value, lines.collect())
}

#[test]
fn a_right_document_is_read_with_its_spans() {
    let text = "hosts: [reviews, \"ratings\"]\nport: 8080.0\ntargetPort: http\nmode: SIMPLE\nratio: 1\nlabels:\n  app: x\n\
                http:\n- name: a\n  timeout: 1.5s\n  uri: {prefix: /api}\n  mirror: null\n- name: b\n  uri:\n    exact: /\n";
    let (spec, issues) = read_text::<Spec>(text);
    let spec = spec.unwrap();
    assert_eq!(issues, [""; 0]);
    assert_eq!(spec.hosts[1].value, "ratings");
    assert_eq!(&text[spec.hosts[1].span.start as usize..spec.hosts[1].span.end as usize], "\"ratings\"");
    let (key, value) = spec.labels.get_key_value("app").unwrap();
    assert_eq!((&text[key.span.start as usize..key.span.end as usize], value.as_str()), ("app", "x"));
    assert_eq!(spec.port, Some(8080));
    assert_eq!(spec.target_port.unwrap().value, IntOrString::String("http".to_owned()));
    assert_eq!(spec.mode, Some(Mode::Simple));
    assert_eq!(spec.ratio, Some(1.0));
    assert_eq!(spec.http[0].timeout.unwrap().value, Duration::from_millis(1500));
    assert!(spec.http[0].mirror.is_none());
    assert_eq!(spec.http[1].uri, Some(Match::Exact("/".to_owned())));
}

#[test]
fn every_finding_is_there_at_once() {
    let text = "\
hosts: [reviews, 5, [x], ratings]
port: 70000
mode: simple
ratio: fast
unknown: {deep: 1}
labels:
  app: 1.0
  tier: web
http:
- nam: a
  timeout: 5
- name: b
  timeout: 5 minutes
  mirror: {host: x}
  retries: {attempts: many, perTryTimeout: 1, extra: 1}
- name: c
  uri: {prefix: /a, exact: /b}
- name: d
  uri: {regx: /a}
- null
";
    let (spec, issues) = read_text::<Spec>(text);
    insta::assert_snapshot!(issues.join("\n"));
    let spec = spec.unwrap();
    let hosts: Vec<_> = spec.hosts.iter().map(|host| host.as_str()).collect();
    assert_eq!(hosts, ["reviews", "ratings"]);
    assert_eq!(spec.port, None);
    assert_eq!(spec.labels.len(), 1);
    let names: Vec<_> = spec.http.iter().map(|route| route.name.as_str()).collect();
    assert_eq!(names, ["b", "c", "d"]);
    assert_eq!(spec.http[1].retries.as_ref().and_then(|retries| retries.per_try_timeout), None);
    assert!(spec.http[0].retries.is_none() && spec.http[0].mirror.is_some());
}

#[test]
fn a_value_that_is_not_implemented_is_named() {
    let (spec, issues) = read_text::<Spec>("mode: AUTO_PASSTHROUGH\n");
    assert_eq!(spec.unwrap().mode, Some(Mode::AutoPassthrough(NotYet)));
    insta::assert_snapshot!(issues.join("\n"), @"1:7 \"AUTO_PASSTHROUGH\": `mode: AUTO_PASSTHROUGH` is not implemented yet: meshc refuses the tree rather than guess what it does");
}

#[test]
fn a_root_that_is_no_such_thing_gives_no_value() {
    let (retries, issues) = read_text::<Retries>("- 1\n");
    assert!(retries.is_none());
    assert_eq!(issues, ["1:1 \"- 1\": VirtualService must be a mapping, not a list"]);
    let (retries, issues) = read_text::<Retries>("attempts: x\nperTryTimeout: y\n");
    assert!(retries.is_none());
    assert_eq!(issues.len(), 2, "{issues:?}");
}

#[test]
fn protojson_takes_numbers_in_quotes() {
    let parsed = crate::parse(FileId(0), "attempts: \"3\"\n", &Limits::default());
    let root = &parsed.documents[0].root;
    assert_eq!(read_as::<Retries>(root, Encoding::ProtoJson).0.unwrap().attempts, 3);
    assert_eq!(read::<Retries>(root).1.len(), 1);
}

#[test]
fn the_types_go_through_other_deserializers_too() {
    let spec: Spec = serde_json::from_str(
        r#"{"hosts":["a"],"targetPort":80,"http":[{"name":"x","timeout":"1s","mirror":5}]}"#,
    )
    .unwrap();
    assert_eq!(spec.hosts[0].value, "a");
    assert_eq!(spec.http[0].timeout.unwrap().value, Duration::from_secs(1));
    assert_eq!(serde_json::to_string(&spec.hosts).unwrap(), r#"["a"]"#);
}

#[test]
fn a_custom_resource_has_no_null_in_its_spec() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only that it is read matters")]
    struct Resource {
        metadata: IndexMap<String, Option<String>>,
        spec: Option<Retries>,
    }
    let text = "metadata: {creationTimestamp: null}\nspec: {attempts: 1, perTryTimeout: }\n";
    let parsed = crate::parse(FileId(0), text, &Limits::default());
    let root = &parsed.documents[0].root;
    assert_eq!(read::<Resource>(root).1, []);
    let (resource, issues) = read_as::<Resource>(root, Encoding::CustomResource);
    assert!(resource.is_some());
    let paths: Vec<_> = issues.iter().map(Issue::path).collect();
    assert_eq!(paths, ["spec.perTryTimeout"]);
}

mod law {
    use proptest::prelude::*;

    use super::*;

    /// Documents of the right keys and of wrong ones, with values of every kind.
    fn document() -> impl Strategy<Value = String> {
        let value = prop::sample::select(vec![
            "1",
            "a",
            "[a, 2, null]",
            "{}",
            "null",
            "1.5s",
            "SIMPLE",
            "AUTO_PASSTHROUGH",
            "{prefix: /, exact: 1}",
            "[]",
            "{prefix: [x]}",
            "{attempts: 1}",
            "{attempts: x, perTryTimeout: 1s}",
            "[{name: a}, {nam: b}, 3]",
            "true",
            "[{name: a, retries: {attempts: {}}, uri: {exact: []}, mirror: 1}]",
        ]);
        let key = prop::sample::select(vec![
            "hosts",
            "http",
            "labels",
            "port",
            "targetPort",
            "mode",
            "ratio",
            "other",
        ]);
        prop::collection::btree_map(key, value, 1..8)
            .prop_map(|entries| entries.iter().flat_map(|(key, value)| [key, ": ", value, "\n"]).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        /// A value or an issue, the same each time, and every issue within the document.
        #[test]
        fn reading_ends_with_a_value_or_an_issue(text in document()) {
            let parsed = crate::parse(FileId(0), &text, &Limits::default());
            let root = &parsed.documents[0].root;
            let (spec, issues) = read::<Spec>(root);
            // Every field of the root may be left out.
            prop_assert!(spec.is_some());
            prop_assert!(issues.iter().all(|issue| root.span.contains(issue.span())));
            prop_assert!(issues.is_sorted_by(|a, b| a.span() <= b.span() && a != b));
            prop_assert_eq!(issues, read::<Spec>(root).1);
        }
    }
}

#[test]
fn a_free_form_value_is_kept_with_its_places() {
    #[derive(Deserialize)]
    struct Patch {
        value: Option<Spanned<Raw>>,
        others: Vec<Raw>,
    }

    let text = "value: {a: [1, on], b: x}\nothers: [null, {b: 2, a: 1}, {a: 1, b: 2}]\n";
    let parsed = crate::parse(FileId(0), text, &Limits::default());
    let (patch, issues) = read::<Patch>(&parsed.documents[0].root);
    assert_eq!(issues, []);
    let patch = patch.unwrap();
    let value = patch.value.unwrap();
    let place = |node: &Node| &text[node.span.start as usize..node.span.end as usize];
    assert_eq!(place(value.node()), "{a: [1, on], b: x}");
    assert_eq!(place(&value.node().get("a").unwrap().items()[1]), "on");
    let json = serde_json::json!({"a": [1, true], "b": "x"});
    assert_eq!(value.to_json(), json);
    assert_eq!(serde_json::to_value(&*value).unwrap(), json);
    assert_eq!(serde_json::from_value::<Raw>(json).unwrap(), *value);
    assert_eq!(patch.others[0], Raw::default());
    assert_eq!(patch.others[1], patch.others[2], "the order of keys says nothing");
}
