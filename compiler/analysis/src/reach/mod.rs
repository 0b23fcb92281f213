//! Which routes requests can reach: "first match wins" worked out exactly for each virtual host.

mod asked;
mod known;
mod reached;
mod view;
mod work_out;

use meshc_diagnostics::WitnessRequest;
use meshc_effective::model::{Reader, RouteTable, VirtualHost};
use meshc_predicate::{Error, FirstMatch, Limits};

use crate::requests::hosts::Domains;
use crate::requests::{Model, ModelBuilder};

pub(crate) use asked::Asked;
pub(crate) use known::Known;
pub(crate) use reached::Met;
pub use reached::Reached;
pub use view::{HostView, RouteView, RoutesView, TableView, routes_view};
pub(crate) use view::{Site, truth};

/// Whether some request reaches a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reachable {
    /// One does: the witness.
    Yes,
    /// None does, for certain.
    No,
    /// A bound was passed, or an expression is one that RE2 refuses: why.
    Unknown(String),
}

/// What is known of one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteReach {
    /// Whether some request reaches it.
    pub reachable: Reachable,
    /// A request that does.
    pub witness: Option<WitnessRequest>,
    /// The earlier routes that together take all of its requests, none of which can be left out. Empty if it is
    /// reachable, and if no request has what it asks for.
    pub hidden_by: Vec<usize>,
    /// For a hidden route: a request that it asks for, and that an earlier route answers.
    pub hidden_request: Option<WitnessRequest>,
}

impl RouteReach {
    pub(crate) fn yes(witness: WitnessRequest) -> Self {
        Self {
            reachable: Reachable::Yes,
            witness: Some(witness),
            hidden_by: Vec::new(),
            hidden_request: None,
        }
    }

    fn no() -> Self {
        Self { reachable: Reachable::No, witness: None, hidden_by: Vec::new(), hidden_request: None }
    }

    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self { reachable: Reachable::Unknown(why.into()), ..Self::no() }
    }

    /// Whether the match can never hold, whatever stands before it.
    pub fn is_impossible(&self) -> bool {
        self.reachable == Reachable::No && self.hidden_by.is_empty()
    }
}

/// For each route of a virtual host of a table, in order, whether some request reaches it.
pub fn reachability(table: &RouteTable, host: usize, proxy: Reader) -> Vec<RouteReach> {
    let Some(virtual_host) = table.virtual_hosts.get(host) else { return Vec::new() };
    Known::reach(&Asked::new(table), host, virtual_host, proxy)
}

/// The domains that lead to a virtual host: those that no earlier one has.
pub(crate) fn own_domains(table: &RouteTable, host: usize) -> Vec<String> {
    Asked::new(table).own(host)
}

fn reach(
    (domains, own): (&Domains<'_>, &[String]),
    virtual_host: &VirtualHost,
    proxy: Reader,
    limits: &Limits,
) -> Result<Vec<RouteReach>, Error> {
    let routes = &virtual_host.routes;
    let found = ModelBuilder::to(proxy, (domains, own), routes, limits)?;
    let Some((mut builder, authority)) = found else {
        return Ok(vec![RouteReach::no(); routes.len()]);
    };
    builder.require_tls(virtual_host.require_tls)?;
    for route in routes {
        builder.add(&route.matches)?;
    }
    let mut model = builder.build(authority)?;
    let sets = model.sets.clone();
    let first = model.space.first_match(&sets)?;
    (0..routes.len())
        .map(|index| {
            let reach = first.reach(index);
            if !reach.is_empty() {
                let certain = model.certain(reach)?;
                return Ok(match model.witness(certain) {
                    Some((_, witness)) => RouteReach::yes(witness),
                    None => RouteReach::unknown(first_of(&model.unknowns(reach))),
                });
            }
            let hidden_by = first.hidden_by(&mut model.space, index)?;
            let hidden_request = hidden_request(&mut model, &first, index, &hidden_by)?;
            Ok(RouteReach { hidden_by, hidden_request, ..RouteReach::no() })
        })
        .collect()
}

/// Reasons in a row; where there are many, only the first.
fn first_of(reasons: &[String]) -> String {
    const SHOWN: usize = 5;
    match reasons.len().checked_sub(SHOWN) {
        None | Some(0) => reasons.join("; "),
        Some(more) => format!("{}; and {more} more such reasons", reasons[..SHOWN].join("; ")),
    }
}

/// A request that a hidden route asks for, and that one of those that hide it answers.
fn hidden_request(
    model: &mut Model,
    first: &FirstMatch,
    index: usize,
    hidden_by: &[usize],
) -> Result<Option<WitnessRequest>, Error> {
    let Some(&set) = model.sets.get(index) else { return Ok(None) };
    let taken = model.space.any_of(hidden_by.iter().map(|&by| first.reach(by)))?;
    let taken = model.space.and(set, taken)?;
    let certain = model.certain(taken)?;
    Ok(model.witness(certain).map(|(_, request)| request))
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
