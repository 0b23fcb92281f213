//! The checks of single values: enumerations, patterns, formats, lengths and ranges.

use std::net::{Ipv4Addr, Ipv6Addr};

use meshc_syntax::{Kind, Node};
use serde_json::Value;

use crate::schema::{Checks, Format};
use crate::violation::Problem;

impl Checks {
    /// Checks a value by itself; what holds others is always right.
    pub(crate) fn scalar(&self, node: &Node) -> Result<(), Problem> {
        if !self.values.is_empty() && !self.values.iter().any(|value| equals(node, value)) {
            let found = match node.as_str() {
                Some(text) => text.to_owned(),
                None => node.describe(),
            };
            let expected = self.values.iter().map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            return Err(Problem::Value { found, expected: expected.collect() });
        }
        match &node.kind {
            Kind::String(text) => self.text(text),
            Kind::Int(value) => self.number(*value as f64, Some(*value)),
            Kind::Float(value) => self.number(*value, None),
            _ => Ok(()),
        }
    }

    fn text(&self, text: &str) -> Result<(), Problem> {
        if self.length.least.is_some() || self.length.most.is_some() {
            let length = text.chars().count() as u64;
            if let Some(message) = self.length.message(length, "character") {
                return Err(Problem::Bounds { message, too_many: self.length.is_exceeded(length) });
            }
        }
        if let Some(pattern) = &self.pattern
            && !pattern.matches(text)
        {
            return Err(Problem::Pattern { found: text.to_owned(), pattern: pattern.text.to_string() });
        }
        match self.format {
            Some(format) if !format.takes(text) => {
                Err(Problem::Format { found: text.to_owned(), expected: format.words() })
            }
            _ => Ok(()),
        }
    }

    fn number(&self, value: f64, integer: Option<i64>) -> Result<(), Problem> {
        let out_of = |message: String| Err(Problem::Bounds { message, too_many: false });
        let shown = integer.map_or_else(|| value.to_string(), |integer| integer.to_string());
        let below = self
            .minimum
            .is_some_and(|least| if least.exclusive { value <= least.value } else { value < least.value });
        let above = self
            .maximum
            .is_some_and(|most| if most.exclusive { value >= most.value } else { value > most.value });
        if below || above {
            let words = match (self.minimum, self.maximum) {
                (Some(least), Some(most)) if !least.exclusive && !most.exclusive => {
                    format!("not within {} and {}", least.value, most.value)
                }
                (Some(least), _) if below => {
                    format!("not {} {}", if least.exclusive { "above" } else { "at least" }, least.value)
                }
                (_, Some(most)) => {
                    format!("not {} {}", if most.exclusive { "below" } else { "at most" }, most.value)
                }
                _ => "out of range".to_owned(),
            };
            return out_of(format!("is {shown}, {words}"));
        }
        if self.format == Some(Format::Int32) && !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value)
        {
            return out_of(format!("is {shown}, which 32 bits do not hold"));
        }
        if let Some(step) = self.multiple_of
            && (value / step).fract() != 0.0
        {
            return out_of(format!("is {shown}, no multiple of {step}"));
        }
        Ok(())
    }
}

/// Whether a node says what a JSON value says.
fn equals(node: &Node, value: &Value) -> bool {
    match (&node.kind, value) {
        (Kind::String(text), Value::String(other)) => **text == **other,
        (Kind::Int(a), Value::Number(b)) => b.as_i64() == Some(*a) || b.as_f64() == Some(*a as f64),
        (Kind::Float(a), Value::Number(b)) => b.as_f64() == Some(*a),
        (Kind::String(_), _) | (_, Value::String(_)) => false,
        _ => crate::validate::same(node, &Node::from_json(value)),
    }
}

impl Format {
    /// Whether a text is in the format, as Go's standard library reads it.
    pub(crate) fn takes(self, text: &str) -> bool {
        match self {
            // Numbers: their range is checked with the others'.
            Self::Int32 | Self::Int64 => true,
            Self::Uri => crate::cel::url::Url::parse_request(text).is_ok(),
            Self::Email => text.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty()
                    && !host.is_empty()
                    && !text.contains(char::is_whitespace)
                    && !host.contains('@')
            }),
            Self::Hostname => {
                let label = |label: &str| {
                    (1..=63).contains(&label.len())
                        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                        && !label.starts_with('-')
                        && !label.ends_with('-')
                };
                let name = text.strip_suffix('.').unwrap_or(text);
                text.len() <= 253 && name.split('.').all(label)
            }
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.contains(':') && text.parse::<Ipv6Addr>().is_ok(),
            Self::Cidr => crate::cel::ip::Cidr::parse(text, false).is_some(),
            Self::Mac => {
                let bytes: Vec<&str> = text.split([':', '-']).collect();
                matches!(bytes.len(), 6 | 8 | 20)
                    && bytes.iter().all(|byte| byte.len() == 2 && byte.bytes().all(|b| b.is_ascii_hexdigit()))
            }
            Self::Uuid => {
                let digits: String = text.chars().filter(|c| *c != '-').collect();
                digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
            }
            Self::Byte => {
                let digits = text.trim_end_matches('=');
                text.len().is_multiple_of(4)
                    && text.len() - digits.len() <= 2
                    && digits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
            }
            Self::Date => crate::cel::time::date(text).is_some(),
            Self::DateTime => crate::cel::time::Timestamp::parse(text).is_some(),
            Self::Duration => text.parse::<meshc_syntax::de::Duration>().is_ok(),
        }
    }
}
