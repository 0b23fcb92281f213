//! The TCP proxy: bytes to a cluster.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use meshc_envoy as envoy;

use crate::error::{At, ConfigError};

/// A TCP proxy.
#[derive(Debug, Clone)]
pub struct TcpProxy {
    /// The name in statistics.
    pub stat_prefix: Box<str>,
    destinations: Vec<(Arc<str>, Option<usize>, u64)>,
    total_weight: u64,
    /// How long both ways may be silent; 0 is for ever.
    pub idle_timeout: Duration,
    /// Tries to connect.
    pub max_connect_attempts: u32,
}

impl TcpProxy {
    /// The cluster that a random number chooses: its name, and its index where it exists.
    pub fn choose(&self, random: u64) -> (&Arc<str>, Option<usize>) {
        let mut point = random % self.total_weight.max(1);
        for (name, cluster, weight) in &self.destinations {
            if point < *weight {
                return (name, *cluster);
            }
            point -= weight;
        }
        (&self.destinations[0].0, self.destinations[0].1)
    }

    pub(crate) fn new(
        proxy: &envoy::TcpProxy,
        clusters: &HashMap<&str, usize>,
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        let envoy::TcpProxy {
            stat_prefix,
            cluster,
            weighted_clusters,
            metadata_match,
            idle_timeout,
            access_log,
            max_connect_attempts,
            hash_policy,
            max_downstream_connection_duration,
            tunneling_config,
        } = proxy;
        if stat_prefix.is_empty() {
            return Err(at.field("stat_prefix").error("must not be empty"));
        }
        at.refuse("metadata_match", metadata_match)?;
        at.refuse("access_log", access_log)?;
        at.refuse("hash_policy", hash_policy)?;
        at.refuse("max_downstream_connection_duration", max_downstream_connection_duration)?;
        at.refuse("tunneling_config", tunneling_config)?;
        let index = |name: &str| clusters.get(name).copied();
        let destinations = match (cluster, weighted_clusters) {
            (Some(name), None) => vec![(name.as_str().into(), index(name), 1)],
            (None, Some(weighted)) => {
                let field = at.field("weighted_clusters");
                let mut destinations = Vec::with_capacity(weighted.clusters.len());
                for (number, envoy::TcpClusterWeight { name, weight, metadata_match }) in
                    weighted.clusters.iter().enumerate()
                {
                    field.index("clusters", number).refuse("metadata_match", metadata_match)?;
                    destinations.push((name.as_str().into(), index(name), u64::from(*weight)));
                }
                destinations
            }
            _ => return Err(at.error("one of cluster and weighted_clusters must be set")),
        };
        let total_weight = destinations.iter().map(|(_, _, weight)| weight).sum();
        if total_weight == 0 {
            return Err(at.field("weighted_clusters").error("the sum of all weights must be more than 0"));
        }
        Ok(Self {
            stat_prefix: stat_prefix.as_str().into(),
            destinations,
            total_weight,
            idle_timeout: idle_timeout.map_or(Duration::from_secs(3_600), |timeout| timeout.0),
            max_connect_attempts: max_connect_attempts.unwrap_or(1).max(1),
        })
    }
}
