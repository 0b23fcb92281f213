//! A namespace in `exportTo` that does not exist.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_settings::ways_out;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;
use crate::rules::missing::Missing;

declare_rule! {
    /// ## What it does
    /// Finds namespaces in `exportTo` of VirtualServices, DestinationRules and ServiceEntries that nothing in the tree shows.
    ///
    /// ## What happens to traffic
    /// Nobody sees the resource under that name: the namespace that was meant goes on without it.
    ///
    /// ## Example
    /// ```yaml
    /// exportTo: [shopp]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// exportTo: [shop]
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest namespace that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// KIA0005. An info in a tree that declares no Namespace at all.
    pub EXPORT_TO = "MC1419", "export-to", Warning, Mesh,
    "A namespace in exportTo that does not exist",
    ["KIA0005"]
}

/// Every resource with `exportTo`.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        of(context, object, &object.spec.export_to, found);
    }
    for object in &context.resources.destination_rules {
        of(context, object, &object.spec.export_to, found);
    }
    for object in &context.resources.service_entries {
        of(context, object, &object.spec.export_to, found);
    }
}

fn of<T>(
    context: &Context<'_>,
    object: &Object<T>,
    entries: &[Spanned<String>],
    found: &mut Vec<Diagnostic>,
) {
    for (index, entry) in entries.iter().enumerate() {
        let name = entry.value.as_str();
        if matches!(name, "." | "*" | "~" | "") || name == object.namespace() || context.has_namespace(name) {
            continue;
        }
        let missing = Missing::Namespace(name);
        let Some(severity) = missing.severity(context, EXPORT_TO.severity) else { continue };
        let message = format!(
            "exportTo[{index}]: there is no namespace `{name}` in this tree: nobody sees the resource there"
        );
        let finding = object.finding(&EXPORT_TO, entry.span, message).severity(severity).alias("KIA0005");
        found.push(context.suggest(
            finding,
            entry.span,
            name,
            context.namespaces(),
            format!("declare the Namespace; {}", ways_out("namespaces")),
        ));
    }
}
