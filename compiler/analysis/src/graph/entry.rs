//! Where requests begin: workloads that call, and the servers of gateways.

use meshc_effective::model::{Direction, EffectiveMesh, Listener, Proxy, ProxyKind};

use crate::reach::Site;

/// Where requests begin.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'m> {
    /// A proxy of the workload; its other pods do the same.
    pub(crate) proxy: &'m Proxy,
    /// Of a gateway: the listener that takes them.
    pub(crate) listener: Option<&'m Listener>,
}

impl<'m> Entry<'m> {
    /// All entries: one a workload with sidecars, one a listener of a gateway's workload.
    pub(crate) fn all(mesh: &'m EffectiveMesh) -> Vec<Self> {
        let mut seen = std::collections::BTreeSet::new();
        let mut all = Vec::new();
        for proxy in &mesh.proxies {
            if !seen.insert((&proxy.id.namespace, &proxy.workload, proxy.kind)) {
                continue;
            }
            match proxy.kind {
                ProxyKind::Sidecar => all.push(Self { proxy, listener: None }),
                ProxyKind::Gateway => {
                    let listeners = proxy.listeners.iter().map(|listener| Some(&**listener));
                    all.extend(listeners.map(|listener| Self { proxy, listener }));
                }
            }
        }
        all
    }

    /// The listeners through which its requests leave.
    pub(crate) fn listeners(&self) -> Vec<&'m Listener> {
        if let Some(listener) = self.listener {
            return vec![listener];
        }
        let all = self.proxy.listeners.iter().map(|listener| &**listener);
        all.filter(|listener| listener.direction == Direction::Outbound).collect()
    }

    /// Whether it is a gateway's.
    pub(crate) fn is_gateway(&self) -> bool {
        self.proxy.kind == ProxyKind::Gateway
    }

    /// `storefront-v1.shop`, `istio-ingressgateway.istio-system`
    pub(crate) fn workload(&self) -> String {
        format!("{}.{}", self.proxy.workload, self.proxy.id.namespace)
    }

    /// The same, of a gateway with the port.
    pub(crate) fn title(&self) -> String {
        match self.listener {
            Some(listener) => format!("{} port {}", self.workload(), listener.port),
            None => self.workload(),
        }
    }

    /// Where a table of its is asked for.
    pub(crate) fn site(&self, table: &str) -> Site {
        Site::Table(table.to_owned())
    }
}
