//! Network filters (`patchNetworkFilters`).

use meshc_effective::model::{Patch, PatchKind, PatchOperation};
use serde_json::Value;

use super::listener::{ChainFacts, Facts};
use super::{Applier, Crash, MANAGER, list, merge_filter, text};

/// The name of the network filter that a patch asks for.
pub(super) fn asked(patch: &Patch) -> Option<&str> {
    patch.matches.listener.as_ref()?.chain.as_ref()?.filter.as_deref()
}

/// Whether a patch that is for the chain is for a filter of it.
pub(super) fn is_for(patch: &Patch, filter: &Value) -> bool {
    asked(patch).is_none_or(|name| name == text(filter, "name"))
}

impl Applier<'_> {
    pub(super) fn network_filters(
        &mut self,
        chain: &mut Value,
        listener: &Facts,
        facts: &ChainFacts,
    ) -> Result<(), Crash> {
        let mut filters = list::take(chain, "filters");
        let patches: Vec<_> = self
            .of(PatchKind::NetworkFilter)
            .into_iter()
            .filter(|(_, patch)| listener.has(patch) && facts.has(patch))
            .collect();
        for (place, patch) in &patches {
            let is_it = |filter: &Value| is_for(patch, filter);
            let value = patch.value.as_ref();
            if list::edit(&mut filters, patch.operation, value, asked(patch).is_some(), is_it) {
                self.used.insert(*place);
            }
        }
        let mut outcome = Ok(());
        for filter in &mut filters {
            outcome = self.network_filter(filter, &patches, listener, facts);
            if outcome.is_err() {
                break;
            }
        }
        // A chain whose filters were all taken away stays, with none.
        if let Some(fields) = chain.as_object_mut() {
            fields.insert("filters".to_owned(), Value::Array(filters));
        }
        outcome
    }

    fn network_filter(
        &mut self,
        filter: &mut Value,
        patches: &[(usize, &Patch)],
        listener: &Facts,
        chain: &ChainFacts,
    ) -> Result<(), Crash> {
        for (place, patch) in patches {
            if patch.operation != PatchOperation::Merge || !is_for(patch, filter) {
                continue;
            }
            if let Some(value) = &patch.value
                && merge_filter(filter, value)?
            {
                self.used.insert(*place);
            }
        }
        if text(filter, "name") == MANAGER { self.http_filters(filter, listener, chain) } else { Ok(()) }
    }
}
