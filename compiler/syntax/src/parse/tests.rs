//! What parsing gives: values as Kubernetes reads them, spans to the byte, neighbours of broken documents.

use std::fmt::Write as _;

use meshc_source::SourceSet;
use proptest::prelude::*;

use super::*;
use crate::node::{Kind, Node, Style};

fn parse_text(text: &str) -> Parsed {
    parse(FileId(0), text, &Limits::default())
}

/// The tree, a node a line: `line:column..line:column "slice" kind`.
fn dump(text: &str) -> String {
    let sources = SourceSet::of("a.yaml", text);
    let parsed = parse_text(text);
    let mut out = String::new();
    for document in &parsed.documents {
        out.push_str("document\n");
        dump_node(&sources, &document.root, 1, &mut out);
    }
    for finding in &parsed.diagnostics {
        let (start, _) = sources.location(finding.span);
        let slice = sources.slice(finding.span);
        let _ =
            writeln!(out, "{} {}:{} {slice:?} {}", finding.code, start.line, start.column, finding.message);
    }
    out
}

fn dump_node(sources: &SourceSet, node: &Node, depth: usize, out: &mut String) {
    let (start, end) = sources.location(node.span);
    let kind = match &node.kind {
        Kind::Sequence(_) => format!("{:?} sequence", node.style),
        Kind::Mapping(_) => format!("{:?} mapping", node.style),
        kind => format!("{:?} {kind:?}", node.style),
    };
    let place = format!("{}:{}..{}:{}", start.line, start.column, end.line, end.column);
    let _ = writeln!(out, "{}{place} {:?} {kind}", "  ".repeat(depth), sources.slice(node.span));
    for item in node.items() {
        dump_node(sources, item, depth + 1, out);
    }
    for entry in node.entries() {
        let _ = writeln!(out, "{}{:?}:", "  ".repeat(depth + 1), sources.slice(entry.key.span));
        dump_node(sources, &entry.value, depth + 2, out);
    }
}

#[test]
fn spans_are_exact_to_the_byte() {
    insta::assert_snapshot!(dump(
        "名前: 値 # c\nlist:\n- 😀: \"é\"  \n  'b' : on\n- [a, {x: 1, y: }]\n-\nempty:\nlast: |\n  one\n  two\n\n# end\n"
    ));
}

#[test]
fn windows_files_are_read_as_any_other() {
    insta::assert_snapshot!(dump("\u{feff}a: b\r\nc:\r\n  - d\r\n  - >-\r\n    e\r\n    f\r\ng: 1\r\n"));
}

#[test]
fn multi_line_plain_scalars_and_tags_and_json() {
    insta::assert_snapshot!(dump(
        "a: one\n  two  \nb: !!str 5\nc: &x {d: 1}\ne: *x\n---\n{\"a\": [1, \"2\"],\n\t\"b\": null}\n"
    ));
}

#[test]
fn a_value_is_without_its_properties_and_with_its_quotes() {
    insta::assert_snapshot!(dump(
        "a: &x\n  b: 1\nc: !!map &y {d: 1}\ne: !t # note\n  - 1\nf: \"g\" # \"h\"\n'i' : &z >-\n\n  j\nk: |\nl:\n- - m\n  - n\n- o:\n  - p\n-   q: r\n"
    ));
}

#[test]
fn brackets_may_close_to_the_left_as_kubernetes_lets_them() {
    insta::assert_snapshot!(dump("a:\n    b: [\n      é, # ü ]\n  c\n  ]\n    d: {e: [\n 1]}\nf: 1\n"));
}

#[test]
fn a_broken_document_hides_none_of_its_neighbours() {
    insta::assert_snapshot!(dump(
        "kind: A\n---\nkind: [\n---\nkind: \"B\n---\n# only a comment\n---\nkind: C\n--- # d\nkind: D\n"
    ));
}

#[test]
fn doubled_keys_name_both_places_and_the_last_counts() {
    insta::assert_snapshot!(dump("a: 1\nb: 2\na: 3\n"));
    let parsed = parse_text("a: 1\nb: 2\na: 3\n");
    assert_eq!(parsed.diagnostics[0].labels[0].span.start, 0);
}

#[test]
fn merge_keys_give_what_is_not_written() {
    let parsed = parse_text("base: &b {a: 1, b: 2}\nother: &o {b: 3, c: 4}\nuse:\n  <<: [*b, *o]\n  a: 5\n");
    let used = parsed.documents[0].root.get("use").unwrap();
    let values: Vec<_> =
        used.entries().iter().map(|entry| (&*entry.key.text, entry.value.as_int())).collect();
    assert_eq!(values, [("a", Some(5)), ("b", Some(2)), ("c", Some(4))]);
    assert_eq!(parse_text("<<: 1\n").diagnostics[0].code.to_string(), "MC0001");
}

#[test]
fn each_limit_has_its_own_message() {
    let codes = |text: &str, limits: Limits| -> Vec<String> {
        let parsed = parse(FileId(0), text, &limits);
        parsed.diagnostics.iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect()
    };
    let default = Limits::default();
    let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(laughs, "a{level}: &a{level} [{aliases}]");
    }
    let mut found = codes(&deep, default);
    found.extend(codes(&"[".repeat(100_000), default));
    found.extend(codes(&laughs, default));
    found.extend(codes("a: [1, 2, 3, 4]\n", Limits { nodes: 4, ..default }));
    found.extend(codes("a: 12345\n", Limits { scalar: 4, ..default }));
    found.extend(codes("a\n---\nb\n---\nc\n", Limits { documents: 2, ..default }));
    found.extend(codes("a: &a [*a]\n", default));
    found.extend(codes("a: *b\n", default));
    found.extend(codes("? [a]\n: b\n", default));
    found.extend(codes("a:\n\tb: 1\n", default));
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn templates_are_named_and_nothing_else_is_said() {
    for text in [
        "kind: {{ .Values.kind }}\nspec:\n  a: {{ .Values.a }}\n",
        "{{- if .Values.on }}\nkind: A\n{{- end }}\n---\nkind: {{ .b }}\n",
        "a:\n  {{- toYaml .Values.a | nindent 2 }}\n",
    ] {
        let codes: Vec<_> =
            parse_text(text).diagnostics.iter().map(|finding| finding.code.to_string()).collect();
        assert_eq!(codes, ["MC0012"], "{text}");
    }
    assert_eq!(parse_text("image: \"{{ .Values.image }}\"\n").diagnostics, []);
}

#[test]
fn unwanted_kinds_are_left_alone() {
    let text = "kind: CustomResourceDefinition\napiVersion: x/v1\nbroken: [\n---\nkind: Service\n";
    let parsed = parse_wanted(FileId(0), text, &Limits::default(), |head| head.kind == "Service");
    assert_eq!((parsed.documents.len(), parsed.diagnostics.len()), (1, 0));
    assert_eq!(parsed.skipped[0].kind, "CustomResourceDefinition");
    assert_eq!(parsed.skipped[0].api_version, "x/v1");
}

/// Every span lies on the bounds of scalars, children lie within their parents, and a plain scalar is
/// what its slice says.
fn check_spans(text: &str, node: &Node, within: Option<Span>, aliases: bool) {
    let range = node.span.start as usize..node.span.end as usize;
    let slice = text.get(range).unwrap_or_else(|| panic!("{:?} in {text:?}", node.span));
    if let Some(within) = within.filter(|_| !aliases) {
        assert!(within.contains(node.span), "{node:?} not within {within:?} in {text:?}");
    }
    if node.style == Style::Plain && !slice.contains('\n') && !slice.contains('\r') && !text.contains('!') {
        let again = crate::resolve::scalar(slice, Style::Plain, crate::resolve::Tag::None);
        // NaN is not equal to itself.
        assert_eq!(format!("{again:?}"), format!("{:?}", node.kind), "{text:?}");
    }
    for item in node.items() {
        check_spans(text, item, Some(node.span), aliases);
    }
    for entry in node.entries() {
        assert!(text.get(entry.key.span.start as usize..entry.key.span.end as usize).is_some());
        check_spans(text, &entry.value, Some(node.span), aliases);
    }
}

fn check(text: &str) {
    let parsed = parse_text(text);
    for document in &parsed.documents {
        check_spans(text, &document.root, Some(document.span), text.contains('*'));
    }
    for finding in &parsed.diagnostics {
        let span = finding.span;
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{finding:?} in {text:?}");
    }
    for suppression in &parsed.suppressions {
        assert!(
            text.get(suppression.applies_to.start as usize..suppression.applies_to.end as usize).is_some()
        );
    }
    assert_eq!(format!("{parsed:?}"), format!("{:?}", parse_text(text)));
}

/// Pieces from which broken and whole YAML comes more often than from any text.
fn yamlish() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b: ",
        "c:",
        " ",
        "  ",
        "\n",
        "\r\n",
        "- ",
        "-",
        "\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ": ",
        "#",
        " # x",
        "---",
        "\n---\n",
        "...\n",
        "|\n",
        ">-\n",
        "&x ",
        "*x",
        "!!str ",
        "!t ",
        "<<: ",
        "é",
        "😀",
        "\u{feff}",
        "\t",
        "1.5",
        "on",
        "~",
        "? ",
        "%YAML 1.2\n",
        "\0",
        "\u{85}",
        "\u{2028}",
        "# meshc: allow MC0001 because x\n",
        "{{ x }}",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// What the laws below once found.
#[test]
fn a_key_that_looks_like_a_marker_has_no_value() {
    let parsed = parse_text("{---}");
    let entry = &parsed.documents[0].root.entries()[0];
    assert_eq!((&*entry.key.text, &entry.value.kind), ("---", &Kind::Null));
    assert_eq!((entry.value.span.start, entry.value.span.end), (4, 4));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_and_spans_are_true(text in yamlish()) {
        check(&text);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&String::from_utf8_lossy(&bytes));
    }
}
