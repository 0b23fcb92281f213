//! Listener filters (`patchListenerFilters`).

use meshc_effective::model::{Patch, PatchKind, PatchOperation};
use serde_json::Value;

use super::listener::Facts;
use super::{Applier, Crash, list, merge_config, text};

/// The name of the listener filter that a patch is relative to.
fn asked(patch: &Patch) -> Option<&str> {
    let name = &patch.matches.listener.as_ref()?.listener_filter;
    (!name.is_empty()).then_some(name)
}

impl Applier<'_> {
    pub(super) fn listener_filters(&mut self, listener: &mut Value, facts: &Facts) -> Result<(), Crash> {
        for (place, patch) in self.of(PatchKind::ListenerFilter) {
            if !facts.has(patch) {
                continue;
            }
            let asked = asked(patch);
            let mut filters = list::take(listener, "listener_filters");
            let outcome = if patch.operation == PatchOperation::Merge {
                merge_all(&mut filters, patch, asked)
            } else {
                let is_it = |filter: &Value| asked == Some(text(filter, "name"));
                Ok(list::edit(&mut filters, patch.operation, patch.value.as_ref(), asked.is_some(), is_it))
            };
            list::put(listener, "listener_filters", filters);
            if outcome? {
                self.used.insert(place);
            }
        }
        Ok(())
    }
}

/// Istio merges into every filter of the listener, whichever the patch names, as long as it names one; the name stays.
fn merge_all(filters: &mut [Value], patch: &Patch, asked: Option<&str>) -> Result<bool, Crash> {
    if asked.is_none() {
        return Ok(false);
    }
    let from = patch.value.as_ref().and_then(|value| value.get("typed_config"));
    let mut found = false;
    for filter in filters {
        let Some(config) = filter.get_mut("typed_config") else { continue };
        found = true;
        if let Some(from) = from {
            merge_config(config, from)?;
        }
    }
    Ok(found)
}
