//! What a DestinationRule says about connections that are passed on.

use std::time::Duration;

use meshc_mesh::DestinationRule;
use meshc_resources::istio::{Subset, TcpSettings, TrafficPolicy};
use meshc_syntax::de::Spanned;

use crate::model::{TcpForward, Tunnel};

/// The settings of a DestinationRule, and of one of its subsets.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Policy<'a> {
    whole: Option<&'a TrafficPolicy>,
    subset: Option<&'a Spanned<Subset>>,
    names_subset: bool,
}

impl<'a> Policy<'a> {
    /// Those of a rule for a subset.
    pub(crate) fn of(rule: Option<&'a DestinationRule>, subset: Option<&str>) -> Self {
        let subset = subset.filter(|subset| !subset.is_empty());
        Self {
            whole: rule.and_then(|rule| rule.traffic_policy.as_deref()),
            subset: rule.and_then(|rule| rule.subset(subset?)),
            names_subset: subset.is_some(),
        }
    }

    /// Sets them. Limits of connections are the whole rule's: Istio does not look at the subset's here.
    pub(crate) fn apply(self, forward: &mut TcpForward) {
        let tcp = self.tcp();
        forward.idle_timeout = tcp.and_then(|tcp| positive(tcp.idle_timeout.as_ref()?.value));
        forward.max_duration = tcp.and_then(|tcp| positive(tcp.max_connection_duration.as_ref()?.value));
        forward.by_source_address = self.by_source_address();
        forward.tunnel = self.tunnel();
    }

    fn tcp(self) -> Option<&'a TcpSettings> {
        self.whole?.connection_pool.as_ref()?.tcp.as_deref()
    }

    fn by_source_address(self) -> bool {
        let hashes = |policy: &TrafficPolicy| -> Option<bool> {
            let hash = policy.load_balancer.as_ref()?.consistent_hash.as_ref();
            Some(hash.and_then(|hash| hash.use_source_ip.as_ref()).is_some_and(|by| by.value))
        };
        let of_subset = self.subset.and_then(|subset| hashes(subset.traffic_policy.as_ref()?));
        of_subset.or_else(|| hashes(self.whole?)).unwrap_or(false)
    }

    fn tunnel(self) -> Option<Tunnel> {
        let policy = if self.names_subset { self.subset?.traffic_policy.as_deref() } else { self.whole };
        let tunnel = policy?.tunnel.as_ref()?;
        let host = tunnel.target_host.as_ref().map_or("", |host| host.value.as_str());
        let port = tunnel.target_port.as_ref().map_or(0, |port| port.value);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Some(Tunnel {
            target: format!("{host}:{port}"),
            by_post: tunnel.protocol.as_ref().is_some_and(|protocol| protocol.value == "POST"),
        })
    }
}

fn positive(duration: meshc_syntax::de::Duration) -> Option<Duration> {
    duration.as_std()
}
