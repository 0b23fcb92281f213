//! ListenerSet: listeners that another team adds to a Gateway.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{text, written};
use super::{GATEWAY_GROUP, Listener, constraints};

/// Listeners for a Gateway that allows them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerSet {
    /// The Gateway.
    #[schemars(required)]
    pub parent_ref: Option<Spanned<ParentGatewayReference>>,
    /// What it adds.
    #[schemars(transform = constraints::set_listeners, extend("x-meshc-required" = true))]
    pub listeners: Vec<Spanned<Listener>>,
}

/// The Gateway of a ListenerSet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentGatewayReference {
    /// The API's own when absent.
    #[schemars(transform = constraints::group, extend("default" = GATEWAY_GROUP))]
    pub group: Option<Spanned<String>>,
    /// `Gateway` when absent.
    #[schemars(transform = constraints::kind, extend("default" = "Gateway"))]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, transform = constraints::object_name)]
    pub name: Option<Spanned<String>>,
    /// The ListenerSet's own when absent.
    #[schemars(transform = constraints::namespace)]
    pub namespace: Option<Spanned<String>>,
}

impl ParentGatewayReference {
    /// Its group, defaulted.
    pub fn group(&self) -> &str {
        self.group.as_ref().map_or(GATEWAY_GROUP, |group| group.value.as_str())
    }

    /// Its kind, defaulted.
    pub fn kind(&self) -> &str {
        self.kind.as_ref().map_or("Gateway", |kind| kind.value.as_str())
    }

    /// Its name, empty where none is written.
    pub fn name(&self) -> &str {
        text(&self.name)
    }

    /// Its namespace, of a ListenerSet in `own`.
    pub fn namespace<'a>(&'a self, own: &'a str) -> &'a str {
        written(&self.namespace).unwrap_or(own)
    }
}
