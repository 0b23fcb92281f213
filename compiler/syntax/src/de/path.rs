//! The path to the value that is being read, as Kubernetes writes it: `spec.http[0].match`.

use std::fmt::Write as _;

/// One step down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// Into the value of a key.
    Key(&'a str),
    /// Into an item of a list.
    Index(usize),
}

/// The path as text. Keys that are no plain names stand in brackets: `labels["app.kubernetes.io/name"]`.
pub(super) fn render(steps: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in steps {
        // Writing to a string cannot fail.
        let _ = match step {
            Step::Index(index) => write!(text, "[{index}]"),
            Step::Key(key) if !is_plain(key) => write!(text, "[{key:?}]"),
            Step::Key(key) if text.is_empty() => write!(text, "{key}"),
            Step::Key(key) => write!(text, ".{key}"),
        };
    }
    text
}

fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$'))
}
