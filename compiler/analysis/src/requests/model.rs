//! The finished space of the requests to some virtual hosts, and the way back from it to a request that can be sent.

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_diagnostics::WitnessRequest;
use meshc_effective::model::PathNormalization;
use meshc_predicate::{Error, FieldId, Request, Set, Space, Value};

use super::builder::{FORWARDED_PROTO, Part};
use super::envoy;

/// Who sends a witness.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The SPIFFE identity; none: plaintext.
    pub(crate) peer: Option<String>,
    /// The address.
    pub(crate) source_ip: Option<String>,
}

/// A space with the sets of the matches that were added to its builder, in their order.
pub(crate) struct Model {
    pub(crate) space: Space,
    /// What each match holds for.
    pub(crate) sets: Vec<Set>,
    pub(super) parts: BTreeMap<Part, FieldId>,
    pub(super) refused: Vec<(FieldId, String)>,
    pub(super) usual: Vec<(FieldId, bool, String)>,
    pub(super) authority: String,
    /// What became of paths before they were seen.
    pub(super) paths: PathNormalization,
}

impl Model {
    /// Why it is not known which requests are in a set; empty if it is.
    pub(crate) fn unknowns(&self, set: Set) -> Vec<String> {
        let mut reasons: Vec<String> = self.space.unknowns_of(set).iter().map(ToString::to_string).collect();
        if !self.refused.is_empty() {
            let support = self.space.support(set);
            let refused = self.refused.iter().filter(|(flag, _)| support.contains(flag));
            reasons.extend(refused.map(|(_, complaint)| complaint.clone()));
        }
        reasons.sort();
        reasons.dedup();
        reasons
    }

    /// The part of a set that is certain: the requests that are in it whatever the unknown patterns mean.
    pub(crate) fn certain(&mut self, set: Set) -> Result<Set, Error> {
        let certain = self.space.certain(set)?;
        if self.refused.is_empty() {
            return Ok(certain);
        }
        let is_refused = |field: &FieldId| self.refused.iter().any(|(flag, _)| flag == field);
        let flags: Vec<FieldId> = self.space.support(certain).into_iter().filter(is_refused).collect();
        flags.into_iter().try_fold(certain, |set, flag| Ok(!self.space.forget(!set, flag)?))
    }

    /// The part of a set whose requests are what witnesses are: without a token, for one.
    pub(crate) fn usual(&mut self, set: Set) -> Result<Set, Error> {
        let flags: Vec<(FieldId, bool)> = self.usual.iter().map(|(flag, usual, _)| (*flag, *usual)).collect();
        flags.into_iter().try_fold(set, |set, (flag, usual)| {
            let flag = self.space.flag(flag);
            self.space.and(set, if usual { flag } else { !flag })
        })
    }

    /// What a set asks for that witnesses do not show.
    pub(crate) fn unusual(&self, set: Set) -> Vec<String> {
        let support = self.space.support(set);
        self.usual.iter().filter(|(flag, ..)| support.contains(flag)).map(|(_, _, why)| why.clone()).collect()
    }

    /// The fields of these parts of a request that conditions look at.
    pub(crate) fn fields_of(&self, path: bool, authority: bool, headers: &[String]) -> Vec<FieldId> {
        let is_meant = |part: &Part| match part {
            Part::Path | Part::Query(_) => path,
            Part::Authority => authority,
            Part::Header(name) => headers.contains(name),
            _ => false,
        };
        self.parts.iter().filter(|(part, _)| is_meant(part)).map(|(_, field)| *field).collect()
    }

    /// Whether it depends on some of these fields which requests are in a set.
    pub(crate) fn depends(&self, set: Set, fields: &[FieldId]) -> bool {
        !fields.is_empty() && self.space.support(set).iter().any(|field| fields.contains(field))
    }

    /// Who sends a request.
    pub(crate) fn caller(&self, request: &Request, source: Option<IpAddr>) -> Caller {
        let peer = self.parts.get(&Part::Peer).and_then(|field| request.get(field));
        let peer = match peer {
            Some(Value::Text(peer)) => Some(peer.clone()),
            _ => None,
        };
        Caller { peer, source_ip: source.map(|address| address.to_string()) }
    }

    /// The most readable request of a set as it is sent; none if the set is empty.
    pub(crate) fn witness(&self, set: Set) -> Option<(Request, WitnessRequest)> {
        let request = self.space.witness(set)?;
        let as_sent = self.sent(&request);
        Some((request, as_sent))
    }

    fn sent(&self, request: &Request) -> WitnessRequest {
        let mut sent = WitnessRequest {
            method: "GET".to_owned(),
            authority: self.authority.clone(),
            path: "/".to_owned(),
            headers: BTreeMap::new(),
        };
        let mut query = Vec::new();
        for (part, field) in &self.parts {
            let Some(Value::Text(text)) = request.get(field) else { continue };
            match part {
                Part::Path => sent.path = envoy::sent(text, self.paths),
                Part::Method => sent.method.clone_from(text),
                Part::Authority => sent.authority.clone_from(text),
                Part::Scheme | Part::Peer => {}
                Part::Header(name) if name == FORWARDED_PROTO && text == envoy::SCHEME => {}
                Part::Header(name) => {
                    sent.headers.insert(name.clone(), text.clone());
                }
                Part::Query(name) if text.is_empty() => query.push(name.clone()),
                Part::Query(name) => query.push(format!("{name}={text}")),
            }
        }
        if !query.is_empty() {
            sent.path = format!("{}?{}", sent.path, query.join("&"));
        }
        sent
    }
}
