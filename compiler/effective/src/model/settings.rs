//! What the whole mesh says about how every proxy reads traffic.

use std::time::Duration;

use serde::Serialize;

/// How a proxy reads traffic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// How long the first bytes are waited for where they tell what is spoken; zero: for ever.
    pub detection_timeout: Duration,
    /// What becomes of paths before they are matched.
    pub paths: PathNormalization,
}

/// What becomes of paths before they are matched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathNormalization {
    /// Nothing.
    None,
    /// RFC 3986; a backslash counts as a slash.
    #[default]
    Base,
    /// `Base`, and several slashes are one.
    MergeSlashes,
    /// `MergeSlashes`, after escaped slashes and backslashes are decoded.
    DecodeAndMergeSlashes,
}
