//! Asks an effective mesh.

use std::collections::HashMap;
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock};

use meshc_effective::model::{EffectiveMesh, Origin, Proxy, RouteTable};
use meshc_source::SourceSet;

use crate::TraceError;
use crate::answer::{Answer, Because};
use crate::evaluate::{self, Decision};
use crate::hosts::HostIndex;
use crate::query::Query;
use crate::regexes::Regexes;
use crate::seen::{Refusal, Seen};
use crate::select::{Place, select};
use crate::story::{self, Story};

/// Answers questions about one mesh. Expressions and tables are prepared when a question first needs them
/// and kept; threads share one tracer.
#[derive(Debug)]
pub struct Tracer<'m> {
    mesh: &'m EffectiveMesh,
    sources: &'m SourceSet,
    regexes: Regexes,
    /// By the address of the table, which stays where it is while the mesh is borrowed.
    hosts: RwLock<HashMap<usize, Arc<HostIndex>>>,
}

/// What a question comes to.
pub(crate) enum Reached<'m> {
    /// Bytes to a cluster.
    Tcp {
        /// Its name.
        cluster: &'m str,
        /// Of the listener.
        origins: &'m [Origin],
    },
    /// Refused before any route is looked at.
    Refused(Refusal),
    /// Decided by a table.
    Http {
        /// The table.
        table: &'m RouteTable,
        /// The request as it is routed.
        seen: Seen,
        /// The decision.
        decision: Decision<'m>,
    },
}

impl<'m> Tracer<'m> {
    /// A tracer of this mesh; `sources` gives the lines of the reasons.
    pub fn new(mesh: &'m EffectiveMesh, sources: &'m SourceSet) -> Self {
        Self { mesh, sources, regexes: Regexes::default(), hosts: RwLock::default() }
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
        let found = self.mesh.find(name).map_err(|error| TraceError::Proxy { message: error.to_string() })?;
        Ok(found.as_ref())
    }

    /// The expressions of the mesh.
    pub(crate) fn regexes(&self) -> &Regexes {
        &self.regexes
    }

    /// Origins as an answer shows them, each once, in order.
    pub(crate) fn because<'o>(&self, origins: impl IntoIterator<Item = &'o Origin>) -> Vec<Because> {
        let mut because = Vec::new();
        for origin in origins {
            let (start, _) = self.sources.location(origin.span);
            let file = self.sources.file(origin.span.file).path.clone();
            let reason = Because { file, line: start.line, text: origin.text.clone() };
            if !because.contains(&reason) {
                because.push(reason);
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

    fn reach(&self, proxy: &'m Proxy, query: &Query) -> Result<Reached<'m>, TraceError> {
        let table = match select(proxy, query)? {
            Place::Tcp { cluster, origins } => return Ok(Reached::Tcp { cluster, origins }),
            Place::Table(table) => table,
        };
        let request = query.request.as_ref().ok_or(TraceError::NeedsRequest)?;
        let mut seen = match Seen::read(request, proxy.kind) {
            Ok(seen) => seen,
            Err(refusal) => return Ok(Reached::Refused(refusal)),
        };
        seen.source_ip.clone_from(&query.source_ip);
        seen.peer.clone_from(&query.peer);
        let decision = Decision::make(table, &self.hosts(table), &seen, &self.regexes)?;
        Ok(Reached::Http { table, seen, decision })
    }

    fn answer(&self, proxy: &'m Proxy, reached: &Reached<'m>) -> Result<Answer, TraceError> {
        Ok(match reached {
            Reached::Tcp { cluster, origins } => {
                let clusters = proxy.clusters.get(*cluster).into_iter().flat_map(|c| &c.origins);
                Answer {
                    destinations: vec![((*cluster).to_owned(), 100)],
                    because: self.because(origins.iter().chain(clusters)),
                    ..Answer::default()
                }
            }
            Reached::Refused(refusal) => evaluate::refused(*refusal),
            Reached::Http { seen, decision, .. } => {
                let mut answer = evaluate::answer(decision, proxy, seen, &self.regexes)?;
                answer.because = self.because(decision.origins(proxy));
                for alternative in &mut answer.alternatives {
                    alternative.answer.because.clone_from(&answer.because);
                }
                answer
            }
        })
    }
}
