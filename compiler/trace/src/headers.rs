//! Headers as Envoy keeps them: lower-case names, several values a name, in the order of arrival.

use std::collections::BTreeMap;

/// The headers of a request or response, pseudo-headers excluded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(BTreeMap<String, Vec<String>>);

impl Headers {
    /// Adds a value after those that are there.
    pub(crate) fn append(&mut self, name: &str, value: impl Into<String>) {
        self.0.entry(name.to_ascii_lowercase()).or_default().push(value.into());
    }

    /// Replaces all values.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_ascii_lowercase(), vec![value.into()]);
    }

    /// Drops all values.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(&name.to_ascii_lowercase());
    }

    /// All values joined by a comma, as header conditions see them.
    pub(crate) fn joined(&self, name: &str) -> Option<String> {
        self.0.get(&name.to_ascii_lowercase()).map(|values| values.join(","))
    }

    /// The first value, as `%REQ(…)%` sees it.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_ascii_lowercase()).and_then(|values| values.first()).map(String::as_str)
    }

    /// All values of a name, none if it is absent.
    pub(crate) fn values(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The names in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// As an answer shows them.
    pub(crate) fn into_joined(self) -> BTreeMap<String, String> {
        self.0.into_iter().map(|(name, values)| (name, values.join(","))).collect()
    }
}
