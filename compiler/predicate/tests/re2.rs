//! The translation of RE2's syntax: what is accepted, what is refused, and what it
//! means, against the `regex` crate on patterns rewritten in its own terms.

use meshc_predicate::{Error, FieldAtoms, Language, Limits};
use proptest::prelude::*;

/// Whether an expression matches the whole of a text, through its automaton.
fn matches(pattern: &str, text: &str) -> Result<bool, Error> {
    let language = Language::regex(pattern)?;
    let atoms = FieldAtoms::build(&Language::any(), [&language], &Limits::default())?;
    let atom = atoms.classify(text).expect("every string is in the universe");
    Ok(atoms.accepts(&language, atom))
}

#[test]
fn what_re2_refuses_is_refused() {
    let refused = [
        // look-around, backreferences, atomic and possessive forms
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        r"(a)\1",
        r"\k<n>",
        "(?>a)",
        "a++",
        "(?P=n)",
        "(?#x)",
        "(?x)a",
        // repetition of nothing, or of a repetition
        "*",
        "+a",
        "?",
        "(*)",
        "a|*",
        "a**",
        "a*+",
        "a???",
        "a{2}{3}",
        "{2}",
        "a{1001}",
        "a{3,2}",
        "a{1001,}",
        "((a{100}){100}){100}",
        "(?i)*",
        // brackets and parentheses
        "(",
        ")",
        "a)",
        "(a",
        "[",
        "[]",
        "[a",
        "[^]",
        "[b-a]",
        r"[a-\d]",
        "[[:foo:]]",
        "(?P<n",
        "(?P<>a)",
        "(?P<n>a)(?P<n>b)",
        "(?",
        "(?i",
        "(?-)",
        "(?i-)",
        "(?--i)",
        // escapes
        r"\",
        r"\Z",
        r"\8",
        r"\e",
        r"\cA",
        r"\x",
        r"\x1",
        r"\x{}",
        r"\x{110000}",
        r"\u0041",
        r"\G",
        r"\h",
        r"\R",
        r"\X",
        r"\K",
        r"\E",
        r"\N",
        r"[\b]",
        r"[\A]",
        // Unicode properties that RE2 has not
        r"\p{Alphabetic}",
        r"\p{greek}",
        r"\p{Grek}",
        r"\pX",
        r"\p{",
        r"\p",
        r"\p{Script=Greek}",
        r"\p{Letter}",
    ];
    for pattern in refused {
        assert!(matches!(Language::regex(pattern), Err(Error::Regex { .. })), "{pattern} is accepted");
    }
}

#[test]
fn what_re2_accepts_means_what_it_means_there() -> Result<(), Error> {
    let cases: &[(&str, &[&str], &[&str])] = &[
        // ASCII classes
        (r"\d+", &["0", "42"], &["", "٣", "a"]),
        (r"\w+", &["a_Z9"], &["é", "-"]),
        (r"\s", &[" ", "\t", "\n", "\x0c", "\r"], &["\x0b", "\u{a0}"]),
        (r"[[:space:]]", &["\x0b"], &["\u{a0}"]),
        (r"\D", &["a", "é", "\n"], &["1", ""]),
        (r"[^\D]", &["1"], &["a"]),
        (r"a\b.b", &["a-b"], &["axb", "aéb b"]),
        (r"a\bé", &["aé"], &[]),
        (r"a\Bb", &["ab"], &["a b"]),
        // `.` and flags
        (".", &["a", "é", "\r", "\u{10ffff}"], &["\n", "", "ab"]),
        ("(?s).", &["\n"], &[]),
        ("(?i)k", &["k", "K", "\u{212a}"], &["j"]),
        ("(?i:a)b", &["Ab"], &["AB"]),
        ("(a(?i)b|c)d", &["aBd", "Cd"], &["CD", "Abd"]),
        ("(?i)[^k]", &["j"], &["K", "\u{212a}"]),
        ("a(?-i)b(?i)c", &["abC"], &["aBc"]),
        (r"(?i)\W", &["-"], &["\u{17f}", "a"]),
        ("(?m)a$\n^b", &["a\nb"], &["ab"]),
        ("a$\n^b", &[], &["a\nb"]),
        (r"^\Aa\z$", &["a"], &["a\n"]),
        // no set operations
        ("[a&&b]", &["a", "b", "&"], &["c"]),
        ("[a~~b]", &["~"], &[]),
        ("[[a]", &["[", "a"], &["]"]),
        ("[[a]]", &["[]", "a]"], &["a"]),
        ("[]a]", &["]", "a"], &[]),
        ("[^]a]", &["b"], &["]"]),
        ("[a-]", &["a", "-"], &["b"]),
        ("[-a]", &["-"], &[]),
        (r"[\d-z]", &["-", "5", "z"], &["b"]),
        ("[[:alpha:]-z]", &["-"], &["0"]),
        ("[[:^alpha:]]", &["0", "é"], &["a"]),
        ("[[:alpha]", &["[", ":", "a"], &["b"]),
        // counts, and braces that are none
        ("a{2}", &["aa"], &["a"]),
        ("a{2,}", &["aaa"], &["a"]),
        ("a{0,1}?", &["", "a"], &["aa"]),
        ("a{,2}", &["a{,2}"], &["aa"]),
        ("a{02}", &["a{02}"], &["aa"]),
        ("a{", &["a{"], &[]),
        ("{", &["{"], &[]),
        ("}]", &["}]"], &[]),
        ("x{2}{a}", &["xx{a}"], &[]),
        // escapes
        (r"\Qa.b*\E+", &["a.b*", "a.b**"], &["axb"]),
        (r"\Qa\b", &[r"a\b"], &["a"]),
        (r"\x41\x{42}\103\07\0", &["ABC\x07\0"], &[]),
        (r"\a\f\t\n\r\v", &["\x07\x0c\t\n\r\x0b"], &[]),
        (r"\.\/\-\ \@\_", &["./- @_"], &[]),
        (r"a\x{d800}|[\x{d800}-\x{e000}b]", &["b", "\u{e000}"], &["a", "\u{d7ff}"]),
        (r"\pN\p{Greek}\PN\p{^Greek}", &["1αab"], &["aααb"]),
        (r"\pL+", &["aéα"], &["1"]),
        (r"[\p{Lu}\d]", &["É", "1"], &["é"]),
        (r"\C\C", &["é", "ab"], &["a"]),
        // empty alternatives and groups
        ("a|", &["", "a"], &["b"]),
        ("()|(|b)c", &["", "c", "bc"], &["b"]),
        ("(?P<n>a)(?<m>b)(?:c)", &["abc"], &[]),
        ("(?U)a+?", &["aaa"], &[""]),
        ("(?)a", &["a"], &[]),
        ("^*a", &["a"], &[]),
        ("a*(?i)b", &["aaB"], &["AB"]),
    ];
    for (pattern, yes, no) in cases {
        for text in *yes {
            assert!(matches(pattern, text)?, "{pattern} does not match {text:?}");
        }
        for text in *no {
            assert!(!matches(pattern, text)?, "{pattern} matches {text:?}");
        }
    }
    Ok(())
}

#[test]
fn an_error_says_where() {
    let error = Language::regex("/a/(?=b)").expect_err("look-around");
    let expected = "regular expression \"/a/(?=b)\", byte 5: invalid perl operator: RE2 has no look-around";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn deep_nesting_is_bounded() {
    let pattern = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(matches!(Language::regex(pattern), Err(Error::TooLarge { .. })));
}

/// The same expression in RE2's syntax and in the `regex` crate's.
type Pair = (String, String);

fn pair() -> impl Strategy<Value = Pair> {
    let leaf = prop::sample::select(vec![
        ("a", "a"),
        ("B", "B"),
        (r"\.", r"\."),
        ("é", "é"),
        (r"\d", "[0-9]"),
        (r"\W", "[^0-9A-Za-z_]"),
        (r"\s", r"[\t\n\x0C\r ]"),
        ("[^a-]", r"[^a\-]"),
        ("[[a.]", r"[\[a.]"),
        ("[[:upper:]é]", "[A-Zé]"),
        (".", "."),
        (r"\b", r"(?-u:\b)"),
        ("^", "^"),
        ("$", "$"),
        (r"\Q.a\E", r"\.a"),
        (r"\x{e9}", "é"),
        (r"\141", "a"),
        ("(?i:aé)", "(?i:aé)"),
        ("(?s:.)", "(?s:.)"),
    ])
    .prop_map(|(re2, rust)| (re2.to_owned(), rust.to_owned()));
    leaf.prop_recursive(4, 16, 3, |inner| {
        let operator = prop::sample::select(vec!["*", "+", "?", "*?", "{2}", "{0,2}", "{1,}"]);
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| join(&parts, "")),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| {
                let (re2, rust) = join(&parts, "|");
                (format!("({re2})"), format!("(?:{rust})"))
            }),
            2 => (inner, operator).prop_map(|((re2, rust), operator)| {
                (format!("(?:{re2}){operator}"), format!("(?:{rust}){operator}"))
            }),
        ]
    })
}

fn join(parts: &[Pair], between: &str) -> Pair {
    let (re2, rust): (Vec<&str>, Vec<&str>) = parts.iter().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
    (re2.join(between), rust.join(between))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_translation_matches_what_the_original_does((re2, rust) in pair(), texts in prop::collection::vec("[aAbB.é1 \n\\[-]{0,5}", 20)) {
        let language = Language::regex(&re2)?;
        let atoms = FieldAtoms::build(&Language::any(), [&language], &Limits::default())?;
        let whole = regex::bytes::Regex::new(&format!(r"\A(?:{rust})\z")).expect("valid");
        for text in &texts {
            let atom = atoms.classify(text).expect("every string is in the universe");
            prop_assert_eq!(atoms.accepts(&language, atom), whole.is_match(text.as_bytes()), "{} on {:?}", re2, text);
        }
        for atom in 0..atoms.len() {
            let witness = atoms.witness(atom).expect("every atom has a string");
            prop_assert_eq!(atoms.accepts(&language, atom), whole.is_match(witness.as_bytes()), "{} on {:?}", re2, witness);
        }
    }

    /// No text makes the parser fail otherwise than with an error.
    #[test]
    fn any_text_is_accepted_or_refused(pattern in r"[ab\\\[\](){}|*+?.^$\-:=<!PQEpdwxi0-9,&]{0,12}") {
        let _ = Language::regex(pattern);
    }
}
