//! Asks an effective mesh.

use std::collections::HashMap;
use std::ptr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use meshc_effective::model::{
    EffectiveMesh, Origin, PatchSide, Proxy, ProxyKind, ProxyNames, RouteTable, Security, TcpForward,
};
use meshc_source::SourceSet;

use crate::TraceError;
use crate::answer::{Answer, Because};
use crate::evaluate::{self, Decision};
use crate::hosts::HostIndex;
use crate::local;
use crate::query::Direction;
use crate::query::Query;
use crate::regexes::Regexes;
use crate::security::{self, Checks, Connection, Verdict};
use crate::seen::{Refusal, Seen};
use crate::select::{Place, direction, select};
use crate::story::{self, Story};

/// Answers questions about one mesh. Expressions and tables are prepared when a question first needs them
/// and kept; threads share one tracer.
#[derive(Debug)]
pub struct Tracer<'m> {
    mesh: &'m EffectiveMesh,
    sources: &'m SourceSet,
    names: OnceLock<ProxyNames<'m>>,
    regexes: Regexes,
    /// By the address of the table, which stays where it is while the mesh is borrowed.
    hosts: RwLock<HashMap<usize, Arc<HostIndex>>>,
    /// By the text of the set.
    keys: RwLock<HashMap<String, Arc<security::Keys>>>,
    /// Seconds since 1970, at which tokens are judged; none: now.
    time: Option<u64>,
}

/// What a question comes to.
pub(crate) enum Reached<'m> {
    /// Bytes to a cluster, or to one of several.
    Tcp {
        /// Which.
        forward: &'m TcpForward,
        /// Of the listener, then of the policies.
        origins: Vec<&'m Origin>,
    },
    /// Refused before any route is looked at.
    Refused(Refusal),
    /// A policy closes the connection before a request is read.
    Closed {
        /// Why.
        reason: String,
        /// The policy.
        origins: Vec<&'m Origin>,
    },
    /// A policy does not let the request pass.
    Denied {
        /// The table.
        table: &'m RouteTable,
        /// The request.
        seen: Seen,
        /// The route that it would take.
        decision: Decision<'m>,
        /// The answer.
        refused: security::Refused<'m>,
    },
    /// Decided by a table.
    Http {
        /// The table.
        table: &'m RouteTable,
        /// The request as it is routed.
        seen: Seen,
        /// The decision.
        decision: Decision<'m>,
        /// What was checked before.
        steps: Vec<security::Step<'m>>,
    },
}

impl<'m> Tracer<'m> {
    /// A tracer of this mesh; `sources` gives the lines of the reasons.
    pub fn new(mesh: &'m EffectiveMesh, sources: &'m SourceSet) -> Self {
        Self {
            mesh,
            sources,
            names: OnceLock::new(),
            regexes: Regexes::default(),
            hosts: RwLock::default(),
            keys: RwLock::default(),
            time: None,
        }
    }

    /// Judges tokens as of a time, in seconds since 1970, in place of the present.
    #[must_use]
    pub fn at(mut self, time: u64) -> Self {
        self.time = Some(time);
        self
    }

    /// The answer to one line of trace's input.
    pub fn trace_line(&self, line: &str) -> Result<Answer, TraceError> {
        self.trace(&Query::from_line(line)?)
    }

    /// The answer to a question.
    pub fn trace(&self, query: &Query) -> Result<Answer, TraceError> {
        let proxy = self.proxy(&query.proxy)?;
        let reached = self.reach(proxy, query)?;
        self.answer(proxy, &reached)
    }

    /// The answer to a question with everything that led to it.
    pub fn why(&self, query: &Query) -> Result<Story, TraceError> {
        let proxy = self.proxy(&query.proxy)?;
        let reached = self.reach(proxy, query)?;
        let answer = self.answer(proxy, &reached)?;
        story::tell(self, proxy, query, &reached, answer)
    }

    /// The proxy of a name, as [`EffectiveMesh::find`] finds it.
    pub fn proxy(&self, name: &str) -> Result<&'m Proxy, TraceError> {
        let names = self.names.get_or_init(|| ProxyNames::new(self.mesh));
        let found = names.find(name).map_err(|error| TraceError::Proxy { message: error.to_string() })?;
        Ok(found.as_ref())
    }

    /// The expressions of the mesh.
    pub(crate) fn regexes(&self) -> &Regexes {
        &self.regexes
    }

    /// Origins as an answer shows them, each once, in order.
    pub(crate) fn because<'o>(&self, origins: impl IntoIterator<Item = &'o Origin>) -> Vec<Because> {
        let mut because: Vec<Because> = Vec::new();
        for origin in origins {
            let file = self.sources.file(origin.span.file);
            let line = file.position(origin.span.start).line;
            let is_said =
                |said: &Because| said.line == line && said.text == origin.text && said.file == file.path;
            if !because.iter().any(is_said) {
                because.push(Because { file: file.path.clone(), line, text: origin.text.clone() });
            }
        }
        because
    }

    /// The domains of a table.
    pub(crate) fn hosts(&self, table: &RouteTable) -> Arc<HostIndex> {
        let key = ptr::from_ref(table).addr();
        if let Some(found) = self.hosts.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(found);
        }
        let index = Arc::new(HostIndex::new(table));
        self.hosts.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&index));
        index
    }

    /// The keys of a set.
    fn keys(&self, jwks: &str) -> Arc<security::Keys> {
        if let Some(found) = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(jwks) {
            return Arc::clone(found);
        }
        let keys = Arc::new(security::Keys::read(jwks));
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(jwks.to_owned(), Arc::clone(&keys));
        keys
    }

    /// The time at which tokens are judged.
    fn now(&self) -> u64 {
        let since = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.time.unwrap_or_else(since)
    }

    fn reach(&self, proxy: &'m Proxy, query: &Query) -> Result<Reached<'m>, TraceError> {
        let place = select(proxy, query)?;
        patched(proxy, direction(proxy, query))?;
        let (Place::Table(_, guard) | Place::Tcp { guard, .. }) = place;
        let source = query.source_ip.as_ref().and_then(|address| address.parse().ok());
        let mut connection = Connection {
            peer: query.peer.clone(),
            source,
            client: source,
            destination: proxy.ip.parse().ok(),
            port: guard.port,
            server_name: query.sni.clone().unwrap_or_default(),
        };
        let keys = |jwks: &str| self.keys(jwks);
        let checks = |security: &'m Security, connection: &Connection| -> Option<Verdict<'m>> {
            let checks = Checks { security, connection, regexes: &self.regexes, now: 0, keys: &keys };
            checks.connection()
        };
        if let Some(Verdict::Closed { reason, origins }) =
            guard.security.and_then(|security| checks(security, &connection))
        {
            return Ok(Reached::Closed { reason, origins });
        }
        let table = match place {
            Place::Table(table, _) => table,
            Place::Tcp { forward, origins, .. } => {
                let mut origins: Vec<&Origin> = origins.iter().collect();
                if let Some(security) = guard.security {
                    let regexes = &self.regexes;
                    let checks = Checks { security, connection: &connection, regexes, now: 0, keys: &keys };
                    match checks.bytes()? {
                        Verdict::Closed { reason, origins } => {
                            return Ok(Reached::Closed { reason, origins });
                        }
                        Verdict::Passed(passed) => {
                            origins.extend(passed.steps.into_iter().flat_map(|step| step.origins));
                        }
                        Verdict::Refused(_) => {}
                    }
                }
                return Ok(Reached::Tcp { forward, origins });
            }
        };
        let request = query.request.as_ref().ok_or(TraceError::NeedsRequest)?;
        let mut seen = match Seen::read(request, proxy.kind, proxy.reading) {
            Ok(seen) => seen,
            Err(refusal) => return Ok(Reached::Refused(refusal)),
        };
        seen.source_ip.clone_from(&query.source_ip);
        seen.peer.clone_from(&query.peer);
        let hosts = self.hosts(table);
        // Envoy chooses the route before any filter sees the request.
        let mut decision = Decision::make(table, &hosts, &seen, &self.regexes)?;
        let Some(security) = guard.security else {
            return Ok(Reached::Http { table, seen, decision, steps: Vec::new() });
        };
        connection.client = security::of_client(&seen, source, proxy.kind, proxy.settings.trusted_proxies);
        let (regexes, now) = (&self.regexes, self.now());
        let checks = Checks { security, connection: &connection, regexes, now, keys: &keys };
        Ok(match checks.request(&mut seen)? {
            Verdict::Closed { reason, origins } => Reached::Closed { reason, origins },
            Verdict::Refused(refused) => Reached::Denied { table, seen, decision, refused },
            Verdict::Passed(passed) => {
                seen.metadata = passed.metadata;
                if passed.choose_again {
                    decision = Decision::make(table, &hosts, &seen, &self.regexes)?;
                }
                Reached::Http { table, seen, decision, steps: passed.steps }
            }
        })
    }

    fn answer(&self, proxy: &'m Proxy, reached: &Reached<'m>) -> Result<Answer, TraceError> {
        Ok(match reached {
            Reached::Tcp { forward, origins } => {
                let clusters = forward.destinations.iter().filter_map(|(name, _)| proxy.clusters.get(name));
                let clusters = clusters.flat_map(|cluster| &cluster.origins);
                Answer {
                    destinations: forward.destinations.clone(),
                    because: self.because(origins.iter().copied().chain(clusters)),
                    ..Answer::default()
                }
            }
            Reached::Closed { origins, .. } => {
                Answer { because: self.because(origins.iter().copied()), ..Answer::default() }
            }
            Reached::Denied { seen, decision, refused, .. } => {
                let mut answer = local::reply(seen, refused.status, Some(refused.body.to_owned()), None);
                if let Some(authenticate) = &refused.authenticate {
                    answer.response_headers.insert("www-authenticate".to_owned(), authenticate.clone());
                }
                answer.route = decision.route().and_then(|(_, route)| route.name.clone());
                let origins = refused.steps.iter().rev().flat_map(|step| step.origins.iter().copied());
                answer.because = self.because(origins);
                answer
            }
            Reached::Refused(refusal) => evaluate::refused(refusal),
            Reached::Http { seen, decision, steps, .. } => {
                let mut answer = evaluate::answer(decision, proxy, seen, &self.regexes)?;
                let checked = steps.iter().flat_map(|step| step.origins.iter().copied());
                answer.because = self.because(decision.origins(proxy).into_iter().chain(checked));
                for alternative in &mut answer.alternatives {
                    alternative.answer.because.clone_from(&answer.because);
                }
                answer
            }
        })
    }
}

/// Refuses where a patch of an EnvoyFilter changes what becomes of requests: an answer would be a guess.
fn patched(proxy: &Proxy, direction: Direction) -> Result<(), TraceError> {
    let side = match (proxy.kind, direction) {
        (ProxyKind::Gateway, _) => PatchSide::Gateway,
        (ProxyKind::Sidecar, Direction::Inbound) => PatchSide::SidecarInbound,
        (ProxyKind::Sidecar, Direction::Outbound | Direction::Gateway) => PatchSide::SidecarOutbound,
    };
    match proxy.first_patch_of_requests(side) {
        None => Ok(()),
        Some(patch) => Err(TraceError::Patched {
            patch: patch.origin.text.clone(),
            what: patch.kind.noun(),
            proxy: proxy.id.to_string(),
            side: direction.name(),
        }),
    }
}
