//! Modules whose address Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::Object;

declare_rule! {
    /// ## What it does
    /// Finds `url`s of WebAssembly modules that are no URL or whose scheme is none of `oci`, `https`, `http`, `file`.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the resource; no proxy gets the module.
    ///
    /// ## Example
    /// ```yaml
    /// kind: WasmPlugin
    /// spec: {url: "ftp://example.com/filter.wasm"}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: WasmPlugin
    /// spec: {url: "https://example.com/filter.wasm"}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub WASM_URL = "MC0480", "wasm-url", Error, Document,
    "An address of a WebAssembly module that Istio refuses",
    ["IST0106"]
}

/// `validateWasmPluginURL`: a URL with a scheme, else an image by its name.
pub(crate) fn check<T>(object: &Object<T>, url: Option<&Spanned<String>>, found: &mut Vec<Diagnostic>) {
    let Some(url) = url.filter(|url| !url.is_empty()) else { return };
    let why = match scheme(url) {
        Some(scheme) if ["oci", "https", "http", "file"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            url.contains(|c: char| c.is_ascii_control() || c == ' ').then(|| "it is no URL".to_owned())
        }
        Some(scheme) => Some(format!("`{scheme}` is no scheme that Istio fetches")),
        None => url.contains(|c: char| c.is_ascii_control() || c == ' ').then(|| "it is no URL".to_owned()),
    };
    if let Some(why) = why {
        let message = format!("`{}`: {why}: Istio refuses the resource", url.value);
        found.push(
            object
                .finding(&WASM_URL, url.span, message)
                .help("use `oci://`, `https://`, `http://` or `file://`"),
        );
    }
}

/// What stands before `://`.
fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once("://")?;
    let first = scheme.chars().next()?;
    let word = scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    (first.is_ascii_alphabetic() && word).then_some(scheme)
}
