//! Small values that many resources share: durations, percentages, bytes inline or from files, metadata.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::message::{message, proto_enum};

/// `google.protobuf.Duration`, never negative; in JSON seconds with 0, 3, 6 or 9 decimals and an `s`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub std::time::Duration);

/// Seconds that a proto duration holds at most: about 10,000 years.
const MAX_SECONDS: u64 = 315_576_000_000;

impl Duration {
    /// A duration of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// A duration of whole milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(std::time::Duration::from_millis(milliseconds))
    }

    /// Whether it is 0, which turns most of Envoy's timeouts off.
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('s')?;
        let (seconds, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if seconds.is_empty()
            || !digits(seconds)
            || !digits(fraction)
            || fraction.len() > 9
            || number.ends_with('.')
        {
            return None;
        }
        let seconds = seconds.parse::<u64>().ok().filter(|seconds| *seconds <= MAX_SECONDS)?;
        let nanoseconds = format!("{fraction:0<9}").parse::<u32>().ok()?;
        Some(Self(std::time::Duration::new(seconds, nanoseconds)))
    }
}

impl From<std::time::Duration> for Duration {
    fn from(duration: std::time::Duration) -> Self {
        Self(duration)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanoseconds) = (self.0.as_secs(), self.0.subsec_nanos());
        match nanoseconds {
            0 => write!(f, "{seconds}s"),
            n if n % 1_000_000 == 0 => write!(f, "{seconds}.{:03}s", n / 1_000_000),
            n if n % 1_000 == 0 => write!(f, "{seconds}.{:06}s", n / 1_000),
            n => write!(f, "{seconds}.{n:09}s"),
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "{text:?} is not a duration of 0 or more, such as \"1.5s\""
            ))
        })
    }
}

macro_rules! wide_integers {
    ($($(#[$meta:meta])* $name:ident($type:ty),)*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        pub struct $name(pub $type);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl From<$type> for $name {
            fn from(number: $type) -> Self {
                Self(number)
            }
        }
    )* };
}

wide_integers! {
    /// A whole number of 64 bits, which protojson writes as a text.
    Int64(i64),
    /// A whole number of 64 bits and no sign, which protojson writes as a text.
    UInt64(u64),
}

proto_enum! {
    /// What the numerator of a [`FractionalPercent`] is a part of.
    pub enum DenominatorType {
        /// Percent.
        #[default]
        Hundred = 0 "HUNDRED",
        /// Hundredths of a percent.
        TenThousand = 1 "TEN_THOUSAND",
        /// Ten-thousandths of a percent.
        Million = 2 "MILLION",
    }
}

message! {
    /// A message without fields.
    pub struct Empty {}

    /// A part of all requests.
    pub struct FractionalPercent {
        /// How many…
        pub numerator: u32,
        /// …of how many.
        pub denominator: DenominatorType,
    }

    /// A part of all requests that Envoy's runtime could override.
    pub struct RuntimeFractionalPercent {
        /// The part.
        pub default_value: Option<FractionalPercent>,
        /// The key in Envoy's runtime; mesh-proxy has none.
        pub runtime_key: String,
    }

    /// A percentage from 0 to 100.
    pub struct Percent {
        /// Percent.
        pub value: f64,
    }

    /// Bytes inline or from a file.
    pub struct DataSource {
        /// A text.
        pub inline_string: Option<String>,
        /// Bytes in base64.
        pub inline_bytes: Option<String>,
        /// The path of a file.
        pub filename: Option<String>,
        /// The name of an environment variable.
        pub environment_variable: Option<String>,
    }

    /// What filters and logs may know about a resource beside its configuration.
    pub struct Metadata {
        /// A structure for each filter, by the filter's name.
        pub filter_metadata: BTreeMap<String, Struct>,
    }
}

/// `google.protobuf.Struct`: free JSON whose keys are the user's own.
pub type Struct = Map<String, Value>;
