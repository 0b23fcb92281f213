//! What a workload lets in: the set of requests that its checks pass, by whoever calls.

use std::net::IpAddr;

use meshc_diagnostics::Witness;
use meshc_effective::model::{PatchSide, Proxy, ProxyKind, Security};
use meshc_predicate::{Error, Language, Limits, Set};

use crate::reach::Site;
use crate::requests::checks::{End, fates};
use crate::requests::{Caller, Model, ModelBuilder, Peer, Place};
use crate::spots::spots;

/// Whose checks, at which port, of which caller.
#[derive(Clone, Copy)]
pub(crate) struct Gate<'a> {
    pub(crate) proxy: &'a Proxy,
    pub(crate) security: &'a Security,
    pub(crate) port: u16,
    pub(crate) source: Option<IpAddr>,
    pub(crate) peer: Peer<'a>,
    /// Bytes, not requests.
    pub(crate) tcp: bool,
}

impl<'a> Gate<'a> {
    /// The checks of a workload's port, for all callers.
    pub(crate) fn of_port(proxy: &'a Proxy, port: u16) -> Self {
        let tcp = spots(proxy, &[&*proxy.security])
            .into_iter()
            .find(|spot| spot.port == port)
            .is_some_and(|spot| spot.tcp);
        Self { proxy, security: &proxy.security, port, source: None, peer: Peer::Anyone, tcp }
    }

    pub(crate) fn place(&self) -> Place<'a> {
        Place {
            port: self.port,
            destination: self.proxy.ip.parse().ok(),
            source: self.source,
            proxy: self.proxy.reader(),
            tcp: self.tcp,
            peer: self.peer,
        }
    }

    /// Adds what the checks ask for; [`Gate::ends`] takes as many sets as this makes.
    pub(crate) fn add(&self, builder: &mut ModelBuilder) -> Result<(), Error> {
        if self.peer == Peer::Anyone {
            builder.add_identified()?;
        }
        builder.add_checks(self.security, self.place())
    }

    /// The requests that pass, those that get 403, and those whose connection is closed.
    pub(crate) fn ends(
        &self,
        model: &mut Model,
        sets: &mut impl Iterator<Item = Set>,
    ) -> Result<Ends, Error> {
        let identified = match self.peer {
            Peer::Anyone => sets.next().unwrap_or(Set::EMPTY),
            Peer::Nobody => Set::EMPTY,
            Peer::Is(_) => Set::ALL,
        };
        let modes = self.proxy.kind == ProxyKind::Sidecar;
        let mut ends = Ends::default();
        for (fate, set) in fates(model, self.security, (self.place(), modes), identified, sets)? {
            let all = match fate.end {
                End::Passed => &mut ends.passed,
                End::Denied => &mut ends.denied,
                End::Closed => &mut ends.closed,
            };
            *all = model.space.or(*all, set)?;
            if fate.end == End::Passed {
                ends.asked.extend(fate.asked);
            }
        }
        Ok(ends)
    }
}

/// How requests end at some checks.
#[derive(Debug, Clone)]
pub(crate) struct Ends {
    pub(crate) passed: Set,
    pub(crate) denied: Set,
    pub(crate) closed: Set,
    /// Providers that are asked about some that pass.
    pub(crate) asked: Vec<String>,
}

impl Default for Ends {
    fn default() -> Self {
        Self { passed: Set::EMPTY, denied: Set::EMPTY, closed: Set::EMPTY, asked: Vec::new() }
    }
}

/// What a port lets in, whoever calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Admission {
    /// `all`, `some`, `none` or `unknown`.
    pub(crate) admits: &'static str,
    /// A request that it lets in, where there is one without a token.
    pub(crate) admitted: Option<Witness>,
    /// One that it does not.
    pub(crate) refused: Option<Witness>,
    /// What it may depend on besides, and why nothing is known.
    pub(crate) needs: Vec<String>,
}

/// What a port lets in, whoever calls.
pub(crate) fn admission(proxy: &Proxy, port: u16) -> Admission {
    let unknown = |why: String| Admission { admits: "unknown", needs: vec![why], ..Admission::default() };
    if let Some(why) = proxy.doubt(PatchSide::inner(proxy)) {
        return unknown(why);
    }
    let gate = Gate::of_port(proxy, port);
    if gate.security.is_open() {
        return Admission { admits: "all", ..Admission::default() };
    }
    of_gate(&gate).unwrap_or_else(|error| unknown(error.to_string()))
}

fn of_gate(gate: &Gate<'_>) -> Result<Admission, Error> {
    let mut builder = ModelBuilder::new(gate.proxy.reader(), Language::any(), &Limits::default())?;
    gate.add(&mut builder)?;
    let mut model = builder.build(gate.proxy.workload.clone())?;
    let mut sets = model.sets.clone().into_iter();
    let ends = gate.ends(&mut model, &mut sets)?;
    let refused = model.space.or(ends.denied, ends.closed)?;
    let mut shown = |set: Set| -> Result<Option<Witness>, Error> {
        let usual = model.usual(set)?;
        let certain = model.certain(usual)?;
        let Some((request, sent)) = model.witness(certain) else { return Ok(None) };
        let Caller { peer, .. } = model.caller(&request, None);
        Ok(Some(Witness { peer, ..Site::Inbound(gate.port).witness(gate.proxy, sent) }))
    };
    let (admitted, turned) = (shown(ends.passed)?, shown(refused)?);
    let mut needs = model.unusual(ends.passed);
    needs.extend(model.unknowns(ends.passed));
    needs.extend(ends.asked.iter().map(|provider| format!("{provider} is asked")));
    needs.sort();
    needs.dedup();
    let admits = match (ends.passed.is_empty(), refused.is_empty()) {
        (true, _) => "none",
        (false, true) => "all",
        (false, false) => "some",
    };
    Ok(Admission { admits, admitted, refused: turned, needs })
}
