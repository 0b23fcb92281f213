//! The typed reader: a tree to any type that derives serde's `Deserialize`, with every finding at once.
//!
//! Unlike a usual deserializer it does not stop at the first error. A wrong value is recorded with its
//! path and span, and the type is read again without it: where the type allows its absence (an
//! `Option`, a `#[serde(default)]`, an item of a list, an entry of a map) reading goes on around it,
//! otherwise what holds it is left out in its turn. So one wrong field never hides another.
//!
//! - Unknown keys are recorded, not refused by serde: do not use `deny_unknown_fields`, `flatten`,
//!   `untagged` or internally tagged enumerations (serde buffers them and loses the spans).
//! - `null` is absence: such a key counts as not written.
//! - An enumeration is a string (unit variants) or, as the `oneof`s of Istio's API, a mapping with one
//!   key (newtype variants).
//!
//! ```
//! use meshc_source::{FileId, SourceSet};
//! use meshc_syntax::de::{Issue, NotYet, Spanned, read};
//!
//! #[derive(serde::Deserialize)]
//! #[serde(rename_all = "camelCase")]
//! struct Route {
//!     host: Spanned<String>,
//!     #[serde(default)]
//!     weight: i32,
//!     mirror: Option<NotYet>,
//! }
//!
//! let text = "host: reviews\nweight: heavy\nmirorr: x\nmirror: {}\n";
//! let parsed = meshc_syntax::parse(FileId(0), text, &meshc_syntax::Limits::default());
//! let (route, issues) = read::<Route>(&parsed.documents[0].root);
//! assert_eq!(*route.unwrap().host, "reviews");
//! let paths: Vec<_> = issues.iter().map(Issue::path).collect();
//! assert_eq!(paths, ["weight", "mirorr", "mirror"]);
//! ```

mod access;
mod duration;
mod error;
mod int_or_string;
mod issue;
mod not_yet;
mod path;
mod raw;
mod spanned;
mod value;

use std::cell::RefCell;

use rustc_hash::FxHashSet;
use serde::de::DeserializeOwned;

use crate::node::{Entry, Node};

pub use duration::{Duration, ParseDurationError};
pub use int_or_string::IntOrString;
pub use issue::Issue;
pub use not_yet::NotYet;
pub use raw::Raw;
pub use spanned::Spanned;

use error::Failure;
use path::Step;
use value::{Position, ValueDeserializer};

/// How often a document is read again around its wrong values. Each time finds at least one more; past
/// it the findings so far are enough for anyone.
const MAX_PASSES: usize = 200;

/// Peculiarities of the encoding, where two readers of the same YAML differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As the Kubernetes API server: numbers are numbers; an integer may be written as `1.0`.
    #[default]
    Kubernetes,
    /// As the API server reads a custom resource: as `Kubernetes`, but within `spec` a field that is null is
    /// an error, as no field of Istio's and the Gateway API's definitions is nullable.
    CustomResource,
    /// As protojson, in which `MeshConfig` is read: numbers may be strings also.
    ProtoJson,
}

/// Reads a value of a type, with all that is wrong in the order of the text. None: what is left
/// without the wrong values is no `T`; then there is at least one issue.
pub fn read<T: DeserializeOwned>(node: &Node) -> (Option<T>, Vec<Issue>) {
    read_as(node, Encoding::Kubernetes)
}

/// As [`read`], in another encoding.
pub fn read_as<T: DeserializeOwned>(node: &Node, encoding: Encoding) -> (Option<T>, Vec<Issue>) {
    let reading = Reading::new(encoding);
    let mut value = None;
    for _ in 0..MAX_PASSES {
        reading.path.borrow_mut().clear();
        let poisoned = reading.poisoned.borrow().len();
        match T::deserialize(ValueDeserializer::new(&reading, node, Position::Item)) {
            Ok(read) => {
                value = Some(read);
                break;
            }
            // Nothing new to leave out, or the root itself: no value is left.
            Err(_) if reading.poisoned.borrow().len() == poisoned || reading.is_poisoned(node) => break,
            Err(_) => {}
        }
    }
    let mut issues = reading.issues.into_inner();
    issues.sort_by(|a, b| (a.span(), a.path()).cmp(&(b.span(), b.path())));
    let mut seen: Vec<Issue> = Vec::with_capacity(issues.len());
    for issue in issues {
        // Those of one place are adjacent; a pass finds again what the one before it found.
        if !seen.iter().rev().take_while(|other| other.span() == issue.span()).any(|other| *other == issue) {
            seen.push(issue);
        }
    }
    (value, seen)
}

/// The state of one reading.
struct Reading<'a> {
    encoding: Encoding,
    path: RefCell<Vec<Step<'a>>>,
    issues: RefCell<Vec<Issue>>,
    /// The nodes that are left out, by address: the tree does not move while it is read.
    poisoned: RefCell<FxHashSet<*const Node>>,
}

// === impl Reading ===

impl<'a> Reading<'a> {
    fn new(encoding: Encoding) -> Self {
        Self { encoding, path: RefCell::default(), issues: RefCell::default(), poisoned: RefCell::default() }
    }

    fn path(&self) -> String {
        path::render(&self.path.borrow())
    }

    fn record(&self, issue: Issue) {
        self.issues.borrow_mut().push(issue);
    }

    fn is_poisoned(&self, node: &Node) -> bool {
        let poisoned = self.poisoned.borrow();
        !poisoned.is_empty() && poisoned.contains(&std::ptr::from_ref(node))
    }

    fn poison(&self, node: &Node) {
        self.poisoned.borrow_mut().insert(std::ptr::from_ref(node));
    }

    /// A field is null, which is absence, but not everywhere allowed.
    fn found_null(&self, entry: &'a Entry) {
        let key = &*entry.key.text;
        let within_spec = match self.path.borrow().first() {
            Some(Step::Key(first)) => *first == "spec",
            Some(Step::Index(_)) => false,
            None => key == "spec",
        };
        if self.encoding != Encoding::CustomResource || !within_spec {
            return;
        }
        let mut path = self.path();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
        self.record(Issue::WrongType {
            path,
            span: if entry.value.span.is_empty() { entry.key.span } else { entry.value.span },
            expected: "a value or left out".to_owned(),
            found: "null".to_owned(),
            quote: false,
        });
    }

    /// Reads one step deeper.
    fn under<T>(&self, step: Step<'a>, read: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        let depth = self.path.borrow().len();
        self.path.borrow_mut().push(step);
        let result = read();
        self.path.borrow_mut().truncate(depth);
        result
    }
}

#[cfg(test)]
mod tests;
