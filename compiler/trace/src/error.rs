//! Why a line of trace's input cannot be answered.

use meshc_re2::Error as Re2Error;

/// A request that has no answer: not one that Envoy refuses (that is an answer), but one that names
/// something which is not there or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The line is no JSON object of the expected shape.
    #[error("this line is not a request: {message}")]
    Line {
        /// What the JSON reader said.
        message: String,
    },
    /// The line is longer than [`MAX_LINE_BYTES`](crate::MAX_LINE_BYTES).
    #[error("this line has {bytes} bytes, more than the {limit} that are read")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// No proxy is called so, or several are.
    #[error("{message}")]
    Proxy {
        /// The sentence of the search.
        message: String,
    },
    /// The proxy has no route table of this name.
    #[error("{proxy} has no route table {table:?}{}", known(.tables))]
    UnknownTable {
        /// The proxy.
        proxy: String,
        /// The name that was asked for.
        table: String,
        /// Those that exist.
        tables: Vec<String>,
    },
    /// Nothing listens at this port.
    #[error("{proxy} has no {direction} listener at port {port}{}", listed(.ports))]
    NoListener {
        /// The proxy.
        proxy: String,
        /// Which way.
        direction: &'static str,
        /// The port that was asked for.
        port: u16,
        /// Those that exist.
        ports: Vec<u16>,
    },
    /// Neither a table nor a port was given, and there is more than one to choose from.
    #[error("say which of the {direction} ports of {proxy} is meant, with \"port\" or \"route_table\"{}", listed(.ports))]
    NeedsPort {
        /// The proxy.
        proxy: String,
        /// Which way.
        direction: &'static str,
        /// Those that exist.
        ports: Vec<u16>,
    },
    /// The listener speaks HTTP and the line has no `request`.
    #[error(
        "the listener speaks HTTP: the line needs a \"request\" with method, authority, path and headers"
    )]
    NeedsRequest,
    /// Tokens of an issuer cannot be verified: its keys are in no file.
    #[error(
        "the keys of the issuer {issuer} are at {place}, which is not in the tree: whether its tokens are valid is \
         unknown (`external.keys` in meshc.yaml takes them)"
    )]
    Keys {
        /// The issuer.
        issuer: String,
        /// Where they are.
        place: String,
    },
    /// A CUSTOM policy asks a provider, whose answer is in no file.
    #[error("a CUSTOM policy asks the provider {provider}: what it answers is unknown")]
    External {
        /// MeshConfig's name of it.
        provider: String,
    },
    /// A patch changes what becomes of requests, which is not followed here.
    #[error("{patch} changes {what} of {proxy}: what becomes of its {side} requests is unknown")]
    Patched {
        /// `EnvoyFilter NAMESPACE/NAME: configPatches[N]`.
        patch: String,
        /// What it changes.
        what: &'static str,
        /// The proxy.
        proxy: String,
        /// Which way.
        side: &'static str,
    },
    /// A policy asks about an address that the line does not give.
    #[error("{policy} asks for {what}, which the line does not give: add \"source_ip\"")]
    NeedsAddress {
        /// What is asked for.
        what: String,
        /// The rule that asks.
        policy: String,
    },
    /// A regular expression of the configuration is none that RE2 reads.
    #[error(transparent)]
    Regex(#[from] Re2Error),
}

impl TraceError {
    /// Names the rule that asks for what is missing.
    pub(crate) fn about(self, rule: &str) -> Self {
        match self {
            Self::NeedsAddress { what, policy } if policy.is_empty() => {
                Self::NeedsAddress { what, policy: rule.to_owned() }
            }
            other => other,
        }
    }
}

fn known(names: &[String]) -> String {
    if names.is_empty() { "; it has none".to_owned() } else { format!("; it has {}", names.join(", ")) }
}

fn listed(ports: &[u16]) -> String {
    if ports.is_empty() {
        return "; it has none".to_owned();
    }
    let listed: Vec<_> = ports.iter().map(u16::to_string).collect();
    format!("; it has {}", listed.join(", "))
}
