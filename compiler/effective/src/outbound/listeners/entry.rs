//! A listener before it is known who else is on its address: services that share one are told apart, merged or
//! left out as Istio does (`buildSidecarOutboundListener`).

use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{Port, Protocol, Resolution, Service};

use super::draft::Draft;
use crate::model::{
    Binding, Chain, ChainAction, ChainMatch, Direction, Inspector, Listener, Origin, Ports, TcpForward,
};
use crate::outbound::policy::Unclaimed;
use crate::rules;

/// What an address speaks so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// HTTP, nothing else (an address that a Sidecar names).
    Http,
    /// Bytes.
    Tcp,
    /// Either: an inspector tells.
    Either,
}

impl Speaks {
    pub(super) fn of(protocol: Protocol) -> Self {
        if protocol.is_http() {
            Self::Http
        } else if protocol.is_tcp() {
            Self::Tcp
        } else {
            Self::Either
        }
    }
}

/// A listener in the making.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) binds: Vec<String>,
    pub(super) port: u16,
    pub(super) binding: Binding,
    /// No service that comes later is added.
    pub(super) locked: bool,
    pub(super) speaks: Speaks,
    /// What the first service declares.
    pub(super) protocol: Protocol,
    pub(super) drafts: Vec<Draft>,
    pub(super) by: (&'a Service, &'a Port),
    pub(super) origins: Vec<Origin>,
}

impl<'a> Entry<'a> {
    /// Adds what a second service on the same address does. Whoever Envoy cannot tell from the first is left out.
    pub(super) fn merge(
        &mut self,
        drafts: Vec<Draft>,
        speaks: Speaks,
        by: (&'a Service, &'a Port),
    ) -> Option<Diagnostic> {
        let server_first = |protocol| matches!(protocol, Protocol::Mongo | Protocol::MySql);
        if (server_first(by.1.protocol) || server_first(self.protocol)) && by.1.protocol != self.protocol {
            return Some(rules::port_conflict(by, self.by));
        }
        if self.speaks != speaks {
            self.speaks = Speaks::Either;
        }
        let mut lost = false;
        for draft in drafts {
            if self.drafts.iter().any(|existing| existing.conflicts_with(&draft)) {
                lost |= matches!(draft.action, ChainAction::Tcp(_));
            } else {
                self.drafts.push(draft);
            }
        }
        // Bytes that go where they were going do so whichever service they are taken for.
        let passes = |(service, _): (&Service, &Port)| service.resolution == Resolution::Passthrough;
        let same = self.by.0.hostname == by.0.hostname || (passes(self.by) && passes(by));
        (lost && !same).then(|| rules::port_conflict(by, self.by))
    }

    /// The finished listener.
    pub(super) fn finish(self, unclaimed: &Unclaimed) -> Listener {
        let by_name = self.drafts.iter().any(|draft| !draft.server_names.is_empty());
        let by_protocol = self.drafts.iter().any(|draft| draft.only_http);
        let mut inspectors = Vec::new();
        if by_name {
            inspectors.push(Inspector::Tls(Ports::All));
        }
        if by_protocol {
            inspectors.push(Inspector::Http(Ports::All));
        }
        let (mut chains, mut fallback) = (Vec::new(), None);
        for draft in self.drafts {
            let any = draft.is_any();
            let mut chain = draft.finish();
            if let ChainAction::HttpTable { http, .. } | ChainAction::HttpInline { http, .. } =
                &mut chain.action
            {
                http.looks_up_any = unclaimed.lookup();
            }
            if any {
                fallback = Some(chain);
            } else {
                chains.push(chain);
            }
        }
        if chains.is_empty() {
            chains.extend(fallback.take());
        } else if fallback.is_none() {
            fallback = Some(passthrough(unclaimed));
        }
        let mut binds = self.binds.into_iter();
        let address = binds.next().unwrap_or_default();
        Listener {
            name: format!("{address}_{}", self.port),
            address,
            extra_addresses: binds.collect(),
            port: self.port,
            direction: Direction::Outbound,
            binding: self.binding,
            transparent: false,
            inspectors,
            chains: chains.into_iter().map(Arc::new).collect(),
            fallback,
            security: None,
            origins: self.origins,
        }
    }
}

/// What no service on the port claims goes where it was going, if it may.
fn passthrough(unclaimed: &Unclaimed) -> Chain {
    Chain {
        name: Some("PassthroughFilterChain".to_owned()),
        matches: ChainMatch::default(),
        ..Chain::new(ChainAction::Tcp(TcpForward::to(unclaimed.cluster())))
    }
}
