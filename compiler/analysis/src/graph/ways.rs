//! One virtual host: what becomes of a caller's requests to each destination that is wanted.

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_diagnostics::Witness;
use meshc_effective::model::{Forward, PatchSide, Percent, Route, RouteTable, VirtualHost};
use meshc_predicate::{Error, Limits, Set};
use petgraph::graph::NodeIndex;

use super::connections::plain;
use super::hop::{self, Touched};
use super::policy::Gate;
use super::query::{Behind, Look, alike};
use super::verdict::{Refused, Verdict, Way};
use super::{Entry, Place};
use crate::diff::{curl, describe};
use crate::requests::{Model, ModelBuilder, Partition, Peer};

/// One route on the way to one group of workloads.
struct Leg<'a, 'm> {
    entry: &'a Entry<'m>,
    table: &'m RouteTable,
    route: &'m Route,
    forward: &'m Forward,
    behind: &'a Behind<'m>,
    group: &'a [Place<'m>],
    identity: Option<String>,
}

/// The sets of a leg: what is sent, and what of it is let in.
struct Ends {
    sent: Set,
    passed: Set,
    refused: Set,
    asked: Vec<String>,
}

impl<'m> Look<'_, 'm> {
    /// The ways through a virtual host, by the routes that lead to what is wanted.
    pub(super) fn host(
        &self,
        node: NodeIndex,
        entry: &Entry<'m>,
        targets: &BTreeMap<usize, Vec<Behind<'m>>>,
        ways: &mut Vec<Way>,
    ) {
        let Some((table, at, host)) = self.graph.host(node) else { return };
        for (&index, all) in targets {
            let Some(route) = host.routes.get(index) else { continue };
            let Some(forward) = Self::action(route) else { continue };
            // What a fault always answers goes nowhere.
            let aborts = route.fault.as_ref().and_then(|fault| fault.abort.as_ref());
            if aborts.is_some_and(|abort| abort.percent == Percent::ALL) {
                continue;
            }
            for behind in all {
                ways.extend(self.destination(entry, (table, at, host), (index, route, forward), behind));
            }
        }
    }

    pub(super) fn destination(
        &self,
        entry: &Entry<'m>,
        (table, at, host): (&'m RouteTable, usize, &'m VirtualHost),
        (index, route, forward): (usize, &'m Route, &'m Forward),
        behind: &Behind<'m>,
    ) -> Vec<Way> {
        let key = |place: &Place<'_>| {
            let security = place.proxy.map(|proxy| std::sync::Arc::as_ptr(&proxy.security).addr());
            format!("{security:?} {:?} {}", self.identity(entry, behind.cluster, place), place.port)
        };
        let mut groups = alike(&behind.places, key);
        if groups.is_empty() {
            groups.push(Vec::new());
        }
        let mut found = Vec::new();
        for group in &groups {
            let identity = match group.first() {
                Some(place) => self.identity(entry, behind.cluster, place),
                None => Ok(None),
            };
            let (identity, obstacle) = match identity {
                Ok(identity) => (identity, None),
                Err(why) => (None, Some(why)),
            };
            let leg = Leg { entry, table, route, forward, behind, group, identity };
            let obstacle = obstacle.or_else(|| doubt(entry, group));
            let way = match obstacle {
                Some(why) => Some(leg.way(self, Verdict::Unknown, Some(why))),
                None => match self.leg(&leg, at, host, index) {
                    Ok(way) => way,
                    Err(error) => Some(leg.way(self, Verdict::Unknown, Some(error.to_string()))),
                },
            };
            found.extend(way);
        }
        found
    }

    /// What becomes of the requests of a leg; none if none takes the route.
    fn leg(
        &self,
        leg: &Leg<'_, 'm>,
        at: usize,
        host: &VirtualHost,
        index: usize,
    ) -> Result<Option<Way>, Error> {
        let limits = Limits::default();
        let asked = self.asked(leg.table);
        let own = asked.own(at);
        let reader = leg.entry.proxy.reader();
        let found = ModelBuilder::to(reader, (asked.domains(), &own), &host.routes, &limits)?;
        let Some((mut builder, authority)) = found else { return Ok(None) };
        builder.add(&self.requests)?;
        builder.add_host(Some(host))?;
        let peer = leg.identity.as_deref().map_or(Peer::Nobody, Peer::Is);
        let of_gateway =
            leg.entry.listener.and_then(|listener| Some((listener.security.as_deref()?, listener.port)));
        let first = of_gateway.map(|(security, port)| {
            let proxy = leg.entry.proxy;
            Gate { proxy, security, port, source: None, peer: Peer::Anyone, tcp: false }
        });
        if let Some(gate) = &first {
            gate.add(&mut builder)?;
        }
        let source: Option<IpAddr> = leg.entry.proxy.ip.parse().ok();
        let second = leg.group.first().and_then(|place| {
            let proxy = place.proxy?;
            Some(Gate { proxy, security: &proxy.security, port: place.port, source, peer, tcp: false })
        });
        if let Some(gate) = &second {
            gate.add(&mut builder)?;
        }
        let mut model = builder.build(authority)?;
        let mut sets = model.sets.clone().into_iter();
        let asked_for = sets.next().unwrap_or(Set::ALL);
        let of_host: Vec<Set> = sets.by_ref().take(Partition::sets(Some(host))).collect();
        let partition = Partition::new(&mut model.space, &of_host)?;
        let sent = model.space.and(partition.first.reach(index), asked_for)?;
        if sent.is_empty() {
            return Ok(None);
        }
        let mut ends = Ends { sent, passed: sent, refused: Set::EMPTY, asked: Vec::new() };
        if let Some(gate) = &first {
            let checked = gate.ends(&mut model, &mut sets)?;
            ends.cut(&mut model, &checked, checked.passed)?;
        }
        let mut touches = false;
        if let Some(gate) = &second {
            let checked = gate.ends(&mut model, &mut sets)?;
            let touched = Touched::by(leg.route, leg.forward, leg.behind.name);
            let fields = model.fields_of(touched.path, touched.authority, &touched.headers);
            touches = model.depends(checked.passed, &fields);
            // What the checks may let in, whatever stands in the fields that the route writes anew.
            let most =
                fields.iter().try_fold(checked.passed, |set, field| model.space.forget(set, *field))?;
            ends.cut(&mut model, &checked, most)?;
        }
        self.judge(leg, &mut model, &ends, touches).map(Some)
    }

    fn judge(&self, leg: &Leg<'_, 'm>, model: &mut Model, ends: &Ends, touches: bool) -> Result<Way, Error> {
        if leg.group.is_empty() && !leg.behind.outside {
            let mut way = leg.way(self, Verdict::NoEndpoint, None);
            way.witness = self.shown(leg, model, ends.sent)?;
            way.curl = way.witness.as_ref().map(curl);
            return Ok(way);
        }
        let mut way = leg.way(self, Verdict::Denied, None);
        let needs = |model: &Model, set: Set| {
            let mut needs = model.unusual(set);
            needs.extend(ends.asked.iter().map(|provider| format!("{provider} lets it pass")));
            needs.sort();
            needs.dedup();
            needs
        };
        if let Some(refused) = self.shown(leg, model, ends.refused)? {
            way.refused = self.refused(leg, refused);
        }
        if ends.passed.is_empty() {
            return Ok(way);
        }
        let unknowns = model.unknowns(ends.passed);
        way.needs = needs(model, ends.passed);
        let Some(witness) = self.shown(leg, model, ends.passed)? else {
            // Without a token none passes; with one, some does, or nobody knows.
            let known = unknowns.is_empty() && !touches;
            way.verdict = if known { Verdict::Reaches } else { Verdict::Unknown };
            way.why = (!known).then(|| reason(&unknowns, touches));
            return Ok(way);
        };
        way.needs.clear();
        let arrived = match leg.group.first() {
            Some(place) if !leg.behind.mirror => {
                let source = leg.entry.proxy.ip.as_str();
                hop::send(self.tracer, &witness, leg.behind.name, place, (leg.identity.as_deref(), source))
            }
            _ => self.tracer.trace(&meshc_trace::Query::from(&witness)).map(hop::Arrival::at_none),
        };
        match arrived {
            Ok(arrival) if arrival.is_admitted() => {
                way.verdict = Verdict::Reaches;
                way.through = arrival.through();
                way.curl = Some(curl(&witness));
                way.witness = Some(witness);
                way.needs = ends.asked.iter().map(|provider| format!("{provider} lets it pass")).collect();
            }
            Ok(arrival) if touches => {
                way.verdict = Verdict::Unknown;
                way.why = Some(reason(&unknowns, true));
                way.through = arrival.through();
            }
            Ok(arrival) => {
                way.verdict = Verdict::Unknown;
                way.why = Some("the interpreter does not let the request in that shows it".to_owned());
                way.through = arrival.through();
            }
            Err(error) => {
                way.verdict = Verdict::Unknown;
                way.why = Some(error.to_string());
            }
        }
        Ok(way)
    }

    /// A request of a set as the caller sends it.
    fn shown(&self, leg: &Leg<'_, 'm>, model: &mut Model, set: Set) -> Result<Option<Witness>, Error> {
        let usual = model.usual(set)?;
        let certain = model.certain(usual)?;
        let Some((request, sent)) = model.witness(certain) else { return Ok(None) };
        let caller = model.caller(&request, None);
        let witness = leg.entry.site(&leg.table.name).witness(leg.entry.proxy, sent);
        Ok(Some(Witness { peer: caller.peer, ..witness }))
    }

    /// A refused request with the answer and what decided.
    fn refused(&self, leg: &Leg<'_, 'm>, witness: Witness) -> Option<Refused> {
        let place = leg.group.first()?;
        let source = leg.entry.proxy.ip.as_str();
        let arrival =
            hop::send(self.tracer, &witness, leg.behind.name, place, (leg.identity.as_deref(), source))
                .ok()?;
        let answer = match (&arrival.got, arrival.is_admitted()) {
            (Some(got), false) => got,
            // The gateway itself refuses.
            (None, false) => &arrival.sent,
            _ => return None,
        };
        Some(Refused {
            status: answer.status,
            because: answer.because.clone(),
            curl: Some(curl(&witness)),
            witness: Some(witness),
        })
    }
}

/// Why what proxies do on the way is not certain: a patch changes it.
pub(super) fn doubt(entry: &Entry<'_>, group: &[Place<'_>]) -> Option<String> {
    let outer = entry.proxy.doubt(PatchSide::outer(entry.proxy));
    outer.or_else(|| {
        let proxy = group.first()?.proxy?;
        proxy.doubt(PatchSide::inner(proxy))
    })
}

fn reason(unknowns: &[String], touches: bool) -> String {
    if touches {
        "the route changes what the workload's policies look at".to_owned()
    } else {
        unknowns.join("; ")
    }
}

impl Leg<'_, '_> {
    fn way(&self, look: &Look<'_, '_>, verdict: Verdict, why: Option<String>) -> Way {
        let requests = describe::requests("", &self.route.matches).trim().to_owned();
        let plain =
            plain(look, self.entry, self.behind, self.group, (verdict, requests), &self.route.origins);
        Way { identity: self.identity.clone(), why, ..plain }
    }
}

impl Ends {
    /// Leaves of what passes so far what some checks let in.
    fn cut(&mut self, model: &mut Model, checked: &super::policy::Ends, passed: Set) -> Result<(), Error> {
        let turned = model.space.or(checked.denied, checked.closed)?;
        let turned = model.space.and(self.passed, turned)?;
        self.refused = model.space.or(self.refused, turned)?;
        self.passed = model.space.and(self.passed, passed)?;
        self.asked.extend(checked.asked.iter().cloned());
        Ok(())
    }
}
