//! Sorts of difference, how much they deserve attention, and what a person cares about in them.

use serde::{Serialize, Serializer};

/// What a reader should look at first. Ordered: high risk is the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Requests fail, or go somewhere else than they did.
    High,
    /// Requests are treated differently.
    Medium,
    /// Hardly visible to a caller.
    Low,
}

impl Risk {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// As it is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

macro_rules! concerns {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $title:literal;)*) => {
        /// What a person cares about: the groups of outputs, in their order where the risk is the same.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Concern {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Concern {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it is written in JSON and on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// As a heading for people.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)*
                }
            }
        }
    };
}

concerns! {
    /// Requests that arrived do not any more.
    Unreachable, "unreachable", "Newly unreachable";
    /// What comes from outside the mesh, or from callers that were refused, gets further than it did.
    Exposure, "exposure", "Exposure changed";
    /// Who is let in otherwise, and how connections are protected.
    Security, "security", "Security changed";
    /// Requests go to other destinations, or in other shares.
    Traffic, "traffic", "Traffic moved";
    /// Requests that did not arrive do now.
    Reachable, "reachable", "Newly reachable";
    /// Timeouts, retries, faults, pools, outlier detection.
    Resilience, "resilience", "Resilience changed";
    /// What arrives, and what the client gets.
    Answers, "answers", "Requests and answers changed";
    /// Pods and proxies that come and go.
    Capacity, "capacity", "Endpoints and proxies changed";
    /// Logs, metrics, traces.
    Telemetry, "telemetry", "Telemetry changed";
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $risk:ident, $concern:ident;)*) => {
        /// Sorts of difference, in the order in which outputs list them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it is written in JSON.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// How much it deserves a reader's attention, unless more is known.
            pub const fn risk(self) -> Risk {
                match self {
                    $(Self::$variant => Risk::$risk,)*
                }
            }

            /// What a person cares about in it, inside the mesh.
            const fn concern(self) -> Concern {
                match self {
                    $(Self::$variant => Concern::$concern,)*
                }
            }
        }
    };
}

kinds! {
    /// Requests that reached an endpoint do not any more.
    NewlyUnreachable, "newly-unreachable", High, Unreachable;
    /// Requests that reached no endpoint do now.
    NewlyReachable, "newly-reachable", Medium, Reachable;
    /// Requests go to other destinations, or in other shares.
    TrafficMoved, "traffic-moved", Medium, Traffic;
    /// Requests are told to go elsewhere, or no longer.
    RedirectChanged, "redirect-changed", Medium, Answers;
    /// Callers or requests that policies let pass are refused.
    NewlyDenied, "newly-denied", High, Unreachable;
    /// Callers or requests that policies refused are let pass: what was closed is exposed.
    NewlyAllowed, "newly-allowed", High, Exposure;
    /// Policies refuse otherwise, or ask someone else.
    SecurityChanged, "security-changed", Medium, Security;
    /// Which tokens are valid, and what becomes of them.
    TokensChanged, "tokens-changed", Medium, Security;
    /// How TLS is terminated or spoken: certificates, versions, who must show one.
    TlsChanged, "tls-changed", Medium, Security;
    /// A workload is somebody else to those that it calls.
    IdentityChanged, "identity-changed", Medium, Security;
    /// What becomes of paths before they are matched, by routes and by policies.
    NormalizationChanged, "normalization-changed", High, Security;
    /// The proxy itself answers, or answers otherwise.
    ResponseChanged, "response-changed", Medium, Answers;
    /// Faults on purpose.
    FaultChanged, "fault-changed", High, Resilience;
    /// Path or authority as they arrive.
    RewriteChanged, "rewrite-changed", Medium, Answers;
    /// Headers of requests or responses.
    HeadersChanged, "headers-changed", Medium, Answers;
    /// Cross-origin rules.
    CorsChanged, "cors-changed", Medium, Answers;
    /// How long a request may take.
    TimeoutChanged, "timeout-changed", Medium, Resilience;
    /// What is tried again.
    RetriesChanged, "retries-changed", Low, Resilience;
    /// Where copies go.
    MirrorChanged, "mirror-changed", Low, Traffic;
    /// A proxy does not listen any more.
    ListenerRemoved, "listener-removed", High, Unreachable;
    /// A proxy listens.
    ListenerAdded, "listener-added", Medium, Reachable;
    /// A proxy treats connections to a port differently.
    ListenerChanged, "listener-changed", Medium, Answers;
    /// Code of one's own in the proxy: WebAssembly, Lua.
    ExtensionsChanged, "extensions-changed", Medium, Answers;
    /// What EnvoyFilters change in what a proxy is sent.
    PatchesChanged, "patches-changed", Medium, Answers;
    /// How a destination's endpoints are chosen and reached.
    ClusterSettingsChanged, "cluster-settings-changed", Low, Resilience;
    /// The endpoints of a destination.
    EndpointsChanged, "endpoints-changed", Low, Capacity;
    /// A workload's proxies are gone.
    ProxyRemoved, "proxy-removed", Medium, Capacity;
    /// A workload has proxies that it did not have.
    ProxyAdded, "proxy-added", Low, Capacity;
    /// What is logged, counted and traced.
    TelemetryChanged, "telemetry-changed", Low, Telemetry;
}

impl Kind {
    /// What a person cares about: whatever a gateway lets in that it did not is exposure.
    pub fn concern_at(self, at_gateway: bool) -> Concern {
        match self {
            Self::NewlyReachable | Self::ListenerAdded if at_gateway => Concern::Exposure,
            _ => self.concern(),
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Concern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
