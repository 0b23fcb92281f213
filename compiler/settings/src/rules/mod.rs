//! The rules about `meshc.yaml` and about what it names: `MC30xx`, and
//! `MC0396` about what the order of resources is read from. One file a rule, with its page.

mod bad_pattern;
mod not_rendered;
mod render_failed;
mod several_documents;
mod short_history;
mod unknown_path;
mod unknown_rule;

use meshc_diagnostics::Rule;

pub use bad_pattern::BAD_PATTERN;
pub use not_rendered::NOT_RENDERED;
pub use render_failed::RENDER_FAILED;
pub use several_documents::SEVERAL_DOCUMENTS;
pub use short_history::SHORT_HISTORY;
pub use unknown_path::UNKNOWN_PATH;
pub use unknown_rule::UNKNOWN_RULE;

/// All of them, by code.
pub static RULES: &[&Rule] = &[
    &SHORT_HISTORY,
    &UNKNOWN_RULE,
    &UNKNOWN_PATH,
    &BAD_PATTERN,
    &SEVERAL_DOCUMENTS,
    &NOT_RENDERED,
    &RENDER_FAILED,
];
