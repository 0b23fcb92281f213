//! RE2's syntax: which expressions Envoy accepts, and their language. What RE2 accepts means here what it means
//! there; what it refuses is refused.
//!
//! Envoy's RE2 reads bytes (its option is Latin-1, recorded from Envoy 1.40): `.` is one byte of a UTF-8 text, an `é`
//! in an expression is two, and ignoring case concerns ASCII letters alone. [`parse`] gives `regex-syntax`'s
//! intermediate form, from which automata can be made; [`Regex`] is a compiled expression.
//!
//! ```
//! use meshc_re2::{Regex, Substitution};
//!
//! let versions = Regex::full(r"v\d+(-rc\.[0-9]{1,2})?")?;
//! assert!(versions.is_match(b"v12-rc.1") && !versions.is_match(b"v12 "));
//!
//! let path = Regex::search("^/api/v([0-9]+)/(.*)$")?;
//! assert_eq!(path.replace_all(b"/api/v2/users", &Substitution::new(r"/\2/\1")), b"/users/2");
//!
//! let refused = meshc_re2::parse("/api/(?!v1)").unwrap_err();
//! assert_eq!(refused.reason(), "RE2 has no look-around, at byte 5");
//! # Ok::<(), meshc_re2::Error>(())
//! ```

#![forbid(unsafe_code)]

mod class;
mod error;
mod escape;
mod names;
mod parser;
mod regex;
mod substitution;

pub use error::Error;
pub use parser::{Expression, parse};
pub use regex::Regex;
pub use substitution::Substitution;
