//! One line of trace's input.

use std::fmt;

use meshc_diagnostics::{Direction as Way, Witness, WitnessRequest};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::TraceError;

/// The longest line that is read. Envoy takes at most 60 KiB of request head; JSON may spell a byte in six.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// A question: which proxy, which way, which request. Unknown fields are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Query {
    /// `NAME` or `NAME.NAMESPACE` of a pod or a workload.
    pub proxy: String,
    /// The route table; wins over `port`.
    #[serde(default)]
    pub route_table: Option<String>,
    /// The destination's port; for gateways the listener's.
    #[serde(default)]
    pub port: Option<u16>,
    /// Which way; see [`Direction`] for what happens without it.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// The SPIFFE identity of the caller, null for plaintext.
    #[serde(default)]
    pub peer: Option<String>,
    /// The address that the request comes from.
    #[serde(default)]
    pub source_ip: Option<String>,
    /// The name in TLS's `ClientHello` (`connection.sni` of an AuthorizationPolicy); empty when absent.
    #[serde(default)]
    pub sni: Option<String>,
    /// The request; TCP needs none.
    #[serde(default)]
    pub request: Option<Request>,
}

/// Which of a proxy's listeners is asked. Without one, a gateway's proxy means `gateway`, a `route_table`
/// means `outbound`, and everything else `inbound` at `port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the workload to others.
    Outbound,
    /// From others to the workload.
    Inbound,
    /// Through a gateway.
    Gateway,
}

/// An HTTP request as its sender writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// As written; Envoy minds the case.
    #[serde(default = "get")]
    pub method: String,
    /// The `Host` header, with or without a port.
    pub authority: String,
    /// With the query; not yet normalised.
    #[serde(default = "root")]
    pub path: String,
    /// In the order written; a value may also be a list, for a header that is sent several times.
    #[serde(default, deserialize_with = "headers")]
    pub headers: Vec<(String, String)>,
}

impl Query {
    /// Reads one line.
    pub fn from_line(line: &str) -> Result<Self, TraceError> {
        if line.len() > MAX_LINE_BYTES {
            return Err(TraceError::TooLong { bytes: line.len(), limit: MAX_LINE_BYTES });
        }
        serde_json::from_str(line).map_err(|error| TraceError::Line { message: error.to_string() })
    }
}

impl Default for Request {
    fn default() -> Self {
        Self { method: get(), authority: String::new(), path: root(), headers: Vec::new() }
    }
}

impl Direction {
    /// As it is written in the input.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Gateway => "gateway",
        }
    }
}

// === witnesses: questions that findings carry ===

impl From<Way> for Direction {
    fn from(way: Way) -> Self {
        match way {
            Way::Outbound => Self::Outbound,
            Way::Inbound => Self::Inbound,
            Way::Gateway => Self::Gateway,
        }
    }
}

impl From<Direction> for Way {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Outbound => Self::Outbound,
            Direction::Inbound => Self::Inbound,
            Direction::Gateway => Self::Gateway,
        }
    }
}

impl From<&Witness> for Query {
    fn from(witness: &Witness) -> Self {
        let headers = witness.request.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        Self {
            proxy: witness.proxy.clone(),
            route_table: witness.route_table.clone(),
            port: witness.port,
            direction: witness.direction.map(Direction::from),
            peer: witness.peer.clone(),
            source_ip: witness.source_ip.clone(),
            sni: None,
            request: Some(Request {
                method: witness.request.method.clone(),
                authority: witness.request.authority.clone(),
                path: witness.request.path.clone(),
                headers: headers.collect(),
            }),
        }
    }
}

impl From<&Query> for Witness {
    fn from(query: &Query) -> Self {
        let request = query.request.clone().unwrap_or_default();
        Self {
            proxy: query.proxy.clone(),
            route_table: query.route_table.clone(),
            port: query.port,
            direction: query.direction.map(Way::from),
            peer: query.peer.clone(),
            source_ip: query.source_ip.clone(),
            request: WitnessRequest {
                method: request.method,
                authority: request.authority,
                path: request.path,
                headers: request.headers.into_iter().collect(),
            },
        }
    }
}

fn get() -> String {
    "GET".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Keeps the order and repeated names, which a map would lose.
fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    struct Pairs;
    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(String, String)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of header names and values")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some((name, values)) = map.next_entry::<String, OneOrMany>()? {
                match values {
                    OneOrMany::One(value) => pairs.push((name, value)),
                    OneOrMany::Many(values) => pairs.extend(values.into_iter().map(|v| (name.clone(), v))),
                }
            }
            Ok(pairs)
        }
    }
    deserializer.deserialize_any(Pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_are_ignored_and_missing_ones_have_defaults() {
        let query = Query::from_line(
            r#"{"proxy":"a.b","note":1,"request":{"authority":"h","headers":{"A":"1","a":["2","3"]},"x":[]}}"#,
        )
        .expect("readable");
        assert_eq!(query.proxy, "a.b");
        assert_eq!((query.port, query.direction, query.route_table), (None, None, None));
        let request = query.request.expect("there");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/"));
        assert_eq!(request.headers.len(), 3);
    }

    #[test]
    fn a_line_that_is_no_request_says_why() {
        for line in ["", "[]", "{}", "null", r#"{"proxy":1}"#, r#"{"proxy":"a","port":70000}"#] {
            assert!(matches!(Query::from_line(line), Err(TraceError::Line { .. })), "{line}");
        }
        let long = " ".repeat(MAX_LINE_BYTES + 1);
        assert!(matches!(Query::from_line(&long), Err(TraceError::TooLong { .. })));
    }
}
