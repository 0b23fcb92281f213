//! Listeners and their chains (`listener_patch.go`).

use meshc_effective::model::{Patch, PatchChain, PatchKind, PatchListener, PatchOperation};
use serde_json::Value;

use super::{Applier, Crash, SocketMerge, list, merge, merge_socket, text};

/// What patches ask of a listener.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    name: String,
    port: Option<u32>,
}

impl Facts {
    fn of(listener: &Value) -> Self {
        let port = listener.pointer("/address/socket_address/port_value").and_then(Value::as_u64);
        Self {
            name: text(listener, "name").to_owned(),
            port: port.map(|port| u32::try_from(port).unwrap_or_default()),
        }
    }

    /// Whether a patch is for the listener.
    pub(super) fn has(&self, patch: &Patch) -> bool {
        let whole = patch.kind == PatchKind::Listener;
        patch.matches.listener.as_ref().is_none_or(|of| of.is_for(&self.name, self.port, whole))
    }
}

/// What patches ask of a chain.
#[derive(Debug, Clone)]
pub(super) struct ChainFacts {
    name: String,
    matches: Value,
    takes_all: bool,
}

impl ChainFacts {
    fn of(chain: &Value, listener: &Facts) -> Self {
        Self {
            name: text(chain, "name").to_owned(),
            matches: chain.get("filter_chain_match").cloned().unwrap_or_default(),
            takes_all: PatchListener::takes_all(&listener.name),
        }
    }

    /// Whether a patch that is for the listener is for the chain.
    pub(super) fn has(&self, patch: &Patch) -> bool {
        let Some(of) = &patch.matches.listener else { return true };
        if self.takes_all && of.port > 0 && self.port().unwrap_or_default() != u64::from(of.port) {
            return false;
        }
        of.chain.as_ref().is_none_or(|of| self.is(of))
    }

    fn is(&self, of: &PatchChain) -> bool {
        let lists = |key: &str, wanted: &str| {
            let items = self.matches.get(key).and_then(Value::as_array).into_iter().flatten();
            items.into_iter().any(|item| item.as_str() == Some(wanted))
        };
        (of.name.is_empty() || of.name == self.name)
            && (of.sni.is_empty() || lists("server_names", &of.sni))
            && (of.transport_protocol.is_empty()
                || text(&self.matches, "transport_protocol") == of.transport_protocol)
            && of.application_protocols.iter().all(|protocol| lists("application_protocols", protocol))
            && (of.destination_port == 0 || self.port() == Some(u64::from(of.destination_port)))
    }

    fn port(&self) -> Option<u64> {
        self.matches.get("destination_port").and_then(Value::as_u64)
    }
}

impl Applier<'_> {
    /// Patches a listener; `Ok(false)` where it is taken away. What patches of a table that stands in it change is changed
    /// before.
    pub(crate) fn listener(&mut self, listener: &mut Value) -> Result<bool, Crash> {
        for (place, patch) in self.of(PatchKind::Listener) {
            if patch.operation == PatchOperation::Add || !Facts::of(listener).has(patch) {
                continue;
            }
            self.used.insert(place);
            if patch.operation == PatchOperation::Remove {
                return Ok(false);
            }
            if patch.operation.is_merge() {
                merge(patch, listener);
            }
        }
        let facts = Facts::of(listener);
        self.listener_filters(listener, &facts)?;
        self.chains(listener, &facts)?;
        Ok(true)
    }

    fn chains(&mut self, listener: &mut Value, facts: &Facts) -> Result<(), Crash> {
        let mut chains = list::take(listener, "filter_chains");
        let patched = self.each_chain(&mut chains, facts);
        if patched.is_ok() {
            // A chain without filters is none: Istio tells by that which were taken away.
            chains.retain(|chain| chain.get("filters").is_some());
            chains.iter_mut().for_each(list::without_empty_filters);
        }
        list::put(listener, "filter_chains", chains);
        patched?;
        if let Some(fallback) = listener.get_mut("default_filter_chain")
            && fallback.get("filters").is_some()
            && !self.chain(fallback, facts)?
            && let Some(fields) = listener.as_object_mut()
        {
            fields.remove("default_filter_chain");
        }
        let mut added = Vec::new();
        for (place, patch) in self.of(PatchKind::FilterChain) {
            if patch.operation == PatchOperation::Add && facts.has(patch) {
                self.used.insert(place);
                added.extend(patch.value.clone().filter(|chain| chain.get("filters").is_some()));
            }
        }
        let mut chains = list::take(listener, "filter_chains");
        chains.extend(added);
        list::put(listener, "filter_chains", chains);
        Ok(())
    }

    fn each_chain(&mut self, chains: &mut [Value], facts: &Facts) -> Result<(), Crash> {
        for chain in chains {
            if chain.get("filters").is_some()
                && !self.chain(chain, facts)?
                && let Some(fields) = chain.as_object_mut()
            {
                fields.remove("filters");
            }
        }
        Ok(())
    }

    /// `Ok(false)` where the chain is taken away.
    fn chain(&mut self, chain: &mut Value, listener: &Facts) -> Result<bool, Crash> {
        for (place, patch) in self.of(PatchKind::FilterChain) {
            if patch.operation == PatchOperation::Add
                || !listener.has(patch)
                || !ChainFacts::of(chain, listener).has(patch)
            {
                continue;
            }
            self.used.insert(place);
            if patch.operation == PatchOperation::Remove {
                return Ok(false);
            }
            if patch.operation.is_merge()
                && let SocketMerge::AsAny = socket_of_chain(chain, patch)?
            {
                merge(patch, chain);
            }
        }
        let facts = ChainFacts::of(chain, listener);
        self.network_filters(chain, listener, &facts)?;
        Ok(true)
    }
}

/// A transport socket of the same name is merged by its configuration, and then nothing else of the patch is.
fn socket_of_chain(chain: &mut Value, patch: &Patch) -> Result<SocketMerge, Crash> {
    let from = patch.value.as_ref().and_then(|value| value.get("transport_socket"));
    if let (Some(into), Some(from)) = (chain.get_mut("transport_socket"), from)
        && text(into, "name") == text(from, "name")
    {
        merge_socket(into, from)?;
        return Ok(SocketMerge::Done);
    }
    Ok(SocketMerge::AsAny)
}
