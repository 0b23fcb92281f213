//! Durations as Istio's API takes them: Go's notation, `1h1m1.5s10ms`.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// The name by which the reader knows the type.
pub(super) const NAME: &str = "$meshc::Duration";

/// A length of time, in nanoseconds; it may be negative, which rules refuse where Istio does.
///
/// Read as Go's `time.ParseDuration` reads it, which Istio's decoder uses for `google.protobuf.Duration`
/// and CEL's `duration()` in its CRDs: a sum of decimals with the units `h`, `m`, `s`, `ms`, `us`/`µs`,
/// `ns`, or a bare `0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDurationError(String);

// === impl Duration ===

impl Duration {
    /// The texts that are durations, for schemas.
    pub const PATTERN: &'static str = r"^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+)$";

    /// So many milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// So many seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// So many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// In milliseconds, rounded towards zero.
    pub const fn as_millis(self) -> i64 {
        self.0 / 1_000_000
    }

    /// As the standard library's type; none if negative.
    pub fn as_std(self) -> Option<std::time::Duration> {
        u64::try_from(self.0).ok().map(std::time::Duration::from_nanos)
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is less than no time.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        if unsigned == "0" {
            return Ok(Self(0));
        }
        if unsigned.is_empty() {
            return Err(ParseDurationError("an empty text".to_owned()));
        }
        let mut total: i128 = 0;
        let mut rest = unsigned;
        while !rest.is_empty() {
            let (nanos, after) = component(rest)?;
            total += nanos;
            rest = after;
            if total > i128::from(i64::MAX) {
                return Err(ParseDurationError("longer than 292 years".to_owned()));
            }
        }
        let total = if text.starts_with('-') { -total } else { total };
        i64::try_from(total).map(Self).map_err(|_| ParseDurationError("longer than 292 years".to_owned()))
    }
}

/// Reads one number with its unit; gives its nanoseconds and what follows.
fn component(text: &str) -> Result<(i128, &str), ParseDurationError> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(ParseDurationError(format!("a number is expected at `{}`", crate::node::shorten(text))));
    }
    let unit_end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_end);
    let scale: i128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3_600 * 1_000_000_000,
        "" => {
            return Err(ParseDurationError("a unit is missing (`h`, `m`, `s`, `ms`, `us`, `ns`)".to_owned()));
        }
        _ => {
            let unit = crate::node::shorten(unit);
            return Err(ParseDurationError(format!("`{unit}` is no unit (`h`, `m`, `s`, `ms`, `us`, `ns`)")));
        }
    };
    let too_long = || ParseDurationError("longer than 292 years".to_owned());
    // 19 digits hold all that fits; more of a fraction than that is below a nanosecond.
    let whole = whole.trim_start_matches('0');
    if whole.len() > 19 {
        return Err(too_long());
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| too_long())? };
    let mut nanos = whole * scale;
    let mut place = scale;
    let mut part: i128 = 0;
    let mut divisor: i128 = 1;
    for digit in fraction.bytes().take(18) {
        part = part * 10 + i128::from(digit - b'0');
        divisor *= 10;
    }
    place *= part;
    nanos += place / divisor;
    Ok((nanos, rest))
}

impl fmt::Display for Duration {
    /// As Go prints it: `1h1m1.5s`, `10ms`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let (unit, scale) = match nanos {
            0 => return f.write_str("0s"),
            1..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            1_000_000..1_000_000_000 => ("ms", 1_000_000),
            _ => {
                let (hours, minutes) = (nanos / 3_600_000_000_000, nanos / 60_000_000_000);
                if hours > 0 {
                    write!(f, "{hours}h")?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                ("s", 1_000_000_000)
            }
        };
        let within = if scale == 1_000_000_000 { nanos % 60_000_000_000 } else { nanos };
        let (whole, rest) = (within / scale, within % scale);
        if rest == 0 {
            return write!(f, "{whole}{unit}");
        }
        let width = scale.ilog10() as usize;
        let fraction = format!("{rest:0width$}");
        write!(f, "{whole}.{}{unit}", fraction.trim_end_matches('0'))
    }
}

impl fmt::Display for ParseDurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseDurationError {}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DurationVisitor;

        impl<'de> Visitor<'de> for DurationVisitor {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration, such as \"1.5s\"")
            }

            /// From the reader.
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map_err(E::custom)
            }

            /// From any other deserializer.
            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
                inner.deserialize_str(self)
            }
        }

        deserializer.deserialize_newtype_struct(NAME, DurationVisitor)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": Self::PATTERN,
            "examples": ["1.5s", "100ms", "1h"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_printed_as_go_does() {
        for (text, nanos, printed) in [
            ("1h1m1.5s10ms", 3_661_510_000_000, "1h1m1.51s"),
            ("100ms", 100_000_000, "100ms"),
            (".5s", 500_000_000, "500ms"),
            ("1.s", 1_000_000_000, "1s"),
            ("-2s", -2_000_000_000, "-2s"),
            ("0", 0, "0s"),
            ("1h", 3_600_000_000_000, "1h0m0s"),
            ("1.5µs", 1_500, "1.5µs"),
            ("0.0000000001s", 0, "0s"),
            ("2562047h47m16.854775807s", i64::MAX, "2562047h47m16.854775807s"),
        ] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!(duration.as_nanos(), nanos, "{text}");
            assert_eq!(duration.to_string(), printed, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, why) in [
            ("", "an empty text"),
            ("5", "a unit is missing (`h`, `m`, `s`, `ms`, `us`, `ns`)"),
            ("5 s", "` s` is no unit (`h`, `m`, `s`, `ms`, `us`, `ns`)"),
            ("s", "a number is expected at `s`"),
            ("1d", "`d` is no unit (`h`, `m`, `s`, `ms`, `us`, `ns`)"),
            ("2562048h", "longer than 292 years"),
            ("99999999999999999999999999999999999999999h", "longer than 292 years"),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap_err().to_string(), why, "{text}");
        }
    }
}
