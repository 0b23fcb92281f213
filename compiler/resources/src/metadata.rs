//! What every Kubernetes object has: Kubernetes's `ObjectMeta`.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use serde::Deserialize;

use crate::Ignored;

/// The namespace of a namespaced object that names none, as `kubectl apply` fills it in.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Kubernetes's `ObjectMeta`; the fields that no mesh reads are accepted and left alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Unique in its namespace and kind.
    pub name: Option<Spanned<String>>,
    /// `default` when absent.
    pub namespace: Option<Spanned<String>>,
    /// Labels.
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// Annotations.
    pub annotations: IndexMap<Spanned<String>, Spanned<String>>,
    /// RFC 3339; Git seldom has one. Older resources win in Istio.
    pub creation_timestamp: Option<Spanned<String>>,
    /// When the object was first seen elsewhere, in seconds since 1970, for objects without that time.
    #[serde(skip)]
    pub first_seen: Option<i64>,
    /// The objects that this one belongs to.
    pub owner_references: Vec<Spanned<OwnerReference>>,
    generate_name: Ignored,
    uid: Ignored,
    resource_version: Ignored,
    generation: Ignored,
    deletion_timestamp: Ignored,
    deletion_grace_period_seconds: Ignored,
    finalizers: Ignored,
    managed_fields: Ignored,
    self_link: Ignored,
}

/// Kubernetes's `OwnerReference`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// `ReplicaSet`, `StatefulSet`…
    pub kind: Option<Spanned<String>>,
    /// Its name.
    pub name: Option<Spanned<String>>,
    api_version: Ignored,
    uid: Ignored,
    controller: Ignored,
    block_owner_deletion: Ignored,
}

impl Metadata {
    /// The name, empty when there is none (a rule refuses that).
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or("", |n| n.value.as_str())
    }

    /// The namespace, `default` when there is none.
    pub fn namespace(&self) -> &str {
        self.namespace
            .as_ref()
            .map(|n| n.value.as_str())
            .filter(|n| !n.is_empty())
            .unwrap_or(DEFAULT_NAMESPACE)
    }

    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        value(&self.labels, key)
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        value(&self.annotations, key)
    }
}

fn value<'a>(map: &'a IndexMap<Spanned<String>, Spanned<String>>, key: &str) -> Option<&'a str> {
    map.iter().find(|(k, _)| k.value == key).map(|(_, v)| v.value.as_str())
}

/// Its rules are the same for all kinds and stand in a rule of their own, in no schema.
impl schemars::JsonSchema for Metadata {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Metadata".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
    }
}
