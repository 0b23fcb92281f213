//! One port of a workload, and what is done with connections to it.

use std::cell::LazyCell;
use std::net::IpAddr;
use std::sync::Arc;

use meshc_mesh::{Mesh, Mtls, Pod, Protocol, Sidecar, Target, UNSPECIFIED};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::matches::{self, Offer, Spoken};
use super::mtls;
use crate::model::{Chain, ChainAction, HttpChain, Origin, RouteTable, TcpForward, VirtualHost};
use crate::{http, names};

/// A port of the workload, or all that no service names.
pub(super) struct Port {
    /// 0 for all others.
    pub(super) number: u16,
    /// The address: of the listener where it has a socket of its own, and in its chains' names.
    pub(super) bind: String,
    /// It has a socket of its own.
    pub(super) bound: bool,
    protocol: Protocol,
    cluster: String,
    /// The service's host and port, for traces.
    host: String,
    service_port: u16,
    passes: bool,
    /// The Sidecar, as Istio names it.
    config: Option<String>,
    pub(super) origins: Vec<Origin>,
}

impl Port {
    pub(super) fn of(target: &Target, protocol: Protocol) -> Self {
        let (service, number) = (&target.service, target.target_port);
        let (span, service_port) =
            service.ports.get(target.port).map_or((service.meta.span, number), |p| (p.span, p.number));
        let text = format!("{}: port {service_port} is port {number} of its pods", service.meta);
        Self {
            number,
            bind: UNSPECIFIED.to_owned(),
            bound: false,
            protocol,
            cluster: names::inbound(number),
            host: service.hostname.clone(),
            service_port,
            passes: false,
            config: None,
            origins: vec![Origin::new(span, text)],
        }
    }

    /// A port that a Sidecar says; Istio makes up a host for it.
    pub(super) fn of_listener(
        sidecar: &Sidecar,
        span: Span,
        (number, protocol): (u16, Protocol),
        bind: String,
        bound: bool,
    ) -> Self {
        let meta = &sidecar.meta;
        Self {
            number,
            bind,
            bound,
            protocol,
            cluster: names::inbound(number),
            host: format!("{}.{}", meta.name, meta.namespace),
            service_port: number,
            passes: false,
            config: Some(meta.api_path()),
            origins: vec![Origin::new(span, format!("{meta}: port {number}"))],
        }
    }

    /// All ports that nobody names, or one of them of which a policy speaks.
    pub(super) fn passthrough(number: u16) -> Self {
        Self {
            number,
            bind: UNSPECIFIED.to_owned(),
            bound: false,
            protocol: Protocol::Auto,
            cluster: names::INBOUND_PASSTHROUGH_CLUSTER.to_owned(),
            host: String::new(),
            service_port: 0,
            passes: true,
            config: None,
            origins: Vec::new(),
        }
    }

    /// Its chains in Istio's order.
    pub(super) fn chains(&self, mesh: &Mesh, modes: &Mtls, tls: &mut mtls::Servers) -> Vec<Arc<Chain>> {
        let offers = matches::offers(self.protocol, modes.mode(self.number));
        let table = LazyCell::new(|| self.table(mesh));
        let chain = |offer: &Offer| Chain {
            name: Some(self.name(offer)),
            matches: offer.matches(self.number),
            tls: offer.terminates.then(|| tls.of(mesh, offer.spoken)),
            action: self.action(&table, offer),
            config: self.config.clone(),
        };
        offers.iter().map(chain).map(Arc::new).collect()
    }

    fn name(&self, offer: &Offer) -> String {
        match (self.passes, offer.spoken) {
            (true, Spoken::Http) => format!("{}-catchall-http", names::VIRTUAL_INBOUND),
            (true, Spoken::Bytes) => names::VIRTUAL_INBOUND.to_owned(),
            (false, _) => format!("{}_{}", self.bind, self.number),
        }
    }

    fn action<F: FnOnce() -> Arc<RouteTable>>(
        &self,
        table: &LazyCell<Arc<RouteTable>, F>,
        offer: &Offer,
    ) -> ChainAction {
        if offer.spoken == Spoken::Bytes {
            return ChainAction::Tcp(TcpForward {
                mongo: self.protocol == Protocol::Mongo,
                exchanges_metadata: true,
                port: self.service_port,
                ..TcpForward::to(self.cluster.clone())
            });
        }
        let prefix =
            if self.passes { self.cluster.clone() } else { format!("inbound_{}_{}", self.bind, self.number) };
        ChainAction::HttpInline {
            table: Arc::clone(table),
            http: HttpChain {
                stat_prefix: format!("{prefix};"),
                http2: self.protocol.is_http2(),
                grpc_web: self.protocol == Protocol::GrpcWeb,
                port: self.number,
                ..HttpChain::default()
            },
        }
    }

    fn table(&self, mesh: &Mesh) -> Arc<RouteTable> {
        let route = http::inbound(
            &self.cluster,
            &self.host,
            self.service_port,
            self.protocol,
            &mesh.config,
            self.origins.clone(),
        );
        let host = VirtualHost {
            name: format!("inbound|http|{}", self.service_port),
            domains: vec!["*".to_owned()],
            routes: vec![route].into(),
            include_attempt_count: false,
            require_tls: false,
            origins: self.origins.clone(),
        };
        Arc::new(RouteTable {
            name: self.cluster.clone(),
            virtual_hosts: vec![Arc::new(host)],
            ignore_port_in_host: false,
        })
    }
}

/// Where a pod is reached from elsewhere (Go's `IsGlobalUnicast`); all addresses where it has none such.
pub(super) fn own_address(pod: &Pod) -> String {
    let reachable = |text: &&String| match text.parse() {
        Ok(IpAddr::V4(ip)) => {
            !(ip.is_broadcast()
                || ip.is_unspecified()
                || ip.is_loopback()
                || ip.is_multicast()
                || ip.is_link_local())
        }
        Ok(IpAddr::V6(ip)) => {
            !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || ip.is_unicast_link_local())
        }
        Err(_) => false,
    };
    std::iter::once(&pod.ip)
        .chain(&pod.other_ips)
        .find(reachable)
        .cloned()
        .unwrap_or_else(|| UNSPECIFIED.to_owned())
}

/// What is written; empty where nothing is.
pub(super) fn text(value: Option<&Spanned<String>>) -> String {
    value.map(|value| value.value.clone()).unwrap_or_default()
}
