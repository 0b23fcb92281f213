//! A chain before it is known what stands beside it in its listener (Istio's `filterChainOpts`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::model::{Chain, ChainAction, ChainMatch, Transport};

/// What Istio asks a plaintext connection's inspector for before it takes it for HTTP.
pub(crate) const PLAINTEXT_HTTP: [&str; 2] = ["http/1.1", "h2c"];

/// A chain in the making.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    /// Server names as written; `*` is any.
    pub(crate) server_names: Vec<String>,
    /// Addresses and ranges as written.
    pub(crate) destinations: Vec<String>,
    /// It is for plaintext that an inspector takes for HTTP.
    pub(crate) only_http: bool,
    /// What is done.
    pub(crate) action: ChainAction,
    /// The resource behind it.
    pub(crate) config: Option<String>,
}

impl Draft {
    /// A chain for every connection.
    pub(crate) fn new(action: ChainAction) -> Self {
        Self { server_names: Vec::new(), destinations: Vec::new(), only_http: false, action, config: None }
    }

    /// Whether it takes every connection.
    pub(crate) fn is_any(&self) -> bool {
        (self.server_names.is_empty() || self.has_any_name())
            && !self.only_http
            && self.destinations.is_empty()
    }

    fn has_any_name(&self) -> bool {
        self.server_names.iter().any(|name| name == "*")
    }

    /// Whether Envoy could not tell it from the other.
    pub(crate) fn conflicts_with(&self, other: &Self) -> bool {
        let names = |draft: &Self| -> BTreeSet<String> {
            draft.server_names.iter().filter(|name| *name != "*").cloned().collect()
        };
        let ranges = |draft: &Self| -> BTreeSet<(IpAddr, u8)> {
            let ranges = draft.destinations.iter().filter_map(|range| parse_range(range));
            ranges
                .filter(|(address, _)| !is_ipv4_any(address))
                .map(|(address, bits)| (masked(address, bits), bits))
                .collect()
        };
        self.only_http == other.only_http && names(self) == names(other) && ranges(self) == ranges(other)
    }

    /// The finished chain.
    pub(crate) fn finish(self) -> Chain {
        let any = self.is_any();
        let any_name = self.has_any_name();
        let mut chain = Chain { config: self.config, ..Chain::new(self.action) };
        if any {
            return chain;
        }
        let mut server_names = if any_name { Vec::new() } else { self.server_names };
        server_names.sort();
        let mut destinations = self.destinations;
        destinations.sort();
        let ranges = destinations.iter().filter_map(|range| parse_range(range));
        let ranges = ranges.filter(|(address, _)| !is_ipv4_any(address));
        chain.matches = ChainMatch {
            destinations: ranges.map(|(address, bits)| format!("{address}/{bits}")).collect(),
            server_names,
            transport: self.only_http.then_some(Transport::RawBuffer),
            application_protocols: if self.only_http {
                PLAINTEXT_HTTP.map(str::to_owned).to_vec()
            } else {
                Vec::new()
            },
            destination_port: None,
        };
        chain
    }
}

/// An address, or a range as `ADDRESS/BITS`.
fn parse_range(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(all), |bits| bits.parse().ok()).filter(|bits| *bits <= all)?;
    Some((address, bits))
}

/// Envoy has a shorter way to say "every IPv4 address": nothing.
fn is_ipv4_any(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_unspecified())
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}
