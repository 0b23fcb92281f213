//! A regular language: the strings of one field that a condition accepts.

use std::fmt;

use crate::Error;

/// A set of strings: a pattern, or a combination of several. Patterns see the bytes of their UTF-8, as Envoy does: `.`
/// of a regular expression is one of them.
///
/// A language is only a description: its automaton is built together with all others
/// of its field.
///
/// ```
/// use meshc_predicate::Language;
///
/// let versions = Language::prefix("/api").or(Language::regex("/v[0-9]+/.*")?);
/// let others = versions.negate();
/// # Ok::<(), meshc_predicate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(pub(crate) Expression);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Expression {
    Pattern(Pattern),
    Union(Vec<Language>),
    Intersection(Vec<Language>),
    Not(Box<Language>),
}

/// The smallest description: a text and how it is matched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pattern {
    pub(crate) kind: Kind,
    /// Whether ASCII letters of either case match; the text is lower case then.
    pub(crate) ignore_case: bool,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Exact,
    Prefix,
    PathPrefix,
    Suffix,
    Contains,
    Regex,
}

impl Language {
    fn pattern(kind: Kind, text: impl Into<String>) -> Self {
        Self(Expression::Pattern(Pattern { kind, ignore_case: false, text: text.into() }))
    }

    /// This one string.
    pub fn exact(text: impl Into<String>) -> Self {
        Self::pattern(Kind::Exact, text)
    }

    /// What begins with `text`.
    pub fn prefix(text: impl Into<String>) -> Self {
        Self::pattern(Kind::Prefix, text)
    }

    /// `text` itself and what begins with `text` and a slash (Envoy's
    /// `path_separated_prefix`).
    pub fn path_prefix(text: impl Into<String>) -> Self {
        Self::pattern(Kind::PathPrefix, text)
    }

    /// What ends with `text`.
    pub fn suffix(text: impl Into<String>) -> Self {
        Self::pattern(Kind::Suffix, text)
    }

    /// What has `text` somewhere in it.
    pub fn contains(text: impl Into<String>) -> Self {
        Self::pattern(Kind::Contains, text)
    }

    /// What an RE2 regular expression matches as a whole (Envoy's `safe_regex`).
    /// What RE2 refuses is refused here.
    pub fn regex(pattern: impl Into<String>) -> Result<Self, Error> {
        let pattern = pattern.into();
        meshc_re2::parse(&pattern)?;
        Ok(Self::pattern(Kind::Regex, pattern))
    }

    /// Every string.
    pub fn any() -> Self {
        Self::intersection([])
    }

    /// No string.
    pub fn none() -> Self {
        Self::union([])
    }

    /// What is in at least one of them.
    pub fn union(languages: impl IntoIterator<Item = Self>) -> Self {
        Self(Expression::Union(languages.into_iter().collect()))
    }

    /// What is in all of them.
    pub fn intersection(languages: impl IntoIterator<Item = Self>) -> Self {
        Self(Expression::Intersection(languages.into_iter().collect()))
    }

    /// What is in this or in the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::union([self, other])
    }

    /// What is in this and in the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::intersection([self, other])
    }

    /// The strings that are not in this.
    #[must_use]
    pub fn negate(self) -> Self {
        Self(Expression::Not(Box::new(self)))
    }

    /// The same with ASCII letters of either case, as Envoy's `ignore_case`. It has no
    /// effect on regular expressions: they have `(?i)`, and Envoy ignores it there.
    #[must_use]
    pub fn ignore_case(self) -> Self {
        let all = |parts: Vec<Self>| parts.into_iter().map(Self::ignore_case).collect();
        Self(match self.0 {
            Expression::Pattern(mut pattern) => {
                if pattern.kind != Kind::Regex {
                    pattern.ignore_case = true;
                    pattern.text.make_ascii_lowercase();
                }
                Expression::Pattern(pattern)
            }
            Expression::Union(parts) => Expression::Union(all(parts)),
            Expression::Intersection(parts) => Expression::Intersection(all(parts)),
            Expression::Not(inner) => Expression::Not(Box::new(inner.ignore_case())),
        })
    }

    /// Calls `visit` for each pattern in the description.
    pub(crate) fn patterns<'l>(&'l self, visit: &mut impl FnMut(&'l Pattern)) {
        match &self.0 {
            Expression::Pattern(pattern) => visit(pattern),
            Expression::Union(parts) | Expression::Intersection(parts) => {
                for part in parts {
                    part.patterns(visit);
                }
            }
            Expression::Not(inner) => inner.patterns(visit),
        }
    }

    /// Whether a string is in the language, given the patterns that accept it.
    pub(crate) fn accepts(&self, accepted: &impl Fn(&Pattern) -> bool) -> bool {
        match &self.0 {
            Expression::Pattern(pattern) => accepted(pattern),
            Expression::Union(parts) => parts.iter().any(|part| part.accepts(accepted)),
            Expression::Intersection(parts) => parts.iter().all(|part| part.accepts(accepted)),
            Expression::Not(inner) => !inner.accepts(accepted),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Exact => "exact",
            Kind::Prefix => "prefix",
            Kind::PathPrefix => "path prefix",
            Kind::Suffix => "suffix",
            Kind::Contains => "contains",
            Kind::Regex => "regular expression",
        };
        write!(f, "{kind} {:?}", self.text)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            f.write_str("(")?;
            for (index, part) in parts.iter().enumerate() {
                write!(f, "{}{part}", if index == 0 { "" } else { word })?;
            }
            f.write_str(")")
        };
        match &self.0 {
            Expression::Pattern(pattern) => pattern.fmt(f),
            Expression::Union(parts) if parts.is_empty() => f.write_str("nothing"),
            Expression::Intersection(parts) if parts.is_empty() => f.write_str("anything"),
            Expression::Union(parts) => list(f, parts, " or "),
            Expression::Intersection(parts) => list(f, parts, " and "),
            Expression::Not(inner) => write!(f, "not {inner}"),
        }
    }
}
