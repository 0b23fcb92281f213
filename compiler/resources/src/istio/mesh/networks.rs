//! Istio's `MeshNetworks`: networks and the gateways between them (`mesh/v1alpha1/network.proto`).

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// All networks of a mesh.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MeshNetworks {
    /// By name.
    pub networks: IndexMap<Spanned<String>, Spanned<Network>>,
}

/// A network.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Network {
    /// Which endpoints are in it.
    pub endpoints: Vec<Spanned<NetworkEndpoints>>,
    /// How others reach it.
    pub gateways: Vec<Spanned<NetworkGateway>>,
}

/// Some endpoints of a network.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["fromCidr", "fromRegistry"]]))]
pub struct NetworkEndpoints {
    /// By address.
    pub from_cidr: Option<Spanned<String>>,
    /// All of a cluster.
    pub from_registry: Option<Spanned<String>>,
}

/// A gateway to a network.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["registryServiceName", "address"]]))]
pub struct NetworkGateway {
    /// By its Service's full name.
    pub registry_service_name: Option<Spanned<String>>,
    /// By address.
    pub address: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// Where it is.
    pub locality: Option<Spanned<String>>,
}
