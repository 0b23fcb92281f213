//! What a diff consists of, as its JSON has it.

use meshc_diagnostics::Witness;
use meshc_trace::Because;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::kind::{Concern, Kind, Risk};

/// The difference of two meshes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// Of this format: 1.
    pub version: u32,
    /// What the first mesh is called.
    pub base: String,
    /// What the second mesh is called.
    pub head: String,
    /// Whether they behave alike.
    pub equal: Equal,
    /// How many proxies both meshes have together.
    pub proxies: usize,
    /// What is different, high risk first.
    pub changes: Vec<Change>,
    /// What could not be compared.
    pub unknown: Vec<Unknown>,
}

impl Diff {
    /// Of two meshes that are the same, with so many proxies.
    pub fn nothing(base: &str, head: &str, proxies: usize) -> Self {
        Self {
            version: 1,
            base: base.to_owned(),
            head: head.to_owned(),
            equal: Equal::Yes,
            proxies,
            changes: Vec::new(),
            unknown: Vec::new(),
        }
    }
}

/// Whether two meshes behave alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equal {
    /// They do: a proof.
    Yes,
    /// They do not.
    No,
    /// Nothing different was found, and not everything could be compared.
    Unknown,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What sort of difference.
    pub kind: Kind,
    /// How much it deserves a reader's attention.
    pub risk: Risk,
    /// What a person cares about in it.
    pub concern: Concern,
    /// One line: `reviews: GET /api/v2/* 0 % → 25 % v3`.
    pub summary: String,
    /// A request that is answered differently; none for what no request shows.
    pub witness: Option<Witness>,
    /// The answer to the witness before, or the settings.
    pub before: Value,
    /// The answer to the witness after, or the settings.
    pub after: Value,
    /// The lines that decided.
    pub because: Lines,
    /// Who behaves differently.
    pub affected: Affected,
}

/// The proxies that behave differently.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Affected {
    /// How many.
    pub proxies: usize,
    /// The workloads that they belong to, `NAME.NAMESPACE`, sorted.
    pub workloads: Vec<String>,
}

/// Lines of both meshes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// Of the first.
    pub base: Vec<Because>,
    /// Of the second.
    pub head: Vec<Because>,
}

/// Something that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unknown {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Serialize for Equal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Yes => serializer.serialize_bool(true),
            Self::No => serializer.serialize_bool(false),
            Self::Unknown => serializer.serialize_str("unknown"),
        }
    }
}
