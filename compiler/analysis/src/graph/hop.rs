//! Requests on their way: what a caller's proxy makes of one, sent to the workload's, by the interpreter.

use meshc_diagnostics::{Direction, Witness};
use meshc_effective::model::{Forward, HeaderOps, Proxy, ProxyKind, Route};
use meshc_trace::{Answer, Because, Query, Request, TraceError, Tracer};

use super::Place;

/// What became of a request at both ends.
pub(crate) struct Arrival {
    /// What the caller's proxy did.
    pub(crate) sent: Answer,
    /// What the workload's proxy answered; none where it has none.
    pub(crate) got: Option<Answer>,
    /// Whether that is a gateway's.
    pub(crate) at_gateway: bool,
}

impl Arrival {
    /// Where no proxy of the mesh stands before.
    pub(crate) fn at_none(sent: Answer) -> Self {
        Self { sent, got: None, at_gateway: false }
    }

    /// Whether it is let in.
    pub(crate) fn is_admitted(&self) -> bool {
        let goes_on = |answer: &Answer| !answer.destinations.is_empty();
        // A gateway that lets a request in may answer it itself.
        let taken = |answer: &Answer| {
            goes_on(answer) || (self.at_gateway && answer.status.is_some_and(|s| s != 401 && s != 403))
        };
        goes_on(&self.sent) && self.got.as_ref().is_none_or(taken)
    }

    /// The resources on the way, each once.
    pub(crate) fn through(&self) -> Vec<Because> {
        let mut all: Vec<Because> = Vec::new();
        for because in self.sent.because.iter().chain(self.got.iter().flat_map(|got| &got.because)) {
            if !all.contains(because) {
                all.push(because.clone());
            }
        }
        all
    }
}

/// Sends a witness through both proxies.
pub(crate) fn send(
    tracer: &Tracer<'_>,
    witness: &Witness,
    cluster: &str,
    place: &Place<'_>,
    (peer, source): (Option<&str>, &str),
) -> Result<Arrival, TraceError> {
    let sent = tracer.trace(&Query::from(witness))?;
    let Some(proxy) = place.proxy else { return Ok(Arrival::at_none(sent)) };
    let Some(upstream) = &sent.upstream else { return Ok(Arrival::at_none(sent)) };
    let mut headers = upstream.headers.clone();
    let mut authority = upstream.authority.clone();
    if let Some(ops) = upstream.by_destination.get(cluster) {
        for (name, value) in &ops.set {
            if name == ":authority" {
                authority.clone_from(value);
            } else {
                headers.insert(name.clone(), value.clone());
            }
        }
        for (name, value) in &ops.add {
            headers
                .entry(name.clone())
                .and_modify(|all| *all = format!("{all},{value}"))
                .or_insert(value.clone());
        }
        for name in &ops.remove {
            headers.remove(name);
        }
    }
    let request = Request {
        method: witness.request.method.clone(),
        authority,
        path: upstream.path.clone(),
        headers: headers.into_iter().collect(),
    };
    let got = tracer.trace(&arriving(proxy, place.port, peer, source, Some(request)))?;
    Ok(Arrival { sent, got: Some(got), at_gateway: proxy.kind == ProxyKind::Gateway })
}

/// The question to the workload's proxy.
pub(crate) fn arriving(
    proxy: &Proxy,
    port: u16,
    peer: Option<&str>,
    source: &str,
    request: Option<Request>,
) -> Query {
    let gateway = proxy.kind == ProxyKind::Gateway;
    let direction = if gateway { Direction::Gateway } else { Direction::Inbound };
    Query {
        proxy: proxy.id.to_string(),
        port: Some(port),
        direction: Some(direction.into()),
        peer: peer.map(ToOwned::to_owned),
        source_ip: Some(source.to_owned()).filter(|source| !source.is_empty()),
        request,
        ..Query::default()
    }
}

/// What a route changes of a request before the workload sees it, as far as checks may look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) path: bool,
    pub(crate) authority: bool,
    /// In lower case.
    pub(crate) headers: Vec<String>,
}

impl Touched {
    /// By a route on the way to one of its destinations.
    pub(crate) fn by(route: &Route, forward: &Forward, cluster: &str) -> Self {
        let own = forward.destinations.iter().find(|d| d.cluster == cluster).map(|d| &d.headers);
        let all: Vec<&HeaderOps> = std::iter::once(&route.headers).chain(own).collect();
        let rewrite = &forward.rewrite;
        let added = all.iter().flat_map(|ops| ops.request_add.iter().map(|add| &add.name));
        let removed = all.iter().flat_map(|ops| &ops.request_remove);
        Self {
            path: rewrite.prefix.is_some() || rewrite.regex.is_some(),
            authority: rewrite.authority.is_some() || all.iter().any(|ops| ops.authority.is_some()),
            headers: added.chain(removed).map(|name| name.to_ascii_lowercase()).collect(),
        }
    }
}
