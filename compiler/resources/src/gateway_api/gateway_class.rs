//! GatewayClass, and the experimental XMesh, which says the same of a mesh.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ParametersReference, constraints};

/// Who implements the Gateways that name it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayClass {
    /// Istio's are `istio.io/gateway-controller`, `istio.io/mesh-controller` (waypoints) and
    /// `istio.io/unmanaged-gateway`.
    #[schemars(required, transform = constraints::controller)]
    pub controller_name: Option<Spanned<String>>,
    /// For the implementation.
    pub parameters_ref: Option<Spanned<ParametersReference>>,
    /// For people.
    #[schemars(length(max = 64))]
    pub description: Option<Spanned<String>>,
}

/// Who implements a mesh (experimental).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct XMesh {
    /// The implementation.
    #[schemars(required, transform = constraints::controller)]
    pub controller_name: Option<Spanned<String>>,
    /// For the implementation.
    pub parameters_ref: Option<Spanned<ParametersReference>>,
    /// For people.
    #[schemars(length(max = 64))]
    pub description: Option<Spanned<String>>,
}
