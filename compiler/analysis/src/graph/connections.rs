//! Bytes at a port: what becomes of a caller's connections to each destination that is wanted.

use meshc_effective::model::Origin;
use petgraph::graph::NodeIndex;

use super::hop;
use super::query::{Behind, Look, alike};
use super::select::Wanted;
use super::verdict::{Refused, Verdict, Way};
use super::ways::doubt;
use super::{Entry, Node, Place};
use crate::origin::because;
use crate::promises::destination_words;

impl<'m> Look<'_, 'm> {
    /// Bytes that are passed on.
    pub(super) fn bytes(
        &self,
        node: NodeIndex,
        entry: &Entry<'m>,
        wanted: Option<&Wanted>,
        ways: &mut Vec<Way>,
    ) {
        let Node::Bytes { port, origins, .. } = &self.graph.net[node] else { return };
        for behind in self.behind(node, wanted) {
            let words = format!("connections to port {port}");
            let why = doubt(entry, &behind.places);
            if why.is_some() {
                let way = plain(self, entry, &behind, &behind.places, (Verdict::Unknown, words), origins);
                ways.push(Way { why, ..way });
                continue;
            }
            if behind.places.is_empty() {
                // Wherever the caller wants is no destination that anybody asked for by name.
                let anywhere = behind.cluster.is_none_or(|cluster| cluster.host.is_empty());
                if wanted.is_some() || !anywhere {
                    let verdict = if behind.outside { Verdict::Reaches } else { Verdict::NoEndpoint };
                    ways.push(plain(self, entry, &behind, &behind.places, (verdict, words.clone()), origins));
                }
                continue;
            }
            let key = |place: &Place<'_>| format!("{}.{}", place.workload, place.namespace);
            for group in alike(&behind.places, key) {
                let way = self.connection(entry, &behind, &group, &words, origins);
                ways.push(way);
            }
        }
    }

    fn connection(
        &self,
        entry: &Entry<'m>,
        behind: &Behind<'m>,
        group: &[Place<'m>],
        words: &str,
        origins: &[Origin],
    ) -> Way {
        let Some(place) = group.first() else {
            return plain(self, entry, behind, group, (Verdict::NoEndpoint, words.to_owned()), origins);
        };
        let of = |verdict: Verdict| plain(self, entry, behind, group, (verdict, words.to_owned()), origins);
        let identity = match self.identity(entry, behind.cluster, place) {
            Ok(identity) => identity,
            Err(why) => return Way { why: Some(why), ..of(Verdict::Unknown) },
        };
        let Some(proxy) = place.proxy else { return of(Verdict::Reaches) };
        let source = entry.proxy.ip.as_str();
        let asked = hop::arriving(proxy, place.port, identity.as_deref(), source, None);
        match self.tracer.trace(&asked) {
            Ok(answer) if answer.destinations.is_empty() => {
                let refused =
                    Refused { witness: None, curl: None, status: None, because: answer.because.clone() };
                Way { identity, refused: Some(refused), ..of(Verdict::Denied) }
            }
            Ok(answer) => {
                let mut way = Way { identity, ..of(Verdict::Reaches) };
                way.through.extend(answer.because);
                way
            }
            Err(error) => Way { identity, why: Some(error.to_string()), ..of(Verdict::Unknown) },
        }
    }
}

/// A way of which nothing is known but its ends.
pub(super) fn plain(
    look: &Look<'_, '_>,
    entry: &Entry<'_>,
    behind: &Behind<'_>,
    group: &[Place<'_>],
    (verdict, requests): (Verdict, String),
    origins: &[Origin],
) -> Way {
    let of_cluster = behind.cluster.map(|cluster| cluster.origins.as_slice()).unwrap_or_default();
    let origins: Vec<Origin> = origins.iter().chain(of_cluster).cloned().collect();
    Way {
        from: entry.title(),
        to: destination_words(behind.name),
        cluster: behind.name.to_owned(),
        workloads: names(group),
        verdict,
        requests,
        share: behind.share,
        mirror: behind.mirror,
        identity: None,
        needs: Vec::new(),
        witness: None,
        curl: None,
        refused: None,
        through: because(&origins, look.graph.sources),
        why: None,
    }
}

fn names(group: &[Place<'_>]) -> Vec<String> {
    let mut names: Vec<String> =
        group.iter().map(|place| format!("{}.{}", place.workload, place.namespace)).collect();
    names.dedup();
    names
}
