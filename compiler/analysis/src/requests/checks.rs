//! What a proxy's checks do with requests, as sets: whom they ask about each, and how it ends.

use std::collections::BTreeSet;

use meshc_effective::model::{MtlsMode, Rbac, RbacAction, Security, SecurityFilter};
use meshc_predicate::{Error, Set};

use super::{Model, ModelBuilder, Place};

/// How a request ends at the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It goes on.
    Passed,
    /// 403.
    Denied,
    /// The connection is not taken.
    Closed,
}

/// What becomes of a request: whom the checks ask about it, and how it ends where those let it pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fate {
    /// The providers of external authorization.
    pub(crate) asked: BTreeSet<String>,
    /// How it ends.
    pub(crate) end: End,
}

impl ModelBuilder {
    /// Adds what each rule set of some checks matches, in the order in which [`fates`] takes them.
    pub(crate) fn add_checks(&mut self, security: &Security, place: Place<'_>) -> Result<(), Error> {
        for filter in filters(security, place.tcp) {
            if let SecurityFilter::Rbac(rbac) = filter {
                for set in rbac.enforced.iter().chain(&rbac.shadow) {
                    self.add_rules(set, place)?;
                }
            }
        }
        Ok(())
    }
}

/// The filters that see connections of a kind.
pub(crate) fn filters(security: &Security, tcp: bool) -> &[SecurityFilter] {
    if tcp { &security.tcp } else { &security.http }
}

/// The requests of each fate. `modes`: the modes of mutual TLS count, as they do at sidecars. `identified` are the
/// callers with an identity; `sets` gives what each rule set matches, in the order in which they were added.
pub(crate) fn fates(
    model: &mut Model,
    security: &Security,
    (place, modes): (Place<'_>, bool),
    identified: Set,
    sets: &mut impl Iterator<Item = Set>,
) -> Result<Vec<(Fate, Set)>, Error> {
    let closed = match security.mtls.of(place.port).mode {
        _ if !modes => Set::EMPTY,
        MtlsMode::Strict => !identified,
        MtlsMode::Disable => identified,
        MtlsMode::Permissive => Set::EMPTY,
    };
    let mut ended = vec![(Fate { asked: BTreeSet::new(), end: End::Closed }, closed)];
    let mut going: Vec<(BTreeSet<String>, Set)> = vec![(BTreeSet::new(), !closed)];
    let mut marked = Set::EMPTY;
    for filter in filters(security, place.tcp) {
        match filter {
            SecurityFilter::Jwt(_) => {}
            SecurityFilter::Rbac(rbac) => {
                let (denied, marks) = rbac_sets(rbac, sets);
                marked = marks;
                let mut still = Vec::new();
                for (asked, set) in going {
                    let end = if place.tcp { End::Closed } else { End::Denied };
                    let refused = model.space.and(set, denied)?;
                    ended.push((Fate { asked: asked.clone(), end }, refused));
                    still.push((asked, model.space.and(set, !denied)?));
                }
                going = still;
            }
            SecurityFilter::External(external) => {
                let mut still = Vec::new();
                for (asked, set) in going {
                    let mut more = asked.clone();
                    more.insert(external.provider.clone());
                    still.push((more, model.space.and(set, marked)?));
                    still.push((asked, model.space.and(set, !marked)?));
                }
                going = still;
            }
        }
    }
    ended.extend(going.into_iter().map(|(asked, set)| (Fate { asked, end: End::Passed }, set)));
    let mut merged: Vec<(Fate, Set)> = Vec::new();
    for (fate, set) in ended.into_iter().filter(|(_, set)| !set.is_empty()) {
        match merged.iter_mut().find(|(known, _)| *known == fate) {
            Some((_, all)) => *all = model.space.or(*all, set)?,
            None => merged.push((fate, set)),
        }
    }
    Ok(merged)
}

/// What a filter refuses, and what it marks.
fn rbac_sets(rbac: &Rbac, sets: &mut impl Iterator<Item = Set>) -> (Set, Set) {
    let mut next = || sets.next().unwrap_or(Set::EMPTY);
    let denied = match rbac.enforced.as_ref().map(|set| set.action) {
        None => Set::EMPTY,
        Some(action) => match (action, next()) {
            (RbacAction::Allow, matched) => !matched,
            (RbacAction::Deny, matched) => matched,
            (RbacAction::Log, _) => Set::EMPTY,
        },
    };
    let marks = if rbac.shadow.is_some() { next() } else { Set::EMPTY };
    (denied, marks)
}
