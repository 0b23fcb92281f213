//! What Istio's webhook refuses of Gateways (`ValidateGateway` of `pkg/config/validation`), a family of checks a file.

pub(super) mod server_host;
pub(super) mod server_port;
pub(super) mod server_tls;

use meshc_diagnostics::Diagnostic;

use crate::Object;
use crate::istio::Gateway;

/// All of them.
pub(crate) fn check(object: &Object<Gateway>, found: &mut Vec<Diagnostic>) {
    server_host::check(object, found);
    server_port::check(object, found);
    server_tls::check(object, found);
}
