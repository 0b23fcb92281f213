//! Listener filters: what is found out about a connection before its filter chain is chosen.

use std::ops::Range;
use std::time::Duration;

use meshc_envoy as envoy;
use meshc_envoy::TypedConfig;
use serde_json::Value;

use crate::error::{At, ConfigError};

/// Rules in one another at most.
const MAX_DEPTH: usize = 16;

/// What is found out about the connections of a listener.
#[derive(Debug, Clone, Default)]
pub struct Inspectors {
    /// Which address a redirected connection was made to.
    pub original_destination: bool,
    /// TLS: the server's name and the protocols offered. Ports where it does not look.
    pub tls: Option<Ports>,
    /// Which HTTP is spoken. Ports where it does not look.
    pub http: Option<Ports>,
    /// How long the first bytes may take; `None` is for ever.
    pub timeout: Option<Duration>,
    /// Whether a connection goes on with what is known when that time is over; else it is closed.
    pub continue_on_timeout: bool,
}

/// A set of ports, as a listener filter's `filter_disabled` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ports {
    /// Every port.
    All,
    /// Those of all of the sets.
    Every(Vec<Self>),
    /// Those of one of the sets; no set is no port.
    Any(Vec<Self>),
    /// The other ports.
    Not(Box<Self>),
    /// From the first to before the last.
    Range(Range<u32>),
}

impl Ports {
    /// Whether a port is one of them.
    pub fn contains(&self, port: u16) -> bool {
        match self {
            Self::All => true,
            Self::Every(sets) => sets.iter().all(|set| set.contains(port)),
            Self::Any(sets) => sets.iter().any(|set| set.contains(port)),
            Self::Not(set) => !set.contains(port),
            Self::Range(range) => range.contains(&u32::from(port)),
        }
    }

    fn new(value: &Value, at: &At<'_>, depth: usize) -> Result<Self, ConfigError> {
        if depth > MAX_DEPTH {
            return Err(at.error(format!("rules stand in one another more than {MAX_DEPTH} deep")));
        }
        let mut fields = value.as_object().into_iter().flatten();
        let (Some((name, inner)), None) = (fields.next(), fields.next()) else {
            return Err(at.error("one rule must be set"));
        };
        let at = at.field(name);
        let rules = || -> Result<Vec<Self>, ConfigError> {
            let rules = inner.get("rules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let rules = rules.iter().enumerate();
            rules.map(|(index, rule)| Self::new(rule, &at.index("rules", index), depth + 1)).collect()
        };
        match name.as_str() {
            "any_match" if inner.as_bool() == Some(true) => Ok(Self::All),
            "and_match" => rules().map(Self::Every),
            "or_match" => rules().map(Self::Any),
            "not_match" => Self::new(inner, &at, depth + 1).map(|set| Self::Not(Box::new(set))),
            "destination_port_range" => {
                let port =
                    |name| inner.get(name).and_then(Value::as_u64).and_then(|port| u32::try_from(port).ok());
                match (port("start"), port("end")) {
                    (Some(start), Some(end)) => Ok(Self::Range(start..end)),
                    _ => Err(at.error("start and end must be numbers")),
                }
            }
            _ => Err(at.not_implemented()),
        }
    }
}

impl Inspectors {
    pub(crate) fn new(listener: &envoy::Listener, at: &At<'_>) -> Result<Self, ConfigError> {
        let mut inspectors = Self {
            original_destination: listener.use_original_dst.unwrap_or(false),
            // Envoy waits for 15 seconds where nothing is said, and for ever where 0 is.
            timeout: match listener.listener_filters_timeout {
                None => Some(Duration::from_secs(15)),
                Some(timeout) => (!timeout.0.is_zero()).then_some(timeout.0),
            },
            continue_on_timeout: listener.continue_on_listener_filters_timeout,
            ..Self::default()
        };
        for (index, filter) in listener.listener_filters.iter().enumerate() {
            let field = at.index("listener_filters", index);
            let envoy::ListenerFilter { name: _, typed_config, filter_disabled } = filter;
            let disabled = filter_disabled.as_ref().map_or(Ok(Ports::Any(Vec::new())), |rule| {
                Ports::new(rule, &field.field("filter_disabled"), 0)
            })?;
            match typed_config {
                Some(TypedConfig::HttpInspector(_)) => inspectors.http = Some(disabled),
                Some(TypedConfig::TlsInspector(inspector)) => {
                    let field = field.field("typed_config");
                    // How much it reads at first is a matter of speed alone.
                    let envoy::TlsInspector { initial_read_buffer_size: _, enable_ja3_fingerprinting } =
                        &**inspector;
                    field.refuse("enable_ja3_fingerprinting", &enable_ja3_fingerprinting.filter(|on| *on))?;
                    inspectors.tls = Some(disabled);
                }
                Some(TypedConfig::OriginalDst(_)) => {
                    field.refuse("filter_disabled", filter_disabled)?;
                    inspectors.original_destination = true;
                }
                Some(other) => {
                    return Err(field.error(format!("{} is not implemented by mesh-proxy", other.type_url())));
                }
                None => return Err(field.field("typed_config").error("must be set")),
            }
        }
        Ok(inspectors)
    }

    /// Whether the first bytes of a connection that was made to a port are looked at: for TLS, and for HTTP.
    pub fn looks(&self, port: u16) -> (bool, bool) {
        let looks = |disabled: &Option<Ports>| disabled.as_ref().is_some_and(|ports| !ports.contains(port));
        (looks(&self.tls), looks(&self.http))
    }
}
