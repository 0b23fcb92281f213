//! Whether Envoy has taken what it was given: it reports the version of each subscription, and how often it has
//! refused one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use meshc_envoy::NodeConfig;

use super::files::{File, Kind};
use crate::DeliveryError;
use crate::admin::Admin;

/// Versions and refusals of all subscriptions; the names end so. A `.` would match anything, so it is escaped; `|`
/// separates, and is encoded as the query needs it.
const FILTER: &str = "%5C.(version_text%7Cupdate_rejected)$";

/// What Envoy had refused before a step.
#[derive(Debug)]
pub(super) struct Refusals {
    counts: BTreeMap<String, String>,
    log: PathBuf,
    /// Bytes of the log that were there.
    logged: u64,
}

impl Refusals {
    /// None yet: Envoy has just been started.
    pub(super) fn none(log: &Path) -> Self {
        Self { counts: BTreeMap::new(), log: log.to_owned(), logged: 0 }
    }

    pub(super) async fn now(admin: &Admin, log: &Path) -> Result<Self, DeliveryError> {
        let counts = rejected(admin.stats(FILTER).await?);
        let logged = fs::metadata(log).map_or(0, |log| log.len());
        Ok(Self { counts, log: log.to_owned(), logged })
    }

    /// Envoy's own words about the last refusal since.
    fn reason(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let since = log.get(usize::try_from(self.logged).unwrap_or(usize::MAX)..).unwrap_or_default();
        let text = String::from_utf8_lossy(since);
        let line = text.lines().rev().find(|line| line.contains("rejected"));
        let line = line.or_else(|| text.lines().rev().find(|line| !line.trim().is_empty()));
        line.unwrap_or("its log has no word about it").to_owned()
    }
}

/// Waits until Envoy runs every one of `changed`. A refusal ends the wait with Envoy's reason.
pub(super) async fn wait(
    admin: &Admin,
    changed: &[File],
    config: &NodeConfig,
    before: &Refusals,
    within: Duration,
) -> Result<(), DeliveryError> {
    if changed.is_empty() {
        return Ok(());
    }
    admin
        .until("taken the new configuration", within, async |admin| {
            let stats = admin.stats(FILTER).await?;
            let taken = changed.iter().all(|file| is_taken(&stats, file, config));
            if !taken && rejected(stats) != before.counts {
                return Err(admin.rejected(&before.reason()));
            }
            Ok(taken)
        })
        .await
}

fn rejected(stats: BTreeMap<String, String>) -> BTreeMap<String, String> {
    stats.into_iter().filter(|(name, count)| name.ends_with(".update_rejected") && count != "0").collect()
}

fn is_taken(stats: &BTreeMap<String, String>, file: &File, config: &NodeConfig) -> bool {
    let has = |name: &str| stats.get(name).is_some_and(|version| *version == file.version);
    match &file.kind {
        Kind::Clusters => has("cluster_manager.cds.version_text"),
        Kind::Listeners => has("listener_manager.lds.version_text"),
        Kind::Routes(table) => {
            let end = format!(".rds.{}.version_text", stat_name(table));
            let mut of_table = stats.iter().filter(|(name, _)| name.ends_with(&end));
            of_table.any(|(_, version)| *version == file.version)
        }
        Kind::Endpoints(service) => {
            let mut named = config.clusters.iter().filter(|cluster| {
                let eds = cluster.eds_cluster_config.as_ref();
                eds.is_some_and(|eds| eds.service_name == *service || cluster.name == *service)
            });
            named.all(|cluster| has(&format!("cluster.{}.version_text", stat_name(cluster.stat()))))
        }
    }
}

/// Envoy writes `_` for `:` in the names of statistics.
fn stat_name(name: &str) -> String {
    name.replace(':', "_")
}

/// The name that a cluster has in statistics.
trait StatName {
    fn stat(&self) -> &str;
}

impl StatName for meshc_envoy::Cluster {
    fn stat(&self) -> &str {
        if self.alt_stat_name.is_empty() { &self.name } else { &self.alt_stat_name }
    }
}
