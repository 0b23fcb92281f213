//! A second, independent meaning of languages and sets: string operations, the `regex`
//! crate, and enumeration of every request of a small finite space.
#![allow(dead_code, reason = "each test file uses its own part of the model")]

use std::cell::RefCell;
use std::collections::BTreeMap;

use meshc_predicate::{ConditionId, Error, Field, FieldId, Language, Limits, Request, Set, Space};
use meshc_predicate::{SpaceBuilder, Value};
use proptest::prelude::*;

thread_local! {
    /// Compiling an expression costs far more than all its matches here.
    static REGEXES: RefCell<BTreeMap<String, regex::Regex>> = const { RefCell::new(BTreeMap::new()) };
}

/// A language as a test writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spec {
    Exact(String),
    Prefix(String),
    PathPrefix(String),
    Suffix(String),
    Contains(String),
    Regex(String),
    IgnoreCase(Box<Spec>),
    Or(Box<Spec>, Box<Spec>),
    And(Box<Spec>, Box<Spec>),
    Not(Box<Spec>),
}

impl Spec {
    pub(crate) fn language(&self) -> Language {
        match self {
            Self::Exact(text) => Language::exact(text),
            Self::Prefix(text) => Language::prefix(text),
            Self::PathPrefix(text) => Language::path_prefix(text),
            Self::Suffix(text) => Language::suffix(text),
            Self::Contains(text) => Language::contains(text),
            Self::Regex(pattern) => Language::regex(pattern).expect("the test's patterns are valid"),
            Self::IgnoreCase(inner) => inner.language().ignore_case(),
            Self::Or(a, b) => a.language().or(b.language()),
            Self::And(a, b) => a.language().and(b.language()),
            Self::Not(inner) => inner.language().negate(),
        }
    }

    /// Whether a string is in the language, by the book.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => text == exact,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::PathPrefix(prefix) => text
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::Regex(pattern) => REGEXES.with_borrow_mut(|regexes| {
                let compile = || regex::Regex::new(&format!(r"\A(?:{pattern})\z")).expect("valid");
                regexes.entry(pattern.clone()).or_insert_with(compile).is_match(text)
            }),
            Self::IgnoreCase(inner) => match inner.as_ref() {
                Self::Regex(_) => inner.matches(text),
                other => other.lower_case().matches(&text.to_ascii_lowercase()),
            },
            Self::Or(a, b) => a.matches(text) || b.matches(text),
            Self::And(a, b) => a.matches(text) && b.matches(text),
            Self::Not(inner) => !inner.matches(text),
        }
    }

    fn lower_case(&self) -> Self {
        match self {
            Self::Exact(text) => Self::Exact(text.to_ascii_lowercase()),
            Self::Prefix(text) => Self::Prefix(text.to_ascii_lowercase()),
            Self::PathPrefix(text) => Self::PathPrefix(text.to_ascii_lowercase()),
            Self::Suffix(text) => Self::Suffix(text.to_ascii_lowercase()),
            Self::Contains(text) => Self::Contains(text.to_ascii_lowercase()),
            other => other.clone(),
        }
    }
}

/// A simple pattern over the letters `a`, `b`, `A` and `/`.
pub(crate) fn pattern() -> impl Strategy<Value = Spec> {
    let text = "[abA/]{0,3}";
    let simple = prop_oneof![
        3 => text.prop_map(Spec::Exact),
        3 => text.prop_map(Spec::Prefix),
        2 => text.prop_map(Spec::PathPrefix),
        2 => text.prop_map(Spec::Suffix),
        2 => text.prop_map(Spec::Contains),
    ];
    let regex = prop::sample::select(vec![
        "a*",
        "(a|b)*a",
        "/a?b+",
        "[^/]*/[^/]*",
        ".*ab.*",
        "(?i)ab",
        "a{2,3}",
        "/(a|b/)*",
        ".",
        "b|",
        "[[:alpha:]]+",
    ]);
    prop_oneof![
        4 => simple.clone(),
        1 => simple.prop_map(|spec| Spec::IgnoreCase(Box::new(spec))),
        2 => regex.prop_map(|pattern| Spec::Regex(pattern.to_owned())),
    ]
}

/// A pattern or a combination.
pub(crate) fn spec() -> impl Strategy<Value = Spec> {
    pattern().prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Spec::Or(Box::new(a), Box::new(b))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Spec::And(Box::new(a), Box::new(b))),
            inner.prop_map(|inner| Spec::Not(Box::new(inner))),
        ]
    })
}

/// A Boolean combination of conditions, by their places in a list.
#[derive(Debug, Clone)]
pub(crate) enum Formula {
    Condition(usize),
    Flag,
    Present,
    And(Box<Formula>, Box<Formula>),
    Or(Box<Formula>, Box<Formula>),
    Not(Box<Formula>),
}

pub(crate) fn formula() -> impl Strategy<Value = Formula> {
    let leaf = prop_oneof![
        6 => any::<usize>().prop_map(Formula::Condition),
        1 => Just(Formula::Flag),
        1 => Just(Formula::Present),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Formula::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Formula::Or(Box::new(a), Box::new(b))),
            inner.prop_map(|inner| Formula::Not(Box::new(inner))),
        ]
    })
}

/// A small finite world: a path, an optional header, a flag, and conditions on the
/// first two in turn.
pub(crate) struct World {
    pub(crate) space: Space,
    pub(crate) path: FieldId,
    pub(crate) header: FieldId,
    pub(crate) flag: FieldId,
    conditions: Vec<(FieldId, Spec, ConditionId)>,
}

/// One request of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) path: String,
    pub(crate) header: Option<String>,
    pub(crate) flag: bool,
}

impl World {
    /// Paths of up to three letters and headers of up to one.
    pub(crate) fn new(specs: &[Spec]) -> Result<Self, Error> {
        Self::with_limits(specs, Limits::default())
    }

    pub(crate) fn with_limits(specs: &[Spec], limits: Limits) -> Result<Self, Error> {
        let mut builder = SpaceBuilder::new(limits);
        let path = builder.field(Field::required("path", Language::regex("[abA/]{0,3}")?));
        let header = builder.field(Field::optional("header", Language::regex("[abA/]{0,1}")?));
        let flag = builder.flag("flag");
        let conditions = specs
            .iter()
            .enumerate()
            .map(|(number, spec)| {
                let field = if number % 3 == 2 { header } else { path };
                (field, spec.clone(), builder.condition(field, spec.language()))
            })
            .collect();
        Ok(Self { space: builder.build()?, path, header, flag, conditions })
    }

    pub(crate) fn set(&mut self, formula: &Formula) -> Result<Set, Error> {
        Ok(match formula {
            Formula::Condition(number) => {
                let place = number % self.conditions.len();
                self.space.condition(self.conditions[place].2)
            }
            Formula::Flag => self.space.flag(self.flag),
            Formula::Present => self.space.present(self.header),
            Formula::And(a, b) => {
                let (a, b) = (self.set(a)?, self.set(b)?);
                self.space.and(a, b)?
            }
            Formula::Or(a, b) => {
                let (a, b) = (self.set(a)?, self.set(b)?);
                self.space.or(a, b)?
            }
            Formula::Not(inner) => !self.set(inner)?,
        })
    }

    /// Whether a request fulfils a formula, by the book.
    pub(crate) fn matches(&self, formula: &Formula, case: &Case) -> bool {
        match formula {
            Formula::Condition(number) => {
                let (field, spec, _) = &self.conditions[number % self.conditions.len()];
                if *field == self.path {
                    spec.matches(&case.path)
                } else {
                    case.header.as_ref().is_some_and(|header| spec.matches(header))
                }
            }
            Formula::Flag => case.flag,
            Formula::Present => case.header.is_some(),
            Formula::And(a, b) => self.matches(a, case) && self.matches(b, case),
            Formula::Or(a, b) => self.matches(a, case) || self.matches(b, case),
            Formula::Not(inner) => !self.matches(inner, case),
        }
    }

    /// A formula's truth for each request, by the book.
    pub(crate) fn truth(&self, formula: &Formula, cases: &[Case]) -> Vec<bool> {
        let both = |a: &Formula, b: &Formula, op: fn(bool, bool) -> bool| {
            let (a, b) = (self.truth(a, cases), self.truth(b, cases));
            a.into_iter().zip(b).map(|(a, b)| op(a, b)).collect()
        };
        match formula {
            Formula::Condition(number) => {
                let (field, spec, _) = &self.conditions[number % self.conditions.len()];
                let of = |case: &Case| {
                    if *field == self.path { Some(case.path.clone()) } else { case.header.clone() }
                };
                let mut known = BTreeMap::new();
                let matches = |text: Option<String>| {
                    *known.entry(text.clone()).or_insert_with(|| text.is_some_and(|text| spec.matches(&text)))
                };
                cases.iter().map(of).map(matches).collect()
            }
            Formula::And(a, b) => both(a, b, |a, b| a && b),
            Formula::Or(a, b) => both(a, b, |a, b| a || b),
            Formula::Not(inner) => self.truth(inner, cases).into_iter().map(|truth| !truth).collect(),
            Formula::Flag | Formula::Present => {
                cases.iter().map(|case| self.matches(formula, case)).collect()
            }
        }
    }

    pub(crate) fn request(&self, case: &Case) -> Request {
        BTreeMap::from([
            (self.path, Value::Text(case.path.clone())),
            (self.header, case.header.clone().map_or(Value::Absent, Value::Text)),
            (self.flag, Value::Flag(case.flag)),
        ])
    }

    pub(crate) fn case(&self, request: &Request) -> Case {
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        Case {
            path: text(&request[&self.path]).expect("the path is required"),
            header: text(&request[&self.header]),
            flag: request[&self.flag] == Value::Flag(true),
        }
    }
}

/// Every string of the letters up to a length.
pub(crate) fn strings(longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..longest {
        let to = all.len();
        for place in from..to {
            for letter in ["a", "b", "A", "/"] {
                all.push(format!("{}{letter}", all[place]));
            }
        }
        from = to;
    }
    all
}

/// Every request of the world.
pub(crate) fn cases() -> Vec<Case> {
    let headers: Vec<Option<String>> =
        std::iter::once(None).chain(strings(1).into_iter().map(Some)).collect();
    let mut all = Vec::new();
    for path in strings(3) {
        for header in &headers {
            for flag in [false, true] {
                all.push(Case { path: path.clone(), header: header.clone(), flag });
            }
        }
    }
    all
}
