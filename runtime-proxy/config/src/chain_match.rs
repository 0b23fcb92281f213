//! Which filter chain a connection takes: Envoy's rules (`FilterChainManagerImpl`), most specific first.
//!
//! The criteria are looked at in a fixed order. At each, the chains that ask for just this value stay if there are any,
//! else those that ask for none; what was given up at one criterion is never come back to.

use std::cmp::Reverse;
use std::net::{IpAddr, SocketAddr};

use meshc_envoy as envoy;

use crate::error::{At, ConfigError};

/// What is known of a connection before its filter chain is chosen.
#[derive(Debug, Clone)]
pub struct ConnectionFacts {
    /// Where it was made to.
    pub destination: SocketAddr,
    /// Where it comes from.
    pub source: IpAddr,
    /// The name that its TLS asks for, in lower case; empty where it asks for none or nothing has looked.
    pub server_name: String,
    /// Whether it begins with TLS, as far as an inspector has looked.
    pub tls: bool,
    /// What ALPN offers, or the version of HTTP that an inspector found.
    pub protocols: Vec<String>,
}

impl ConnectionFacts {
    /// What the addresses alone say.
    pub fn new(destination: SocketAddr, source: IpAddr) -> Self {
        Self { destination, source, server_name: String::new(), tls: false, protocols: Vec::new() }
    }
}

/// The matches of a listener's filter chains, in the chains' order.
#[derive(Debug, Clone, Default)]
pub struct ChainTable(Vec<ChainMatch>);

/// The match of one chain; what is empty takes every connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ChainMatch {
    port: Option<u16>,
    destinations: Vec<Range>,
    sources: Vec<Range>,
    server_names: Vec<String>,
    transport: String,
    protocols: Vec<String>,
}

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    address: IpAddr,
    bits: u8,
}

impl Range {
    fn new(range: &envoy::CidrRange, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::CidrRange { address_prefix, prefix_len } = range;
        let address: IpAddr = address_prefix
            .parse()
            .map_err(|_| at.field("address_prefix").error(format!("{address_prefix:?} is no IP address")))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = prefix_len.unwrap_or(0);
        if bits > most {
            return Err(at.field("prefix_len").error(format!("{bits} is more than {most}")));
        }
        Ok(Self { address: masked(address, bits as u8), bits: bits as u8 })
    }

    fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && masked(address, self.bits) == self.address
    }
}

/// The first bits of an address, the others zero.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((u128::from(v6) & mask).into())
        }
    }
}

impl ChainMatch {
    fn new(matches: Option<&envoy::FilterChainMatch>, at: &At<'_>) -> Result<Self, ConfigError> {
        let Some(matches) = matches else { return Ok(Self::default()) };
        let envoy::FilterChainMatch {
            destination_port,
            prefix_ranges,
            source_prefix_ranges,
            server_names,
            transport_protocol,
            application_protocols,
        } = matches;
        let port = destination_port
            .map(|port| {
                u16::try_from(port)
                    .map_err(|_| at.field("destination_port").error(format!("{port} is no port")))
            })
            .transpose()?;
        let ranges = |name: &str, ranges: &[envoy::CidrRange]| -> Result<Vec<Range>, ConfigError> {
            ranges
                .iter()
                .enumerate()
                .map(|(index, range)| Range::new(range, &at.index(name, index)))
                .collect()
        };
        for (index, name) in server_names.iter().enumerate() {
            if name.strip_prefix("*.").unwrap_or(name).contains('*') {
                return Err(at
                    .index("server_names", index)
                    .error("a wildcard is a whole label at the beginning, as in *.example.com"));
            }
        }
        Ok(Self {
            port,
            destinations: ranges("prefix_ranges", prefix_ranges)?,
            sources: ranges("source_prefix_ranges", source_prefix_ranges)?,
            server_names: server_names.iter().map(|name| name.to_ascii_lowercase()).collect(),
            transport: transport_protocol.clone(),
            protocols: application_protocols.clone(),
        })
    }

    /// Whether some connection is asked for alike by both, which Envoy refuses.
    fn overlaps(&self, other: &Self) -> bool {
        self.port == other.port
            && self.transport == other.transport
            && share(&self.destinations, &other.destinations)
            && share(&self.sources, &other.sources)
            && share(&self.server_names, &other.server_names)
            && share(&self.protocols, &other.protocols)
    }
}

/// Whether two lists have a value in common, or both have none.
fn share<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    (one.is_empty() && other.is_empty()) || one.iter().any(|value| other.contains(value))
}

impl ChainTable {
    /// Reads the matches of a listener's chains.
    pub(crate) fn new(chains: &[envoy::FilterChain], at: &At<'_>) -> Result<Self, ConfigError> {
        let mut all: Vec<ChainMatch> = Vec::with_capacity(chains.len());
        for (index, chain) in chains.iter().enumerate() {
            let at = at.index("filter_chains", index);
            let at = at.field("filter_chain_match");
            let matches = ChainMatch::new(chain.filter_chain_match.as_ref(), &at)?;
            if all.iter().any(|other| other.overlaps(&matches)) {
                return Err(at.error("another filter chain matches the same"));
            }
            all.push(matches);
        }
        Ok(Self(all))
    }

    /// The index of the chain for a connection; `None` where the default chain, if any, takes it.
    pub fn find(&self, facts: &ConnectionFacts) -> Option<usize> {
        let mut left: Vec<(usize, &ChainMatch)> = self.0.iter().enumerate().collect();
        narrow(
            &mut left,
            |chain| chain.port.is_none(),
            |chain| (chain.port == Some(facts.destination.port())).then_some(0),
        );
        narrow(
            &mut left,
            |chain| chain.destinations.is_empty(),
            |chain| longest(&chain.destinations, facts.destination.ip()),
        );
        narrow(
            &mut left,
            |chain| chain.server_names.is_empty(),
            |chain| chain.server_names.iter().filter_map(|name| names(name, &facts.server_name)).max(),
        );
        let transport = if facts.tls { "tls" } else { "raw_buffer" };
        narrow(
            &mut left,
            |chain| chain.transport.is_empty(),
            |chain| (chain.transport == transport).then_some(0),
        );
        narrow(
            &mut left,
            |chain| chain.protocols.is_empty(),
            |chain| {
                // The client's first choice counts most.
                facts
                    .protocols
                    .iter()
                    .position(|protocol| chain.protocols.contains(protocol))
                    .map(|place| usize::MAX - place)
            },
        );
        narrow(&mut left, |chain| chain.sources.is_empty(), |chain| longest(&chain.sources, facts.source));
        left.first().map(|(index, _)| *index)
    }
}

/// Keeps the chains that ask for a connection most precisely, or those that do not ask.
fn narrow(
    left: &mut Vec<(usize, &ChainMatch)>,
    any: impl Fn(&ChainMatch) -> bool,
    how: impl Fn(&ChainMatch) -> Option<usize>,
) {
    let best = left.iter().filter_map(|(_, chain)| how(chain)).min_by_key(|precision| Reverse(*precision));
    left.retain(|(_, chain)| if best.is_some() { how(chain) == best } else { any(chain) });
}

/// The bits of the longest range with an address.
fn longest(ranges: &[Range], address: IpAddr) -> Option<usize> {
    ranges.iter().filter(|range| range.contains(address)).map(|range| usize::from(range.bits)).max()
}

/// How precisely a pattern names a server; a whole name is more precise than every wildcard.
fn names(pattern: &str, name: &str) -> Option<usize> {
    match pattern.strip_prefix('*') {
        Some(suffix) => (name.len() > suffix.len() && name.ends_with(suffix)).then_some(suffix.len()),
        None => (!name.is_empty() && pattern == name).then_some(usize::MAX),
    }
}
