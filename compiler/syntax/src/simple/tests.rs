use meshc_source::FileId;
use proptest::prelude::*;

use super::document;
use crate::build::general;
use crate::limits::Limits;

/// Whether the simple reader took a text; where it did, both say the same.
fn agrees(text: &str) -> Result<bool, String> {
    let limits = Limits::default();
    let Some(simple) = document(FileId(3), text, 7, &limits) else { return Ok(false) };
    let general = general(FileId(3), text, 7, &limits);
    if general.stop.is_some() || simple.roots != general.roots || simple.invalid_key != general.invalid_key {
        return Err(format!("{text}\n---\n{:#?}\n---\n{:#?}", simple.roots, general.roots));
    }
    let told = |built: &crate::build::Built| {
        built.diagnostics.iter().map(|d| (d.code, d.span, d.message.clone())).collect::<Vec<_>>()
    };
    if told(&simple) != told(&general) {
        return Err(format!("{text}\n---\n{:?}\n---\n{:?}", told(&simple), told(&general)));
    }
    Ok(true)
}

#[test]
fn what_people_write_is_simple() {
    let texts = [
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {app: x, tier: \"1\"}}\nspec:\n  ports:\n  - port: 80\n    name: http\n\n  # all of them\n  selector:\n    app: x # here\n",
        "---\na:\nb:\n- c\n-   d: e\n    f: [1, 2.5, true, x y]\n- 'it'\ng: {}\nh: []\n",
        "# nothing but a comment\n",
        "",
        "---\n",
        "- a\n- b: c\n",
        "a: -1\nb: 0x1F\nc: on\nd: ~\ne: a#b\nf: a-b:c\n",
        "a:\n    b:\n      - c\n      - d\n  \n# x\ne: f",
        "a: 1\na: 2\n",
        "80: http\nyes: no\n",
        "a: |\n  b\n",
        "a: |-\n  b: c\n    d\n\n  # e\n\nf: 1\n",
        "a:\n- b: |\n    c \n  d: e\n# f\n",
    ];
    for text in texts {
        assert_eq!(agrees(text), Ok(true), "{text}");
    }
}

#[test]
fn everything_else_is_left_to_the_general_reader() {
    let texts = [
        "a: >-\n  b\n",
        "a: |+\n  b\n",
        "a: |2\n  b\n",
        "a: | # c\n  b\n",
        "a: |\n  b",
        "a: |\n\n  b\n",
        "a: |\n  b\n     \n",
        "a: |\n   b\n  c\n",
        "a: |\nb: 1\n",
        "a: |\n",
        "- |\n  b\n",
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "a: b\n  c\n",
        "a: b: c\n",
        "a: \"x\\n\"\n",
        "a: 'it''s'\n",
        "a:\n\tb: 1\n",
        "a: 1\r\n",
        "? a\n: b\n",
        "a: {b: [\n1]}\n",
        "<<: {a: 1}\n",
        "%YAML 1.1\n---\na: 1\n",
        "--- a\n",
        "- - a\n",
        "-\n  a: 1\n",
        "a:\n  - b\n  c: 1\n",
        "a:\n    b: 1\n  c: 1\n",
        "plain\n",
        "a: é\n",
        "a: 'b' c\n",
        "a: [b, c]: d\n",
        "a: {b}\n",
        "a: {b:c}\n",
        "\"a\": 1\n",
        "a: @b\n",
        "a: `b`\n",
        "a: %b\n",
        "a: - b\n",
        "a: ? b\n",
        "a: 'b\n  c'\n",
        "a: b #c\n  d: 1\n",
        "a: [1,2]\n",
        "{a: 1}\n",
    ];
    for text in texts {
        assert_eq!(agrees(text), Ok(false), "{text}");
    }
}

#[test]
fn depth_is_limited_by_the_general_reader() {
    let text: String = (0..70).map(|level| format!("{}a:\n", "  ".repeat(level))).collect();
    assert_eq!(agrees(&text), Ok(false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Lines as they might be written, in any order and indentation.
    #[test]
    fn both_readers_say_the_same(lines in prop::collection::vec(
        (0..5_usize, prop::sample::select(vec![
            "a: 1", "b: x", "c:", "d: ", "- e", "- f: g", "- ", "-", "# note", "", "h: {i: j}", "k: [l, m]", "n: 'o p'",
            "q: \"r\" # s", "t: u # v", "w: x#y", "z: a:b", "a: -", "b: --c", "c: []", "d: {}", "- {a: 1, b: [c]}", "- 'x'",
            "-  y", "---", "on: off", "1: 2", "a: b ", "e: [f, ]", "g: {h: 1, }", "i: ,", "j: a, b", "k: a]", "l: {m: n o}", "p: =", "q: <",
            "r: a ? b", "s: a & b", "x: .", "y: ~", "z: null", "a/b.c-d: e", "a: 'b' ", "- - a", "-a: b", "a : b", "a:  b", "a: b:", "a: http://x/y",
            "a: |", "b: |-", "- c: |", "d: | ", "e: |+", "f: |-  # x", "text", "  text", "   ", "- |",
        ])), 0..9,
    )) {
        let text: String = lines.iter().map(|(indent, line)| format!("{}{line}\n", " ".repeat(*indent))).collect();
        prop_assert!(agrees(&text).is_ok(), "{}", agrees(&text).unwrap_err());
        let text = text.trim_end_matches('\n');
        prop_assert!(agrees(text).is_ok(), "{}", agrees(text).unwrap_err());
    }

    #[test]
    fn any_text_is_read_alike(text in "[ab:\\-#{}\\[\\],'\"\n 1?&*!|>%@~/]{0,40}") {
        prop_assert!(agrees(&text).is_ok(), "{}", agrees(&text).unwrap_err());
    }
}

#[test]
fn what_an_api_server_was_given_is_read_alike() {
    let Some(oracle) =
        meshc_testkit::shared("both readers agree on what an API server was given", "oracle/validation")
    else {
        return;
    };
    let (mut simple, mut all) = (0, 0);
    for entry in std::fs::read_dir(oracle).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            all += 1;
            simple += usize::from(agrees(case["yaml"].as_str().unwrap()).unwrap());
        }
    }
    assert!(simple * 2 > all, "{simple} of {all}");
}
