//! How much a file may ask of the parser. Each limit has its own message.

/// Limits on one file. The defaults are far above what people and generators write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Levels of mappings and lists within one another.
    pub depth: usize,
    /// Values in one document, those that aliases and merge keys copy included.
    pub nodes: usize,
    /// Values that the aliases of one document copy.
    pub copied: usize,
    /// Documents in one file.
    pub documents: usize,
    /// Bytes of one scalar.
    pub scalar: usize,
    /// Bytes of one document.
    pub document: usize,
    /// Bytes of one line.
    pub line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // A CRD is some 20,000 values and 25 levels deep; an API server takes 3 MiB a resource.
        Self {
            depth: 64,
            nodes: 2_000_000,
            copied: 100_000,
            documents: 100_000,
            scalar: 8 << 20,
            // A list of all that a cluster has is one document.
            document: 64 << 20,
            line: 4 << 20,
        }
    }
}
