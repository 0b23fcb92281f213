//! All proxies of both meshes side by side; what many of them show is collected once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use meshc_diagnostics::Witness;
use meshc_effective::model::{Origin, PatchSide, Proxy, ProxyId, ProxyKind};
use meshc_trace::Tracer;
use serde_json::Value;

use super::change::{Affected, Change, Diff, Equal, Lines, Unknown};
use super::kind::{Kind, Risk};
use super::{
    Side, clusters, describe, listeners, patches, proxies, replay, security, settings, tables, words,
};
use crate::origin::because;
use crate::reach::Site;
use crate::requests::Caller;

/// A difference as one proxy shows it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) risk: Risk,
    /// Whom it concerns: with the kind and both values, what makes it the same difference elsewhere.
    pub(super) subject: String,
    /// What goes before the difference in its summary, `reviews`.
    pub(super) label: String,
    /// The requests, `GET /api/v2/*`; empty where it is not about requests.
    pub(super) requests: String,
    /// What is different.
    pub(super) text: String,
    pub(super) before: Value,
    pub(super) after: Value,
    /// Nothing is reached on either side; of several proxies or tables, one that reaches something tells more.
    pub(super) futile: bool,
    /// Who sends the request that shows it.
    pub(super) caller: Caller,
    /// A request that shows it.
    pub(super) witness: Option<(Site, meshc_diagnostics::WitnessRequest)>,
    pub(super) base: Vec<Origin>,
    pub(super) head: Vec<Origin>,
}

impl Found {
    /// Settings that differ, which no request shows.
    pub(super) fn settings(
        kind: Kind,
        (subject, label): (String, String),
        before: Value,
        after: Value,
        (base, head): (&[Origin], &[Origin]),
    ) -> Self {
        Self {
            kind,
            risk: kind.risk(),
            subject,
            label,
            requests: String::new(),
            text: words::settings(&before, &after),
            before,
            after,
            futile: false,
            caller: Caller::default(),
            witness: None,
            base: base.to_vec(),
            head: head.to_vec(),
        }
    }

    /// The request that shows it, at a proxy.
    fn witness(&self, proxy: &Proxy) -> Option<Witness> {
        let (site, request) = self.witness.clone()?;
        let Caller { peer, source_ip } = self.caller.clone();
        Some(Witness { peer, source_ip, ..site.witness(proxy, request) })
    }
}

/// A difference with all proxies that show it.
struct Collected {
    found: Found,
    requests: BTreeSet<String>,
    witness: Option<Witness>,
    proxies: BTreeSet<ProxyId>,
    /// The proxies' workloads, `NAME.NAMESPACE`.
    workloads: BTreeSet<String>,
    /// Whether a gateway is among them.
    at_gateway: bool,
}

#[derive(Default)]
struct Comparison {
    collected: BTreeMap<(Kind, String, String, String), Collected>,
    unknown: BTreeSet<Unknown>,
    /// How many both meshes have together.
    proxies: usize,
    tables: tables::Cache,
    clusters: clusters::Cache,
}

/// Compares two meshes.
pub(super) fn compare(base: Side<'_>, head: Side<'_>) -> Diff {
    let mut comparison = Comparison::default();
    let by_id = |side: &Side<'_>| -> BTreeMap<ProxyId, Arc<Proxy>> {
        side.mesh.proxies.iter().map(|proxy| (proxy.id.clone(), Arc::clone(proxy))).collect()
    };
    let (of_base, of_head) = (by_id(&base), by_id(&head));
    for (id, was) in &of_base {
        match of_head.get(id) {
            Some(is) if is.kind == was.kind => comparison.proxy(was, is),
            _ => {}
        }
    }
    for (proxy, found) in proxies::added_and_removed(&of_base, &of_head) {
        comparison.add(proxy, &found);
    }
    comparison.proxies = of_base.keys().chain(of_head.keys()).collect::<BTreeSet<_>>().len();
    comparison.finish(base, head)
}

impl Comparison {
    fn proxy(&mut self, was: &Arc<Proxy>, is: &Arc<Proxy>) {
        for found in &listeners::compare(was, is) {
            self.add(is, found);
        }
        for found in &settings::compare(was, is) {
            self.add(is, found);
        }
        if let Some(found) = patches::compare(was, is) {
            self.add(is, &found);
        }
        let doubts: Vec<(PatchSide, Unknown)> = PatchSide::of(is)
            .iter()
            .filter_map(|side| Some((*side, patches::doubt(was, is, *side)?)))
            .collect();
        let certain = |side: PatchSide| doubts.iter().all(|(of, _)| *of != side);
        if certain(PatchSide::inner(is)) {
            let security = security::compare(was, is);
            for found in &security.found {
                self.add(is, found);
            }
            self.unknown.extend(security.unknown);
        }
        let found = self.clusters.compare(was, is);
        for found in found.iter() {
            self.add(is, found);
        }
        for (site, before, after) in listeners::tables(was, is) {
            let side = match &site {
                Site::Table(_) => PatchSide::outer(is),
                Site::Inbound(_) => PatchSide::inner(is),
            };
            if !certain(side) {
                continue;
            }
            let diff = self.tables.compare(was, is, &site, before, after);
            for found in &diff.found {
                self.add(is, found);
            }
            self.unknown.extend(diff.unknown.iter().cloned());
        }
        self.unknown.extend(doubts.into_iter().map(|(_, doubt)| doubt));
    }

    fn add(&mut self, proxy: &Proxy, found: &Found) {
        let key = (found.kind, found.subject.clone(), found.before.to_string(), found.after.to_string());
        let collected = self.collected.entry(key).or_insert_with(|| Collected {
            witness: found.witness(proxy),
            found: found.clone(),
            requests: BTreeSet::new(),
            proxies: BTreeSet::new(),
            workloads: BTreeSet::new(),
            at_gateway: false,
        });
        if collected.found.futile && !found.futile {
            collected.witness = found.witness(proxy);
            collected.found = found.clone();
        }
        if !collected.requests.contains(&found.requests) {
            collected.requests.insert(found.requests.clone());
        }
        if collected.proxies.insert(proxy.id.clone()) {
            collected.workloads.insert(format!("{}.{}", proxy.workload, proxy.id.namespace));
            collected.at_gateway |= proxy.kind == ProxyKind::Gateway;
        }
    }

    fn finish(mut self, base: Side<'_>, head: Side<'_>) -> Diff {
        let before = Tracer::new(base.mesh, base.sources);
        let after = Tracer::new(head.mesh, head.sources);
        let mut changes = Vec::new();
        let mut services: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for found in self.collected.values().map(|collected| &collected.found) {
            if let Some(service) = describe::with_namespace(&found.subject) {
                services.entry(found.label.clone()).or_default().insert(service.to_owned());
            }
        }
        for mut collected in self.collected.into_values() {
            let found = &mut collected.found;
            if services.get(&found.label).is_some_and(|all| all.len() > 1)
                && let Some(service) = describe::with_namespace(&found.subject)
            {
                service.clone_into(&mut found.label);
            }
            match change(collected, (base, &before), (head, &after)) {
                Ok(change) => changes.push(change),
                Err(unknown) => {
                    self.unknown.insert(unknown);
                }
            }
        }
        changes.sort_by(|a, b| {
            let key = |change: &Change| (change.risk, change.concern, change.kind);
            key(a).cmp(&key(b)).then_with(|| a.summary.cmp(&b.summary))
        });
        let equal = match (changes.is_empty(), self.unknown.is_empty()) {
            (true, true) => Equal::Yes,
            (true, false) => Equal::Unknown,
            (false, _) => Equal::No,
        };
        Diff {
            version: 1,
            base: base.name.to_owned(),
            head: head.name.to_owned(),
            equal,
            proxies: self.proxies,
            changes,
            unknown: self.unknown.into_iter().collect(),
        }
    }
}

/// A difference with its answers.
fn change(
    collected: Collected,
    (base, before): (Side<'_>, &Tracer<'_>),
    (head, after): (Side<'_>, &Tracer<'_>),
) -> Result<Change, Unknown> {
    let Collected { found, requests, witness, proxies, workloads, at_gateway } = collected;
    let mut summary = format!("{}: ", found.label);
    if !found.requests.is_empty() {
        summary.push_str(&found.requests);
        match requests.len() {
            0 | 1 => {}
            count => {
                let _ = write!(summary, " and {} more", count - 1);
            }
        }
        summary.push(' ');
    }
    summary.push_str(&found.text);
    let (was, is) = match &witness {
        None => (found.before, found.after),
        Some(witness) => {
            let unknown = |why: String| Unknown { what: summary.clone(), why };
            let was = replay::replay(before, witness).map_err(|error| unknown(error.to_string()))?;
            let is = replay::replay(after, witness).map_err(|error| unknown(error.to_string()))?;
            if replay::same(&was, &is) {
                return Err(unknown(format!(
                    "the settings differ, but the answer to {} {} does not",
                    witness.request.method, witness.request.path
                )));
            }
            let value = |answer| serde_json::to_value(answer).map_err(|error| unknown(error.to_string()));
            (value(was)?, value(is)?)
        }
    };
    Ok(Change {
        kind: found.kind,
        risk: found.risk,
        concern: found.kind.concern_at(at_gateway),
        summary,
        witness,
        before: was,
        after: is,
        because: Lines { base: because(&found.base, base.sources), head: because(&found.head, head.sources) },
        affected: Affected { proxies: proxies.len(), workloads: workloads.into_iter().collect() },
    })
}
