//! Nothing that a line, a request or an expression holds makes the interpreter panic.

use meshc_effective::model::{
    Action, HeaderCondition, HeaderMatch, PathMatch, QueryCondition, QueryMatch, Redirect, RedirectPath,
    RegexRewrite, StringMatch,
};
use meshc_trace::{Query, Regexes, Request, RequestLine, Tracer, normalize_path, render_story};
use proptest::prelude::*;

use crate::world::{forwarding, mesh, operations, route, sources, to_all};

/// Pieces that the code looks for, so that chance meets them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-b/.%?&=:#*\\[\\]2eE0\\\\ -]{0,8}",
        "\\PC{0,4}",
        Just("%2e%2E/..".to_owned()),
        Just("\u{0}\r\n".to_owned()),
        Just("http://".to_owned()),
        Just("application/grpc".to_owned()),
    ]
}

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..4).prop_map(|pieces| pieces.concat())
}

fn request() -> impl Strategy<Value = Request> {
    let method =
        prop_oneof![Just("GET".to_owned()), Just("OPTIONS".to_owned()), Just("HEAD".to_owned()), words()];
    let path = prop_oneof![words().prop_map(|w| format!("/{w}")), words()];
    let name = prop_oneof![
        Just("content-type".to_owned()),
        Just("origin".to_owned()),
        Just("grpc-timeout".to_owned()),
        Just("x-a".to_owned()),
        words(),
    ];
    let headers = prop::collection::vec((name, words()), 0..4);
    (method, words(), path, headers).prop_map(|(method, authority, path, headers)| Request {
        method,
        authority,
        path,
        headers,
    })
}

proptest! {
    #[test]
    fn lines(line in "\\PC{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = Query::from_line(&line);
        let _ = Query::from_line(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn requests(request in request(), text in words(), value in words(), number in any::<u32>()) {
        let mut forward = to_all(&[("up", number), ("down", number / 2), ("nope", 1)]);
        forward.destinations[0].headers = operations(&[(&text, &value, true), ("x-a", &value, false)], &[(&text, &value, false)]);
        forward.rewrite.regex = Some(RegexRewrite { pattern: "a|b*".to_owned(), substitution: value.clone() });
        let mut forwards = forwarding("/", forward);
        forwards.matches.path = PathMatch::Prefix("/a".to_owned());
        forwards.matches.headers = vec![HeaderMatch {
            name: text.clone(),
            condition: HeaderCondition::Value(StringMatch::Suffix(value.clone())),
            invert: true,
            treat_missing_as_empty: true,
            ignore_case: true,
        }];
        let redirect = Redirect { code: 301, scheme: Some(text.clone()), host: None, port: Some(number as u16), path: Some(RedirectPath::Prefix(value.clone())) };
        let mut redirects = route("/", Action::Redirect(redirect));
        redirects.matches.path = PathMatch::PathSeparatedPrefix(format!("/{text}"));
        redirects.matches.case_sensitive = false;
        redirects.matches.query = vec![QueryMatch { name: text.clone(), condition: QueryCondition::Value(StringMatch::Contains(value.clone())) }];
        let mut rest = forwarding("/", to_all(&[("up", 1)]));
        rest.matches.path = PathMatch::Prefix("/".to_owned());
        let (mesh, sources) = (mesh(vec![forwards, redirects, rest]), sources());
        let query = Query { proxy: "app".to_owned(), route_table: Some("80".to_owned()), request: Some(request), ..Query::default() };
        let story = Tracer::new(&mesh, &sources).why(&query).expect("an answer");
        prop_assert!(!render_story(&story).is_empty());
        prop_assert!(serde_json::to_string(&story).is_ok());
    }

    #[test]
    fn paths_and_urls(path in words(), header in words()) {
        let _ = normalize_path(&path);
        let _ = RequestLine::parse(&[&path], &[&header]);
    }

    #[test]
    fn expressions(pattern in "[a-c\\[\\]\\\\(){}|*+?.^$:&~QExpPdDwWsSbBC0-9,!<>=-]{0,12}", text in words(), substitution in words()) {
        let regexes = Regexes::default();
        let _ = regexes.full_match(&pattern, &text);
        let _ = regexes.replace_all(&pattern, &text, &substitution);
    }
}
