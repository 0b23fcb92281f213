//! HTTP filters (`patchHTTPFilters`).

use meshc_effective::model::{Patch, PatchKind, PatchOperation};
use serde_json::Value;

use super::listener::{ChainFacts, Facts};
use super::network_filters::is_for;
use super::{Applier, Crash, list, merge_filter, text};

/// The end of the type of the configuration that has HTTP filters.
const MANAGER_TYPE: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/// The name of the HTTP filter that a patch asks for.
fn asked(patch: &Patch) -> Option<&str> {
    patch.matches.listener.as_ref()?.chain.as_ref()?.sub_filter.as_deref()
}

fn is_it(patch: &Patch, filter: &Value) -> bool {
    asked(patch).is_none_or(|name| name == text(filter, "name"))
}

impl Applier<'_> {
    pub(super) fn http_filters(
        &mut self,
        manager: &mut Value,
        listener: &Facts,
        chain: &ChainFacts,
    ) -> Result<(), Crash> {
        let patches: Vec<_> = self
            .of(PatchKind::HttpFilter)
            .into_iter()
            .filter(|(_, patch)| listener.has(patch) && chain.has(patch) && is_for(patch, manager))
            .collect();
        let Some(config) = manager.get_mut("typed_config") else { return Ok(()) };
        if !text(config, "@type").ends_with(MANAGER_TYPE) {
            return Ok(());
        }
        // On a copy: where Istio runs into an error, it loses what it did to the filters of this chain.
        let items = config.get("http_filters").and_then(Value::as_array);
        let mut filters = items.cloned().unwrap_or_default();
        for (place, patch) in &patches {
            let is_it = |filter: &Value| is_it(patch, filter);
            let value = patch.value.as_ref();
            if list::edit(&mut filters, patch.operation, value, asked(patch).is_some(), is_it) {
                self.used.insert(*place);
            }
        }
        for filter in &mut filters {
            for (place, patch) in &patches {
                if patch.operation == PatchOperation::Merge
                    && is_it(patch, filter)
                    && let Some(value) = &patch.value
                    && merge_filter(filter, value)?
                {
                    self.used.insert(*place);
                }
            }
        }
        if let Some(fields) = config.as_object_mut() {
            fields.remove("http_filters");
        }
        list::put(config, "http_filters", filters);
        Ok(())
    }
}
