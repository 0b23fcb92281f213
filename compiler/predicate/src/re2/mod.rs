//! RE2's syntax, as Envoy uses it, read into `regex-syntax`'s intermediate form:
//! what RE2 accepts means here what it means there, what it refuses is refused.

mod class;
mod escape;
mod names;
mod parser;

use regex_syntax::hir::Hir;

use crate::Error;

/// Reads one pattern with the options of `RE2::Quiet` (Perl classes, UTF-8, `^` and
/// `$` match only at the ends of the text unless `(?m)`).
pub(crate) fn parse(pattern: &str) -> Result<Hir, Error> {
    parser::Parser::new(pattern).parse()
}
