//! ReferenceGrant.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::constraints;

/// Which objects of other namespaces may refer to objects of this one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ReferenceGrant {
    /// Who.
    #[schemars(
        length(min = 1, max = 16),
        transform = constraints::atomic,
        extend("x-meshc-required" = true)
    )]
    pub from: Vec<Spanned<ReferenceGrantFrom>>,
    /// To what.
    #[schemars(
        length(min = 1, max = 16),
        transform = constraints::atomic,
        extend("x-meshc-required" = true)
    )]
    pub to: Vec<Spanned<ReferenceGrantTo>>,
}

/// Objects that may refer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ReferenceGrantFrom {
    /// Their group.
    #[schemars(required, transform = constraints::group)]
    pub group: Option<Spanned<String>>,
    /// Their kind.
    #[schemars(required, transform = constraints::kind)]
    pub kind: Option<Spanned<String>>,
    /// Their namespace.
    #[schemars(required, transform = constraints::namespace)]
    pub namespace: Option<Spanned<String>>,
}

/// Objects that may be referred to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ReferenceGrantTo {
    /// Their group.
    #[schemars(required, transform = constraints::group)]
    pub group: Option<Spanned<String>>,
    /// Their kind.
    #[schemars(required, transform = constraints::kind)]
    pub kind: Option<Spanned<String>>,
    /// One of them; all when absent.
    #[schemars(transform = constraints::object_name)]
    pub name: Option<Spanned<String>>,
}
