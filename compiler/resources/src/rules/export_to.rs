//! Who sees a resource, in a way that istiod refuses (`validateExportTo`).

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::istio::{DestinationRule, ServiceEntry};
use crate::names::is_label;
use crate::{Metadata, Object};

declare_rule! {
    /// ## What it does
    /// Finds entries of `exportTo` that are neither `.`, `*` nor a namespace, that are there twice, or that contradict
    /// each other: `*` with others, `~` with others, and other namespaces for a DestinationRule that selects workloads.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the resource; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// exportTo: ["*", shop]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// exportTo: ["*"]
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub EXPORT_TO = "MC0223", "export-to", Error, Document,
    "Entries of `exportTo` that Istio refuses",
    ["IST0106"]
}

pub(crate) fn destination_rule(object: &Object<DestinationRule>, found: &mut Vec<Diagnostic>) {
    let selects = object.spec.workload_selector.is_some();
    for (span, why) in wrong(&object.spec.export_to, &object.metadata, false, selects) {
        found.push(object.finding(&EXPORT_TO, span, format!("{why}: Istio refuses the DestinationRule")));
    }
}

pub(crate) fn service_entry(object: &Object<ServiceEntry>, found: &mut Vec<Diagnostic>) {
    for (span, why) in wrong(&object.spec.export_to, &object.metadata, true, false) {
        found.push(object.finding(&EXPORT_TO, span, format!("{why}: Istio refuses the ServiceEntry")));
    }
}

/// What is wrong with the entries. `none` allows `~`; `selects` is a DestinationRule for chosen workloads.
fn wrong(entries: &[Spanned<String>], metadata: &Metadata, none: bool, selects: bool) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    let own = metadata.namespace();
    let mut seen: Vec<&str> = Vec::new();
    for entry in entries {
        let namespace = if entry.value == "." { own } else { entry.value.as_str() };
        if seen.contains(&namespace) {
            found.push((entry.span, format!("`{}` is in `exportTo` twice", entry.value)));
            continue;
        }
        if namespace == "*" || (none && namespace == "~") || is_label(namespace) {
            seen.push(namespace);
        } else {
            found.push((
                entry.span,
                format!("`{}` in `exportTo` is neither `.`, `*` nor a namespace", entry.value),
            ));
        }
    }
    let (Some(first), true) = (entries.first(), !seen.is_empty()) else { return found };
    if selects && seen != [own] {
        let why = "with a `workloadSelector`, `exportTo` can only be `.`";
        found.push((first.span, why.to_owned()));
    }
    for (all, what) in [("*", "every namespace"), ("~", "nobody")] {
        if seen.contains(&all) && entries.len() > 1 {
            found.push((first.span, format!("`exportTo` names {what} and others")));
        }
    }
    found
}
