//! Which namespaces see a resource: Istio's `exportTo`.

use meshc_resources::istio::mesh::Visibility;

/// Namespaces that see a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExportTo {
    /// As written: `*`, `.`, `~` or a namespace; empty means every namespace.
    entries: Vec<String>,
}

impl ExportTo {
    /// From the entries as written; their order does not count.
    pub fn new<S: Into<String>>(entries: impl IntoIterator<Item = S>) -> Self {
        let mut entries: Vec<String> = entries.into_iter().map(Into::into).collect();
        entries.sort();
        entries.dedup();
        Self { entries }
    }

    /// From the annotation `networking.istio.io/exportTo` of a Kubernetes Service.
    pub fn of_annotation(text: &str) -> Self {
        Self::new(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()))
    }

    /// Nothing is written: the default holds, every namespace.
    pub fn is_unset(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is written, else the default of the mesh.
    #[must_use]
    pub fn or(self, default: &Self) -> Self {
        if self.is_unset() { default.clone() } else { self }
    }

    /// As much of it as the mesh's settings allow a namespace's ServiceEntries.
    #[must_use]
    pub(crate) fn at_most(self, visibility: Visibility, owner: &str) -> Self {
        match visibility {
            Visibility::Unspecified | Visibility::Public => self,
            Visibility::Namespace if !self.is_none() && self.allows(owner, owner) => Self::new(["."]),
            Visibility::Namespace | Visibility::None => Self::new(["~"]),
        }
    }

    /// Whether every namespace sees it.
    pub fn is_public(&self) -> bool {
        self.is_unset() || self.has("*")
    }

    /// Whether nobody sees it, its own namespace included.
    pub fn is_none(&self) -> bool {
        !self.is_public() && self.has("~")
    }

    /// Whether `reader` sees a resource of `owner`.
    pub fn allows(&self, owner: &str, reader: &str) -> bool {
        self.is_public() || (!self.is_none() && (self.has(reader) || (owner == reader && self.has("."))))
    }

    /// Whether only `owner` itself is named.
    pub fn is_private(&self, owner: &str) -> bool {
        matches!(self.entries.as_slice(), [only] if only == "." || only == owner)
    }

    /// Whether a namespace is named as such.
    pub fn names(&self, namespace: &str) -> bool {
        self.has(namespace)
    }

    /// Whether every entry of `other` is one of its own.
    pub fn includes(&self, other: &Self) -> bool {
        other.entries.iter().all(|entry| self.has(entry))
    }

    /// The namespaces named, `.` resolved; empty when public or none.
    pub fn named<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = &'a str> {
        let all = if self.is_public() || self.is_none() { &[] } else { self.entries.as_slice() };
        all.iter().map(move |entry| if entry == "." { owner } else { entry.as_str() })
    }

    fn has(&self, entry: &str) -> bool {
        self.entries.iter().any(|e| e == entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_mean_what_istio_says() {
        assert!(ExportTo::default().allows("a", "b"));
        assert!(ExportTo::new(["*", "~"]).allows("a", "b"));
        let own = ExportTo::new(["."]);
        assert!(own.allows("a", "a") && !own.allows("a", "b") && own.is_private("a"));
        let named = ExportTo::of_annotation("b, c");
        assert!(named.allows("a", "b") && named.allows("a", "c") && !named.allows("a", "a"));
        assert!(!ExportTo::new(["~"]).allows("a", "a"));
        assert!(!ExportTo::new(["~", "b"]).allows("a", "b"));
        assert_eq!(ExportTo::new([".", "b"]).named("a").collect::<Vec<_>>(), ["a", "b"]);
    }
}
