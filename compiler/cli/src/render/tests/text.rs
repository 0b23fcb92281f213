//! The findings of text and schema as a person sees them, each from the YAML that causes it.

use meshc_source::{FileId, SourceSet};
use meshc_syntax::de::{Duration, NotYet, read};
use meshc_syntax::{Limits, parse, rules};

use crate::render::{Look, Summary, human};

const LOOK: Look = Look::plain(80);

fn show(texts: &[&str]) -> String {
    let mut shown = String::new();
    for text in texts {
        let sources = SourceSet::of("mesh.yaml", text);
        let parsed = parse(FileId(0), text, &Limits::default());
        let mut found = meshc_syntax::apply_suppressions(parsed.diagnostics, &parsed.suppressions, |_| true);
        meshc_diagnostics::sort(&mut found, &sources);
        let summary = Summary::of(1, parsed.documents.len(), 0, &found);
        shown.push_str(&human(&found, &sources, &summary, LOOK));
        shown.push_str("==========\n");
    }
    shown
}

#[test]
fn text_that_is_no_yaml() {
    insta::assert_snapshot!(show(&[
        "metadata:\n  name: reviews\n namespace: default\n",
        "spec:\n\thosts: [a]\n",
        "spec:\n  message: it is: so\n",
        "spec:\n  hosts: [a, b\n---\nkind: Service\n",
        "a: \"open\nb: 1\n",
        "a: *missing\n",
        "a: @home\n",
        "spec:\n  hosts: [reviews]\n  hosts: [ratings]\n",
        "subset: {{version}: 1}\n",
    ]));
}

#[test]
fn templates_and_comments() {
    insta::assert_snapshot!(show(&[
        "kind: Service\nmetadata:\n  name: {{ .Release.Name }}\n",
        "kind: Service # meshc: allow MC2103\n",
        "kind: Service # meshc: allow MC2103 because the route goes next week\n",
        "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n\
         c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n\
         e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n",
    ]));
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only that it is read matters")]
struct Route {
    name: String,
    hosts: Option<Vec<String>>,
    timeout: Option<Duration>,
    retry_on: Option<String>,
    mirror: Option<NotYet>,
    mode: Option<Mode>,
    uri: Option<Uri>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mode {
    Simple,
    Mutual,
    AutoPassthrough(NotYet),
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only that it is read matters")]
enum Uri {
    Exact(String),
    Prefix(String),
}

#[test]
fn documents_that_are_no_resource() {
    let text = "\
hosts: reviews
timeout: 5
retryON: 5xx
mirror:
  host: ratings
mode: simple
uri: {exact: /a, prefix: /b}
labels: {a: b}
---
name: 5
timeout: 5 s
mode: AUTO_PASSTHROUGH
hosts: [true, b]
";
    let sources = SourceSet::of("mesh.yaml", text);
    let parsed = parse(FileId(0), text, &Limits::default());
    let mut found = Vec::new();
    for document in &parsed.documents {
        let (_, issues) = read::<Route>(&document.root);
        found.extend(issues.iter().map(|issue| rules::issue_diagnostic(issue, "Route")));
    }
    let summary = Summary::of(1, parsed.documents.len(), 2, &found);
    insta::assert_snapshot!(human(&found, &sources, &summary, LOOK));
}
