//! RE2's syntax: what is accepted, what is refused, and what it means, against the `regex` crate on patterns
//! rewritten in its own terms. (The whole was compared with RE2 itself, in Latin-1, on 60,000 random patterns.)

use meshc_re2::{Error, Regex, Substitution, parse};
use proptest::prelude::*;

fn matches(pattern: &str, text: &str) -> Result<bool, Error> {
    Ok(Regex::full(pattern)?.is_match(text.as_bytes()))
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
        // what is no byte
        r"\x{100}",
        r"\400",
        r"[\x{d800}]",
        "(?P<é>a)",
        r"\pé",
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
        assert!(matches!(parse(pattern), Err(Error::Syntax { .. })), "{pattern} is accepted");
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
        (r"\D", &["a", "\n"], &["1", "", "é"]),
        (r"\D\W", &["é"], &[]),
        (r"[^\D]", &["1"], &["a"]),
        (r"a\b.b", &["a-b"], &["axb", "aéb b"]),
        (r"a\bé", &["aé"], &[]),
        // bytes
        ("é", &["é"], &["e"]),
        ("é+", &["é"], &["éé"]),
        ("(é)+", &["éé"], &[]),
        ("[é]{2}", &["é"], &[]),
        ("(?i)é", &["é"], &["É"]),
        (r"\xc3\251", &["é"], &[]),
        (r"a\Bb", &["ab"], &["a b"]),
        // `.` and flags
        (".", &["a", "\r"], &["\n", "", "ab", "é"]),
        ("....", &["\u{10ffff}"], &[]),
        ("(?s).", &["\n"], &[]),
        ("(?i)k", &["k", "K"], &["j", "\u{212a}"]),
        ("(?i:a)b", &["Ab"], &["AB"]),
        ("(a(?i)b|c)d", &["aBd", "Cd"], &["CD", "Abd"]),
        ("(?i)[^k]", &["j"], &["K"]),
        ("a(?-i)b(?i)c", &["abC"], &["aBc"]),
        (r"(?i)\W", &["-"], &["a"]),
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
        ("[[:^alpha:]]", &["0"], &["a"]),
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
        (r"\pN\PN\p{^Greek}", &["1ab"], &["aab"]),
        (r"\p{Greek}|\p{Zl}", &[], &["α", "a", "\u{2028}"]),
        (r"\pL+", &["aZ"], &["1", "é"]),
        (r"[\p{Lu}\d]", &["E", "1"], &["e"]),
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
    let error = parse("/a/(?=b)").expect_err("look-around");
    let expected = "regular expression \"/a/(?=b)\", byte 3: RE2 has no look-around";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn size_is_bounded() {
    let long = "a".repeat(100_000);
    assert!(matches!(parse(&long), Err(Error::TooLarge { unit: "bytes", .. })));
    let nested = "(".repeat(1_000) + &")".repeat(1_000);
    assert!(matches!(parse(&nested), Err(Error::TooLarge { unit: "nested groups", .. })));
    let wide = "((a|b|c|d)*[a-z]{900}){1}".repeat(1_000);
    assert!(matches!(Regex::full(&wide), Err(Error::TooLarge { unit: "bytes when compiled", .. })));
}

/// The results for `a*` and `(b)` were recorded from Envoy 1.40.
#[test]
fn replacing_follows_global_replace() -> Result<(), Error> {
    let replace = |pattern: &str, text: &str, by: &str| {
        let out = Regex::search(pattern)?.replace_all(text.as_bytes(), &Substitution::new(by));
        Ok::<_, Error>(String::from_utf8_lossy(&out).into_owned())
    };
    assert_eq!(replace("a*", "/rraab", "-")?, "-/-r-r-b-");
    assert_eq!(replace("(b)", "/rb/b/b", r"[\1\0\\]")?, r"/r[bb\]/[bb\]/[bb\]");
    assert_eq!(replace("^/api/v([0-9]+)/(.*)$", "/api/v10/x/y", r"/\2/\1")?, "/x/y/10");
    assert_eq!(replace("^/api/v([0-9]+)/(.*)$", "/other", r"/\2/\1")?, "/other");
    assert_eq!(replace("(?U)/.*/", "/a/b/", "-")?, "-b/");
    assert_eq!(replace("b", "abc", r"\1")?, "abc", "a group that is not there");
    assert_eq!(replace("b", "abc", r"x\q\1")?, "abc", "nor behind the end");
    assert_eq!(replace("b", "abc", r"x\qy")?, "axc", "an escape that is none ends it");
    assert_eq!(replace("b", "abc", r"\\1")?, r"a\1c");
    Ok(())
}

#[test]
fn flaws_of_substitutions_are_told() -> Result<(), Error> {
    let regex = Regex::search("(a)")?;
    let flaw = |text| Substitution::new(text).flaw(&regex);
    assert_eq!(flaw(r"\1\0\\"), None);
    assert_eq!(flaw(r"\2").as_deref(), Some("the expression has no group 2"));
    assert_eq!(flaw(r"\n").as_deref(), Some("a backslash must stand before a digit or a backslash"));
    assert_eq!(flaw(r"a\"), flaw(r"\n"));
    Ok(())
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
        ("[[:upper:]é]", r"[A-Z\xc3\xa9]"),
        (".", "."),
        (r"\b", r"(?-u:\b)"),
        ("^", "^"),
        ("$", "$"),
        (r"\Q.a\E", r"\.a"),
        (r"\x{e9}", r"\xe9"),
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
    fn the_meaning_is_that_of_the_same_in_other_words((re2, rust) in pair(), texts in prop::collection::vec("[aAbB.é1 \n\\[-]{0,5}", 20)) {
        let regex = Regex::full(&re2)?;
        let whole = regex::bytes::Regex::new(&format!(r"(?-u)\A(?:{rust})\z")).expect("valid");
        for text in &texts {
            prop_assert_eq!(regex.is_match(text.as_bytes()), whole.is_match(text.as_bytes()), "{} on {:?}", re2, text);
        }
    }

    /// No text makes the parser fail otherwise than with an error.
    #[test]
    fn any_text_is_accepted_or_refused(pattern in r"[ab\\\[\](){}|*+?.^$\-:=<!PQEpdwxi0-9,&]{0,12}") {
        let _ = parse(&pattern);
    }
}
