//! What places count: priorities and weights of endpoints by where the caller is
//! (Istio's `networking/core/loadbalancer`).

use std::collections::BTreeMap;

use meshc_mesh::{Distribution, Service, place};
use meshc_resources::istio::{LoadBalancerSettings, LocalityDistribute, LocalityFailover};
use meshc_syntax::de::Spanned;

use super::caller::Caller;
use super::settings::Settings;
use crate::model::{Endpoint, EndpointGroup, LocalityBalancing};

/// What places count for one cluster.
#[derive(Debug, Clone)]
pub(super) enum Locality<'a> {
    /// Nothing.
    Off,
    /// Istio's own setting.
    By {
        distribute: Vec<&'a LocalityDistribute>,
        failover: Vec<&'a LocalityFailover>,
        priority: Vec<String>,
        /// Priorities count without outlier detection too.
        force: bool,
    },
    /// Envoy's own way.
    ZoneAware {
        enabled: bool,
        failover: Vec<&'a LocalityFailover>,
        priority: Vec<String>,
        min_cluster_size: Option<u64>,
    },
}

impl<'a> Locality<'a> {
    /// A DestinationRule's setting, else the service's, else the mesh's.
    pub(super) fn of(
        rule: Option<&'a LoadBalancerSettings>,
        service: &Service,
        settings: &'a Settings,
    ) -> Self {
        if let Some(zone_aware) = rule.and_then(|rule| rule.zone_aware_lb_setting.as_ref()) {
            return Self::zone_aware(zone_aware);
        }
        if let Some(locality) = rule.and_then(|rule| rule.locality_lb_setting.as_ref()) {
            return Self::written(locality);
        }
        let labels: &[&str] = match service.distribution {
            Distribution::Any => &[],
            Distribution::SameZone => &[place::NETWORK, place::REGION, place::ZONE],
            Distribution::SameNode => {
                &[place::NETWORK, place::REGION, place::ZONE, place::SUBZONE, place::NODE]
            }
        };
        if !labels.is_empty() {
            let priority = labels.iter().map(|label| (*label).to_owned()).collect();
            return Self::By { distribute: Vec::new(), failover: Vec::new(), priority, force: true };
        }
        match (&settings.zone_aware, &settings.locality) {
            (Some(zone_aware), _) => Self::zone_aware(zone_aware),
            (None, Some(locality)) => Self::written(locality),
            (None, None) => Self::Off,
        }
    }

    fn zone_aware(setting: &'a meshc_resources::istio::ZoneAwareLbSetting) -> Self {
        Self::ZoneAware {
            enabled: setting.enabled.as_ref().is_none_or(|enabled| enabled.value),
            failover: setting.failover.iter().map(|failover| &failover.value).collect(),
            priority: texts(&setting.failover_priority),
            min_cluster_size: setting.min_cluster_size.as_ref().map(|size| size.value),
        }
    }

    fn written(setting: &'a meshc_resources::istio::LocalityLbSetting) -> Self {
        if setting.enabled.as_ref().is_some_and(|enabled| !enabled.value) {
            return Self::Off;
        }
        Self::By {
            distribute: setting.distribute.iter().map(|distribute| &distribute.value).collect(),
            failover: setting.failover.iter().map(|failover| &failover.value).collect(),
            priority: texts(&setting.failover_priority),
            force: false,
        }
    }

    /// The labels by which endpoints are put in order.
    pub(super) fn priority_labels(&self) -> &[String] {
        match self {
            Self::Off => &[],
            Self::By { priority, .. } | Self::ZoneAware { priority, .. } => priority,
        }
    }

    /// Whether what the caller gets depends on where it is.
    pub(super) fn depends_on_place(&self, outliers: bool) -> bool {
        match self {
            Self::Off => false,
            Self::By { distribute, force, .. } => outliers || *force || !distribute.is_empty(),
            Self::ZoneAware { enabled, .. } => *enabled,
        }
    }

    /// What Envoy is told about places.
    pub(super) fn balancing(&self, outliers: bool) -> LocalityBalancing {
        match self {
            Self::Off => LocalityBalancing::None,
            Self::By { distribute, failover, priority, force } => {
                let fails_over = (outliers || *force) && !(failover.is_empty() && priority.is_empty());
                if fails_over || !distribute.is_empty() {
                    LocalityBalancing::Weighted
                } else {
                    LocalityBalancing::None
                }
            }
            Self::ZoneAware { enabled, min_cluster_size, .. } => {
                LocalityBalancing::ZoneAware { enabled: *enabled, min_cluster_size: *min_cluster_size }
            }
        }
    }

    /// Gives groups their priorities and weights as the caller sees them. `by_label` says which of them may be
    /// split by labels.
    pub(super) fn arrange(
        &self,
        groups: &mut Vec<EndpointGroup>,
        caller: &Caller<'_>,
        outliers: bool,
        by_label: ByLabel,
    ) {
        match self {
            Self::By { distribute, .. } if !distribute.is_empty() => {
                weigh(groups, caller.locality, distribute);
            }
            Self::By { failover, priority, force, .. } if outliers || *force => {
                if !priority.is_empty() {
                    split(groups, caller.labels, priority, by_label);
                    if failover.is_empty() {
                        return;
                    }
                }
                fail_over(groups, caller.locality, failover);
            }
            Self::ZoneAware { enabled: true, failover, priority, .. } => {
                if !priority.is_empty() {
                    split(groups, caller.labels, priority, by_label);
                }
                by_region(groups, caller.locality, failover);
            }
            Self::Off | Self::By { .. } | Self::ZoneAware { .. } => {}
        }
    }
}

/// Which groups are split by labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByLabel {
    /// All of them.
    All,
    /// The first alone is kept, which is what Istio knows of names that are looked up.
    First,
    /// None.
    None,
}

fn texts(list: &[Spanned<String>]) -> Vec<String> {
    list.iter().map(|text| text.value.clone()).collect()
}

/// Whether a place is one that a rule names; `*` and what is left out stand for all.
fn matches(locality: &str, rule: &str) -> bool {
    let (place, rule) = (place::split(locality), place::split(rule));
    let [region, zone, subzone] = rule;
    (region == "*" || place[0] == region)
        && (matches!(zone, "*" | "") || place[1] == zone)
        && (matches!(subzone, "*" | "") || place[2] == subzone)
}

/// The weights that the first rule for the caller's place says; places that it leaves out have no endpoints.
fn weigh(groups: &mut [EndpointGroup], from: &str, distribute: &[&LocalityDistribute]) {
    let of = |rule: &&&LocalityDistribute| {
        matches(from, rule.from.as_ref().map_or("", |from| from.value.as_str()))
    };
    let Some(rule) = distribute.iter().find(of) else { return };
    let mut left: Vec<usize> = (0..groups.len()).collect();
    // Istio goes through them in no order; where two name the same place the more exact one is meant.
    let mut to: Vec<_> = rule.to.iter().collect();
    to.sort_by(|(a, _), (b, _)| {
        b.value.trim_end_matches('*').len().cmp(&a.value.trim_end_matches('*').len())
    });
    for (place, share) in to {
        let mut chosen = Vec::new();
        left.retain(|&index| {
            let here = groups.get(index).is_some_and(|group| matches(&group.locality, place));
            if here {
                chosen.push(index);
            }
            !here
        });
        let weight = |group: &EndpointGroup| u64::from(group.weight.unwrap_or(1));
        let total: u64 = chosen.iter().filter_map(|&index| groups.get(index)).map(weight).sum();
        for index in chosen {
            let Some(group) = groups.get_mut(index) else { continue };
            // Rounded up, in 32 bits as Istio multiplies.
            let product = weight(group).wrapping_mul(u64::from(share.value)) & u64::from(u32::MAX);
            let part = product.div_ceil(total.max(1));
            if part > 0 {
                group.weight = Some(u32::try_from(part).unwrap_or(u32::MAX));
            }
        }
    }
    for index in left {
        if let Some(group) = groups.get_mut(index) {
            group.endpoints.clear();
        }
    }
}

/// How far a place is from another: 0 is the same, 3 another region.
fn distance(from: &str, to: &str) -> u32 {
    let (from, to) = (place::split(from), place::split(to));
    if from[0] != to[0] {
        3
    } else if from[1] != to[1] {
        2
    } else {
        u32::from(from[2] != to[2])
    }
}

/// Nearer places first; of other regions the one that comes after the caller's, where one is named.
fn fail_over(groups: &mut [EndpointGroup], from: &str, failover: &[&LocalityFailover]) {
    let [region, ..] = place::split(from);
    let next = failover.iter().find(|rule| text(rule.from.as_ref()) == region);
    for group in groups.iter_mut() {
        let mut priority = distance(from, &group.locality);
        if priority == 3
            && let Some(next) = next
            && place::split(&group.locality)[0] != text(next.to.as_ref())
        {
            priority = 4;
        }
        group.priority = group.priority * 5 + priority;
    }
    compact(groups);
}

/// The caller's region first, then the one that comes after it, then the others.
fn by_region(groups: &mut [EndpointGroup], from: &str, failover: &[&LocalityFailover]) {
    let [region, ..] = place::split(from);
    let next = failover.iter().find(|rule| text(rule.from.as_ref()) == region);
    for group in groups.iter_mut() {
        let [of_group, ..] = place::split(&group.locality);
        let priority = if of_group == region {
            0
        } else if next.is_some_and(|next| text(next.to.as_ref()) == of_group) {
            1
        } else {
            2
        };
        group.priority = group.priority * 3 + priority;
    }
    compact(groups);
}

fn text(value: Option<&Spanned<String>>) -> &str {
    value.map_or("", |value| value.value.as_str())
}

/// Priorities without gaps.
fn compact(groups: &mut [EndpointGroup]) {
    let mut used: Vec<u32> = groups.iter().map(|group| group.priority).collect();
    used.sort_unstable();
    used.dedup();
    for group in groups {
        group.priority = u32::try_from(used.partition_point(|&own| own < group.priority)).unwrap_or(u32::MAX);
    }
}

/// Splits groups by how many labels, from the first on, their endpoints have in common with the caller.
fn split(
    groups: &mut Vec<EndpointGroup>,
    caller: &BTreeMap<String, String>,
    labels: &[String],
    by_label: ByLabel,
) {
    if caller.is_empty() || by_label == ByLabel::None || groups.is_empty() {
        return;
    }
    let kept = if by_label == ByLabel::First { 1 } else { groups.len() };
    let mut made = Vec::new();
    for group in groups.drain(..).take(kept) {
        let mut by_priority: BTreeMap<u32, Vec<Endpoint>> = BTreeMap::new();
        for endpoint in group.endpoints {
            by_priority.entry(rank(&endpoint.labels, caller, labels)).or_default().push(endpoint);
        }
        made.extend(by_priority.into_iter().map(|(priority, endpoints)| EndpointGroup {
            locality: group.locality.clone(),
            weight: Some(endpoints.iter().fold(0_u32, |sum, endpoint| sum.saturating_add(endpoint.share()))),
            priority,
            endpoints,
        }));
    }
    *groups = made;
    compact(groups);
}

/// 0 where all labels are equal. A first label that is the network's puts others behind all of its own.
fn rank(endpoint: &BTreeMap<String, String>, caller: &BTreeMap<String, String>, labels: &[String]) -> u32 {
    let lowest = u32::try_from(labels.len()).unwrap_or(u32::MAX);
    let mut behind = 0;
    for (index, written) in (0..).zip(labels) {
        let (label, own) = match written.split_once('=') {
            // With several `=` Istio takes none for a value.
            Some((label, value)) if !value.contains('=') => (label, Some(value)),
            Some((label, _)) => (label, None),
            None => (written.as_str(), None),
        };
        let wanted = own.or_else(|| caller.get(label).map(String::as_str)).unwrap_or_default();
        if wanted == endpoint.get(label).map_or("", String::as_str) {
            continue;
        }
        if index == 0 && written == place::NETWORK {
            behind = lowest;
            continue;
        }
        return lowest - index + behind;
    }
    behind
}
