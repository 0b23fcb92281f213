//! A gateway that does not exist.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::{MESH_GATEWAY, qualify_gateway};
use meshc_resources::Object;
use meshc_resources::istio::VirtualService;
use meshc_syntax::de::Spanned;
use meshc_syntax::suggest::nearest;

use super::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds gateways in `gateways` and `http[].match[].gateways` of VirtualServices that no Gateway resource is. A
    /// name without a slash is a Gateway of the VirtualService's own namespace.
    ///
    /// ## What happens to traffic
    /// No gateway follows the VirtualService under that name: requests that come in from outside get 404.
    ///
    /// ## Example
    /// ```yaml
    /// gateways: [bookinfo-gatway]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// gateways: [bookinfo-gateway]
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest name that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// IST0101 (of `gateways` alone) and KIA1102.
    pub UNKNOWN_GATEWAY = "MC1004", "unknown-gateway", Error, Mesh,
    "A gateway that does not exist",
    ["IST0101", "KIA1102"]
}

/// Every gateway that a VirtualService names.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        for (index, gateway) in object.spec.gateways.iter().enumerate() {
            let missing = missing(context, object, gateway, &format!("gateways[{index}]"));
            found.extend(missing.map(|finding| finding.alias("IST0101").alias("KIA1102")));
        }
        for (number, route) in object.spec.http.iter().enumerate() {
            for (m, condition) in route.matches.iter().enumerate() {
                for (index, gateway) in condition.gateways.iter().enumerate() {
                    let path = format!("http[{number}].match[{m}].gateways[{index}]");
                    found.extend(missing(context, object, gateway, &path).map(|f| f.alias("KIA1102")));
                }
            }
        }
    }
}

fn missing(
    context: &Context<'_>,
    object: &Object<VirtualService>,
    gateway: &Spanned<String>,
    path: &str,
) -> Option<Diagnostic> {
    let full = qualify_gateway(gateway, object.namespace());
    if full == MESH_GATEWAY || context.mesh.gateway(&full).is_some() {
        return None;
    }
    let message = format!(
        "{path}: no Gateway of this tree is called `{full}`: the VirtualService is not followed there, requests get 404"
    );
    let finding = object.finding(&UNKNOWN_GATEWAY, gateway.span, message);
    let keys: Vec<String> = context.mesh.gateways.iter().map(|gateway| gateway.meta.key()).collect();
    // The same name in another namespace is what is most often meant.
    let same_name = |key: &&String| key.rsplit('/').next() == full.rsplit('/').next();
    let near = keys.iter().find(same_name).map(String::as_str);
    let Some(near) = near.or_else(|| nearest(&full, keys.iter().map(String::as_str))) else {
        return Some(finding.help("declare the Gateway; if it lives in another tree, read that tree too"));
    };
    let own = format!("{}/", object.namespace());
    let written = near.strip_prefix(&own).unwrap_or(near);
    Some(finding.help(format!("did you mean `{written}`?")).replace(
        format!("Replace with `{written}`"),
        gateway.span,
        written,
    ))
}
