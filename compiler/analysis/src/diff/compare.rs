//! All proxies of both meshes side by side; what many of them show is collected once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use meshc_diagnostics::Witness;
use meshc_effective::model::{Chain, ChainAction, Origin, PatchSide, Proxy};
use meshc_trace::Tracer;
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde_json::Value;

use super::change::{Change, Diff, Equal, Lines, Unknown};
use super::collected::{Collected, Names, Workloads};
use super::kind::{Kind, Risk};
use super::{
    Side, clusters, describe, listeners, patches, proxies, replay, security, settings, sites, tables, words,
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
    pub(super) fn witness(&self, proxy: &Proxy) -> Option<Witness> {
        let (site, request) = self.witness.clone()?;
        let Caller { peer, source_ip } = self.caller.clone();
        Some(Witness { peer, source_ip, ..site.witness(proxy, request) })
    }
}

#[derive(Default)]
struct Comparison {
    collected: BTreeMap<(Kind, String, String, String), Collected>,
    unknown: BTreeSet<Unknown>,
    /// How many both meshes have together.
    proxies: usize,
    sites: sites::Cache,
    tables: tables::Cache,
    clusters: clusters::Cache,
    /// What was worked out for several proxies, with those, in the order in which they were met.
    shared: IndexMap<usize, (Shared, Vec<Arc<Proxy>>), FxBuildHasher>,
    /// Whether two parts say the same to the letter, by their places in memory.
    alike: FxHashMap<(usize, usize), bool>,
    workloads: Workloads,
}

/// What was worked out for several proxies.
#[derive(Clone)]
enum Shared {
    Table(Rc<tables::TableDiff>),
    Clusters(Rc<Vec<Found>>),
}

impl Shared {
    fn place(&self) -> usize {
        match self {
            Self::Table(diff) => Rc::as_ptr(diff).addr(),
            Self::Clusters(found) => Rc::as_ptr(found).addr(),
        }
    }

    fn found(&self) -> &[Found] {
        match self {
            Self::Table(diff) => &diff.found,
            Self::Clusters(found) => found,
        }
    }
}

/// Compares two meshes.
pub(super) fn compare(base: Side<'_>, head: Side<'_>) -> Diff {
    let mut comparison =
        Comparison { tables: tables::Cache::new(base.mesh, head.mesh), ..Comparison::default() };
    let (of_base, of_head) = rayon::join(|| proxies::by_id(base.mesh), || proxies::by_id(head.mesh));
    let mut both = 0;
    for (id, was) in &of_base {
        let Some(is) = of_head.get(id) else { continue };
        both += 1;
        // What follows edits leaves untouched what does not depend on them.
        if is.kind == was.kind && !Arc::ptr_eq(was, is) {
            comparison.proxy(was, is);
        }
    }
    comparison.settle();
    for (proxy, found) in proxies::added_and_removed(&of_base, &of_head) {
        comparison.add(proxy, &found);
    }
    comparison.proxies = of_base.len() + of_head.len() - both;
    comparison.finish(base, head)
}

impl Comparison {
    fn proxy(&mut self, was: &Arc<Proxy>, is: &Arc<Proxy>) {
        let listen_alike = self.listen_alike(was, is);
        if !listen_alike {
            for found in &listeners::compare(was, is, &|host, port| self.tables.is_known(host, port)) {
                self.add(is, found);
            }
        }
        for found in &settings::compare(was, is, listen_alike) {
            self.add(is, found);
        }
        if !self.alike(&was.patches, &is.patches)
            && let Some(found) = patches::compare(was, is)
        {
            self.add(is, &found);
        }
        let doubts: Vec<(PatchSide, Unknown)> = PatchSide::of(is)
            .iter()
            .filter_map(|side| Some((*side, patches::doubt(was, is, *side)?)))
            .collect();
        let certain = |side: PatchSide| doubts.iter().all(|(of, _)| *of != side);
        if certain(PatchSide::inner(is)) && !self.alike(&was.security, &is.security) {
            let security = security::compare(was, is);
            for found in &security.found {
                self.add(is, found);
            }
            self.unknown.extend(security.unknown);
        }
        let found = self.clusters.compare(was, is);
        self.share(Shared::Clusters(found), is);
        for (site, before, after) in self.sites.tables(was, is) {
            let side = match &site {
                Site::Table(_) => PatchSide::outer(is),
                Site::Inbound(_) => PatchSide::inner(is),
            };
            if !certain(side) {
                continue;
            }
            let diff = self.tables.compare(was, is, &site, before, after);
            self.unknown.extend(diff.unknown.iter().cloned());
            self.share(Shared::Table(diff), is);
        }
        self.unknown.extend(doubts.into_iter().map(|(_, doubt)| doubt));
    }

    /// Whether two parts say the same to the letter, sources included.
    fn alike<T: PartialEq>(&mut self, was: &Arc<T>, is: &Arc<T>) -> bool {
        let places = (Arc::as_ptr(was).addr(), Arc::as_ptr(is).addr());
        places.0 == places.1 || *self.alike.entry(places).or_insert_with(|| was == is)
    }

    /// Whether two proxies have the same listeners, and bytes that they pass on arrive on both sides or on none.
    fn listen_alike(&mut self, was: &Proxy, is: &Proxy) -> bool {
        let has = |proxy: &Proxy, name: &str| proxy.clusters.get(name).is_some_and(|c| c.has_endpoints());
        let arrives_alike = |chain: &Chain| match &chain.action {
            ChainAction::Tcp(forward) => {
                forward.destinations.iter().all(|(name, _)| has(was, name) == has(is, name))
            }
            ChainAction::HttpTable { .. } | ChainAction::HttpInline { .. } => true,
        };
        was.listeners.len() == is.listeners.len()
            && was.listeners.iter().zip(&is.listeners).all(|(was, is)| self.alike(was, is))
            && (was.clusters.same(&is.clusters)
                || is.listeners.iter().flat_map(|listener| listener.all_chains()).all(arrives_alike))
    }

    /// Keeps what a proxy shares with others.
    fn share(&mut self, shared: Shared, proxy: &Arc<Proxy>) {
        if !shared.found().is_empty() {
            let known = self.shared.entry(shared.place()).or_insert_with(|| (shared, Vec::new()));
            known.1.push(Arc::clone(proxy));
        }
    }

    /// Adds what proxies share.
    fn settle(&mut self) {
        for (shared, proxies) in std::mem::take(&mut self.shared).into_values() {
            for found in shared.found() {
                let mut proxies = proxies.iter();
                let Some(first) = proxies.next() else { continue };
                let (collected, workloads) = self.add(first, found);
                collected.expect(proxies.len());
                for proxy in proxies {
                    collected.has(proxy, workloads);
                }
            }
        }
    }

    fn add(&mut self, proxy: &Proxy, found: &Found) -> (&mut Collected, &mut Workloads) {
        let key = (found.kind, found.subject.clone(), found.before.to_string(), found.after.to_string());
        let collected = self.collected.entry(key).or_insert_with(|| Collected::new(found, proxy));
        if collected.found.futile && !found.futile {
            collected.witness = found.witness(proxy);
            collected.found = found.clone();
        }
        if !collected.requests.contains(&found.requests) {
            collected.requests.insert(found.requests.clone());
        }
        collected.has(proxy, &mut self.workloads);
        (collected, &mut self.workloads)
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
        let names = self.workloads.names();
        for mut collected in self.collected.into_values() {
            let found = &mut collected.found;
            if services.get(&found.label).is_some_and(|all| all.len() > 1)
                && let Some(service) = describe::with_namespace(&found.subject)
            {
                service.clone_into(&mut found.label);
            }
            match change(collected, &names, (base, &before), (head, &after)) {
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
    names: &Names,
    (base, before): (Side<'_>, &Tracer<'_>),
    (head, after): (Side<'_>, &Tracer<'_>),
) -> Result<Change, Unknown> {
    let affected = collected.affected(names);
    let Collected { found, requests, witness, at_gateway, .. } = collected;
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
        affected,
    })
}
