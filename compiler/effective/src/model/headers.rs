//! Header operations.

use serde::Serialize;

/// What happens when the header is there already; Envoy's `append_action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AppendAction {
    /// Another value is added (Istio's `add`).
    AppendIfExistsOrAdd,
    /// The value is replaced (Istio's `set`).
    OverwriteIfExistsOrAdd,
}

/// One header added or set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct HeaderAddition {
    /// As written; compared without case.
    pub name: String,
    /// As written; Envoy's command operators (`%…%`) are expanded by the proxy.
    pub value: String,
    /// Add or set.
    pub action: AppendAction,
}

/// The operations of a route or of one of its destinations. Envoy first removes, then computes the values of
/// all additions and settings from what is left, then sets, then adds.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct HeaderOps {
    /// On the request, sorted by name as Istio sorts them.
    pub request_add: Vec<HeaderAddition>,
    /// On the request.
    pub request_remove: Vec<String>,
    /// On the response.
    pub response_add: Vec<HeaderAddition>,
    /// On the response.
    pub response_remove: Vec<String>,
    /// The literal that replaces the authority: Istio's `headers.request.set` of `:authority` or `host`.
    pub authority: Option<String>,
}

impl HeaderOps {
    /// Whether nothing is done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
