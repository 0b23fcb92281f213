//! Who needs no route: anyone in the cluster who connects to a pod in plaintext, without an identity.

use std::collections::BTreeSet;

use meshc_diagnostics::Witness;
use meshc_effective::model::PatchSide;
use meshc_predicate::{Error, Language, Limits, Set};
use meshc_trace::{Answer, Query};
use petgraph::graph::NodeIndex;

use super::policy::{Ends, Gate};
use super::query::Look;
use super::select::Wanted;
use super::verdict::{Refused, Verdict, Way};
use super::{Node, Place};
use crate::diff::curl;
use crate::promises::{Destination, destination_words};
use crate::reach::Site;
use crate::requests::{Model, ModelBuilder, Peer};

/// Who sends.
pub(super) const ANYONE: &str = "anyone without a sidecar";

impl Look<'_, '_> {
    /// What becomes of plaintext to each port behind what is wanted.
    pub(super) fn direct(&self, wanted: &Wanted) -> Vec<Way> {
        let net = &self.graph.net;
        let mut places: BTreeSet<(NodeIndex, &str)> = BTreeSet::new();
        for node in net.node_indices() {
            let Node::Destination { name, .. } = &net[node] else { continue };
            for end in net.neighbors(node) {
                if let Node::Workload(place) = &net[end]
                    && (wanted.is_cluster(name) || wanted.is_workload(place))
                {
                    // The first name that leads there stands for all.
                    if !places.iter().any(|(known, _)| *known == end) {
                        places.insert((end, name));
                    }
                }
            }
        }
        let ways = places.into_iter().filter_map(|(node, cluster)| match &net[node] {
            Node::Workload(place) => self.plaintext(place, cluster),
            _ => None,
        });
        ways.collect()
    }

    fn plaintext(&self, place: &Place<'_>, cluster: &str) -> Option<Way> {
        let proxy = place.proxy?;
        let gate = Gate { peer: Peer::Nobody, ..Gate::of_port(proxy, place.port) };
        let mut way = Way {
            from: ANYONE.to_owned(),
            to: destination_words(cluster),
            cluster: cluster.to_owned(),
            workloads: vec![format!("{}.{}", place.workload, place.namespace)],
            verdict: Verdict::Denied,
            requests: if gate.tcp { format!("connections to port {}", place.port) } else { "/*".to_owned() },
            share: 100.0,
            mirror: false,
            identity: None,
            needs: Vec::new(),
            witness: None,
            curl: None,
            refused: None,
            through: Vec::new(),
            why: None,
        };
        let host = Destination::read(cluster).map_or(place.workload.as_str(), |destination| destination.host);
        if let Err(error) = self.judge_plaintext(&gate, host, &mut way) {
            way.verdict = Verdict::Unknown;
            way.why = Some(error.to_string());
        }
        Some(way)
    }

    fn judge_plaintext(&self, gate: &Gate<'_>, host: &str, way: &mut Way) -> Result<(), Error> {
        if let Some(why) = gate.proxy.doubt(PatchSide::inner(gate.proxy)) {
            way.verdict = Verdict::Unknown;
            way.why = Some(why);
            return Ok(());
        }
        let mut builder = ModelBuilder::new(gate.proxy.reader(), Language::any(), &Limits::default())?;
        builder.add(&self.requests)?;
        gate.add(&mut builder)?;
        let mut model = builder.build(host.to_owned())?;
        let mut sets = model.sets.clone().into_iter();
        let asked_for = sets.next().unwrap_or(Set::ALL);
        let Ends { passed, denied, closed, asked } = gate.ends(&mut model, &mut sets)?;
        let passed = model.space.and(passed, asked_for)?;
        let refused = model.space.or(denied, closed)?;
        let refused = model.space.and(refused, asked_for)?;
        if let Some((witness, answer)) = self.sent(gate, &mut model, refused)?
            && answer.destinations.is_empty()
        {
            way.refused = Some(Refused {
                status: answer.status,
                because: answer.because,
                curl: Some(curl(&witness)),
                witness: Some(witness),
            });
        }
        if passed.is_empty() {
            return Ok(());
        }
        way.needs = model.unusual(passed);
        way.needs.extend(asked.iter().map(|provider| format!("{provider} lets it pass")));
        match self.sent(gate, &mut model, passed)? {
            Some((witness, answer)) if !answer.destinations.is_empty() => {
                way.verdict = Verdict::Reaches;
                way.needs = asked.iter().map(|provider| format!("{provider} lets it pass")).collect();
                way.through = answer.because;
                way.curl = Some(curl(&witness));
                way.witness = Some(witness);
            }
            _ => {
                let unknowns = model.unknowns(passed);
                let known = unknowns.is_empty() && !way.needs.is_empty();
                way.verdict = if known { Verdict::Reaches } else { Verdict::Unknown };
                way.why = (!known).then(|| unknowns.join("; "));
            }
        }
        Ok(())
    }

    /// A request of a set with the answer to it.
    fn sent(&self, gate: &Gate<'_>, model: &mut Model, set: Set) -> Result<Option<(Witness, Answer)>, Error> {
        let usual = model.usual(set)?;
        let certain = model.certain(usual)?;
        let Some((_, request)) = model.witness(certain) else { return Ok(None) };
        let witness = Site::Inbound(gate.port).witness(gate.proxy, request);
        Ok(self.tracer.trace(&Query::from(&witness)).ok().map(|answer| (witness, answer)))
    }
}
