//! The rules about text and schema: `MC00xx` and `MC01xx`. One file a rule, with its page.

mod alias_expansion;
mod document_too_long;
mod duplicate_key;
mod file_too_large;
mod helm_template;
mod invalid_duration;
mod invalid_key;
mod invalid_value;
mod issues;
mod lfs_pointer;
mod line_too_long;
mod loading;
mod malformed_suppression;
mod missing_field;
mod not_implemented;
mod not_text;
mod scalar_too_long;
mod submodule;
mod syntax_error;
mod too_deep;
mod too_many_documents;
mod too_many_values;
mod unknown_field;
mod unknown_value;
mod unreadable_file;
mod unused_suppression;
mod wrong_type;

use meshc_diagnostics::Rule;

pub use issues::{diagnostic as issue_diagnostic, in_quotes};
pub use loading::diagnostic as load_diagnostic;

pub use alias_expansion::ALIAS_EXPANSION;
pub use document_too_long::DOCUMENT_TOO_LONG;
pub use duplicate_key::DUPLICATE_KEY;
pub use file_too_large::FILE_TOO_LARGE;
pub use helm_template::HELM_TEMPLATE;
pub use invalid_duration::INVALID_DURATION;
pub use invalid_key::INVALID_KEY;
pub use invalid_value::INVALID_VALUE;
pub use lfs_pointer::LFS_POINTER;
pub use line_too_long::LINE_TOO_LONG;
pub use malformed_suppression::MALFORMED_SUPPRESSION;
pub use missing_field::MISSING_FIELD;
pub use not_implemented::NOT_IMPLEMENTED;
pub use not_text::NOT_TEXT;
pub use scalar_too_long::SCALAR_TOO_LONG;
pub use submodule::SUBMODULE;
pub use syntax_error::SYNTAX_ERROR;
pub use too_deep::TOO_DEEP;
pub use too_many_documents::TOO_MANY_DOCUMENTS;
pub use too_many_values::TOO_MANY_VALUES;
pub use unknown_field::UNKNOWN_FIELD;
pub use unknown_value::UNKNOWN_VALUE;
pub use unreadable_file::UNREADABLE_FILE;
pub use unused_suppression::UNUSED_SUPPRESSION;
pub use wrong_type::WRONG_TYPE;

pub(crate) use duplicate_key::duplicate_key;
pub(crate) use helm_template::helm_template;
pub(crate) use malformed_suppression::malformed_suppression;
pub(crate) use syntax_error::{blamed_syntax_error, syntax_error};
pub(crate) use unused_suppression::unused_suppression;

/// All of them, by code.
pub static RULES: &[&Rule] = &[
    &SYNTAX_ERROR,
    &DUPLICATE_KEY,
    &UNREADABLE_FILE,
    &FILE_TOO_LARGE,
    &NOT_TEXT,
    &TOO_DEEP,
    &TOO_MANY_VALUES,
    &TOO_MANY_DOCUMENTS,
    &SCALAR_TOO_LONG,
    &ALIAS_EXPANSION,
    &INVALID_KEY,
    &HELM_TEMPLATE,
    &LFS_POINTER,
    &SUBMODULE,
    &MALFORMED_SUPPRESSION,
    &UNUSED_SUPPRESSION,
    &DOCUMENT_TOO_LONG,
    &LINE_TOO_LONG,
    &UNKNOWN_FIELD,
    &WRONG_TYPE,
    &NOT_IMPLEMENTED,
    &UNKNOWN_VALUE,
    &INVALID_DURATION,
    &MISSING_FIELD,
    &INVALID_VALUE,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The headings of a page, in the only order they come in.
    const HEADINGS: &[&str] =
        &["What it does", "What happens to traffic", "Example", "Use instead", "Fix safety", "Covers"];

    #[test]
    fn every_rule_has_a_code_of_its_own_and_a_page_in_order() {
        assert!(RULES.is_sorted_by(|a, b| a.code < b.code));
        for rule in RULES {
            let page = rule.markdown();
            let found: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
            let places: Vec<_> =
                found.iter().map(|heading| HEADINGS.iter().position(|known| known == heading)).collect();
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{}: {found:?}", rule.code);
            assert_eq!(&found[..2], &HEADINGS[..2], "{}", rule.code);
            assert!(rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", rule.name);
        }
    }
}
