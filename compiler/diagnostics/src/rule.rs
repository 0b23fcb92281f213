//! What a rule is: its metadata and its page of documentation.
//! One rule is one file, whose [`declare_rule!`](crate::declare_rule) holds the page as a doc comment.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Code;

/// How bad a finding is. Ordered: `Info < Warning < Error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; traffic is as the configuration says.
    Info,
    /// Legal, but seldom meant.
    Warning,
    /// Refused by Istio, or traffic is lost or goes where it must not.
    Error,
}

/// What a rule has to see; `meshc check --only` selects by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// One document alone: syntax, schema, the rules of its fields.
    Document,
    /// The resources of the mesh together: names, references, conflicts.
    Mesh,
    /// What requests do: hidden routes, unreachable destinations.
    Routes,
}

/// A rule's metadata.
#[derive(Debug)]
pub struct Rule {
    /// `MC` and four digits.
    pub code: Code,
    /// The finding as a name in kebab case: `hidden-route`.
    pub name: &'static str,
    /// The severity unless a user sets another.
    pub severity: Severity,
    /// What the rule has to see.
    pub level: Level,
    /// One line for lists.
    pub summary: &'static str,
    /// The doc comment as written, each line with the blank that follows `///`; see [`Rule::markdown`].
    pub doc: &'static str,
    /// Istio's and Kiali's codes that the rule covers, such as `IST0101` and `KIA1107`.
    pub aliases: &'static [&'static str],
}

/// Declares a rule: a `pub static` [`Rule`] whose doc comment is its page.
///
/// The page has these headings in this order: *What it does*, *What happens to traffic*, *Example*,
/// *Use instead*, *Fix safety*, *Covers*; those that have nothing to say are left out.
///
/// ```
/// meshc_diagnostics::declare_rule! {
///     /// ## What it does
///     /// Finds routes that no request can reach.
///     ///
///     /// ## What happens to traffic
///     /// None arrives.
///     pub HIDDEN_ROUTE = "MC2103", "hidden-route", Warning, Routes,
///     "A route that the routes before it leave no request",
///     ["IST0130", "KIA1107"]
/// }
/// assert_eq!(HIDDEN_ROUTE.code.to_string(), "MC2103");
/// assert!(HIDDEN_ROUTE.markdown().starts_with("## What it does\nFinds routes"));
/// ```
#[macro_export]
macro_rules! declare_rule {
    (
        $(#[doc = $doc:literal])+
        $visibility:vis $constant:ident = $code:literal, $name:literal, $severity:ident, $level:ident,
        $summary:literal,
        [$($alias:literal),* $(,)?] $(,)?
    ) => {
        $(#[doc = $doc])+
        $visibility static $constant: $crate::Rule = $crate::Rule {
            code: const { $crate::Code::literal($code) },
            name: $name,
            severity: $crate::Severity::$severity,
            level: $crate::Level::$level,
            summary: $summary,
            doc: concat!($($doc, "\n"),+),
            aliases: &[$($alias),*],
        };
    };
}

// === impl Rule ===

impl Rule {
    /// The page as Markdown, without the blank that each line of a doc comment begins with.
    pub fn markdown(&self) -> String {
        let mut page = String::with_capacity(self.doc.len());
        for line in self.doc.lines() {
            page.push_str(line.strip_prefix(' ').unwrap_or(line).trim_end());
            page.push('\n');
        }
        page
    }
}

// === impl Severity, Level ===

impl Severity {
    /// The word that messages and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Level {
    /// The word that `--only` takes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Mesh => "mesh",
            Self::Routes => "routes",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
