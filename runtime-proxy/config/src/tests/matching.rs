//! Paths, expressions, headers, query parameters.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ask, with_routes};
use crate::error::At;
use crate::{merge_slashes, normalize_path, re2};

#[test]
fn paths_are_normalised_as_by_envoy() {
    for (path, expected) in [
        ("/a/b?x=../y", Some("/a/b?x=../y")),
        ("/a/../b/./c", Some("/b/c")),
        ("/..", Some("/")),
        ("/../..", Some("/")),
        ("/a/..", Some("/")),
        ("/a/b/..", Some("/a/")),
        ("/a/.", Some("/a/")),
        ("/.%2e/x", Some("/x")),
        ("/a/%2E", Some("/a/")),
        ("/a/..;x/b", Some("/b")),
        ("/a/.;x/b", Some("/a/b")),
        ("/a/%2e%2e;x/b", Some("/a/..;x/b")),
        ("/a/...", Some("/a/...")),
        ("/a\\b", Some("/a/b")),
        ("/%41%7e%20%zz", Some("/A~%20%zz")),
        ("/%c3%a9", Some("/%c3%a9")),
        ("/é", Some("/%C3%A9")),
        ("/a^b`c", Some("/a%5Eb%60c")),
        ("/a|b{c}", Some("/a%7Cb%7Bc%7D")),
        ("/a%00b", None),
    ] {
        assert_eq!(normalize_path(path).as_deref(), expected, "{path}");
    }
    assert_eq!(merge_slashes("//a///b?c//d"), "/a/b?c//d");
}

#[test]
fn expressions_are_those_of_re2() {
    let at = At::root("regex");
    for (pattern, text, expected) in [
        ("/api/.*", "/api/x", true),
        ("api", "/api", false),
        (r"\d+", "١٢", false),
        (r"\d+", "12", true),
        (r"[\d\-_]+", "1-_2", true),
        (r"[[a]+", "[a", true),
        (r"[a&&b]+", "a&b", true),
        (r"[]a]+", "]a", true),
        ("[[:alpha:]]+", "ab", true),
        (r"\Qa.b\E", "a.b", true),
        (r"\Qa.b\E", "axb", false),
        ("a{,2}", "a{,2}", true),
        ("a{2}", "aa", true),
        (r"\bab\b", "ab", true),
        ("a|b", "b", true),
        ("(?i)V2", "v2", true),
        (r"\<a", "<a", true),
        (".", "é", false),
    ] {
        let regex = re2::full_match(pattern, &at).unwrap();
        assert_eq!(regex.is_match(text.as_bytes()), expected, "{pattern} {text}");
    }
    for pattern in ["", "(", "a**(", r"\1", r"(?=a)", r"\Z"] {
        assert!(re2::full_match(pattern, &at).is_err(), "{pattern}");
    }
}

fn taken(more: &Value, line: &'static str, headers: &[(&'static str, &'static str)]) -> bool {
    let mut matches = json!({"prefix": "/"});
    matches.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let snapshot = with_routes(&json!([{"name": "r", "match": matches, "route": {"cluster": "c"}}])).unwrap();
    ask(line, headers).route(&snapshot).is_some()
}

#[test]
fn headers_and_parameters_are_matched_as_by_envoy() {
    let header = |rule: Value| json!({"headers": [rule]});
    let plain = "GET h /";
    let two = [("x", "a"), ("x", "b")];
    assert!(taken(&header(json!({"name": "X", "string_match": {"exact": "a,b"}})), plain, &two));
    assert!(taken(&header(json!({"name": ":method", "string_match": {"exact": "GET"}})), plain, &[]));
    assert!(taken(&header(json!({"name": "x"})), plain, &two));
    assert!(taken(&header(json!({"name": "x", "present_match": false})), plain, &[]));
    assert!(taken(&header(json!({"name": "x", "present_match": true, "invert_match": true})), plain, &[]));
    // A missing header matches nothing, unless it counts as empty.
    let not_a = json!({"name": "x", "string_match": {"exact": "a"}, "invert_match": true});
    assert!(!taken(&header(not_a.clone()), plain, &[]));
    let mut empty = not_a;
    empty["treat_missing_header_as_empty"] = json!(true);
    assert!(taken(&header(empty), plain, &[]));
    assert!(taken(
        &header(json!({"name": "n", "range_match": {"start": "1", "end": 3}})),
        plain,
        &[("n", "2")]
    ));
    assert!(!taken(
        &header(json!({"name": "n", "range_match": {"start": "1", "end": 3}})),
        plain,
        &[("n", "3")]
    ));

    let parameter = |rule: Value| json!({"query_parameters": [rule]});
    let exact = parameter(json!({"name": "q", "string_match": {"exact": "1"}}));
    assert!(taken(&exact, "GET h /?a&q=1&q=2", &[]));
    assert!(!taken(&exact, "GET h /?q=2&q=1", &[]));
    assert!(taken(&parameter(json!({"name": "q", "string_match": {"exact": ""}})), "GET h /?q", &[]));
    assert!(taken(&parameter(json!({"name": "q", "present_match": false})), "GET h /", &[]));
}

proptest! {
    #[test]
    fn normal_paths_stay(path in "/[ -~é]{0,20}") {
        if let Some(once) = normalize_path(&path) {
            let twice = normalize_path(&once).unwrap();
            prop_assert_eq!(&twice, &once);
            prop_assert!(once.starts_with('/'));
            let only = once.split('?').next().unwrap();
            prop_assert!(!only.split('/').any(|segment| segment == "." || segment == ".."));
        }
    }

    #[test]
    fn no_pattern_panics(pattern in r"[\\\[\]{}()?*+|^$.&~a-dQE0-9:,-]{0,24}", text in "[a-d.]{0,8}") {
        if let Ok(regex) = re2::full_match(&pattern, &At::root("")) {
            let _ = regex.is_match(text.as_bytes());
        }
    }
}
