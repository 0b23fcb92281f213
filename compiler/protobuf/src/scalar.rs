//! Numbers, texts and truths in protojson.

use serde_json::{Number, Value};

/// A scalar type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    Bool,
    String,
    Bytes,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Float,
    Double,
}

impl Scalar {
    /// By protobuf's name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "bool" => Self::Bool,
            "string" => Self::String,
            "bytes" => Self::Bytes,
            "int32" => Self::Int32,
            "uint32" => Self::Uint32,
            "int64" => Self::Int64,
            "uint64" => Self::Uint64,
            "float" => Self::Float,
            "double" => Self::Double,
            _ => return None,
        })
    }

    /// By the first part of the wrapper's name: `UInt32` of `UInt32Value`.
    pub(crate) fn of_wrapper(text: &str) -> Option<Self> {
        if text.is_empty() { None } else { Self::parse(&text.to_ascii_lowercase()) }
    }

    /// What a message about it calls it.
    fn noun(self) -> &'static str {
        match self {
            Self::Bool => "`true` or `false`",
            Self::String => "a text",
            Self::Bytes => "bytes in base64",
            Self::Int32 | Self::Int64 => "a whole number",
            Self::Uint32 | Self::Uint64 => "a whole number that is not negative",
            Self::Float | Self::Double => "a number",
        }
    }

    /// A value in its one form, or what it should be.
    pub(crate) fn read(self, value: &Value) -> Result<Value, &'static str> {
        let read = match self {
            Self::Bool => value.as_bool().map(Value::Bool),
            Self::String => value.as_str().map(Value::from),
            Self::Bytes => value.as_str().and_then(bytes).map(Value::from),
            Self::Int32 => whole(value).and_then(|n| i32::try_from(n).ok()).map(Value::from),
            Self::Uint32 => whole(value).and_then(|n| u32::try_from(n).ok()).map(Value::from),
            // What JavaScript's numbers cannot hold is text in protojson.
            Self::Int64 => {
                whole(value).and_then(|n| i64::try_from(n).ok()).map(|n| Value::from(n.to_string()))
            }
            Self::Uint64 => {
                whole(value).and_then(|n| u64::try_from(n).ok()).map(|n| Value::from(n.to_string()))
            }
            Self::Float | Self::Double => float(value),
        };
        read.ok_or(self.noun())
    }

    /// Whether a value in its one form is the type's zero.
    pub(crate) fn is_zero(self, value: &Value) -> bool {
        match self {
            Self::Bool => value == &Value::Bool(false),
            Self::String | Self::Bytes => value.as_str() == Some(""),
            Self::Int64 | Self::Uint64 => value.as_str() == Some("0") || value.as_i64() == Some(0),
            Self::Int32 | Self::Uint32 => value.as_i64() == Some(0),
            Self::Float | Self::Double => value.as_f64() == Some(0.0),
        }
    }
}

/// The largest whole numbers that a float holds exactly; larger ones are not read from floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number, in digits or in quotes, also where it is written as a float.
fn whole(value: &Value) -> Option<i128> {
    let parsed;
    let number = match value {
        Value::Number(number) => number,
        Value::String(text) => {
            if text.trim() != text {
                return None;
            }
            parsed = text.parse::<Number>().ok()?;
            &parsed
        }
        _ => return None,
    };
    if let Some(whole) = number.as_i128() {
        return Some(whole);
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and was bounded above")]
    Some(float as i128)
}

fn float(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) => Some(Value::Number(number.clone())),
        Value::String(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
            Some(value.clone())
        }
        Value::String(text) if text.trim() == text => text.parse::<Number>().ok().map(Value::Number),
        _ => None,
    }
}

/// base64 with its padding.
fn bytes(text: &str) -> Option<&str> {
    let body = text.trim_end_matches('=');
    let good = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    (text.len().is_multiple_of(4) && text.len() - body.len() <= 2 && body.chars().all(good)).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Scalar;

    #[test]
    fn numbers_are_read_in_every_form_of_protojson() {
        assert_eq!(Scalar::Uint32.read(&json!("7")), Ok(json!(7)));
        assert_eq!(Scalar::Uint32.read(&json!(7.0)), Ok(json!(7)));
        assert!(Scalar::Uint32.read(&json!(-1)).is_err());
        assert!(Scalar::Uint32.read(&json!(1.5)).is_err());
        assert!(Scalar::Int32.read(&json!(3_000_000_000_u32)).is_err());
        assert_eq!(Scalar::Uint64.read(&json!(7)), Ok(json!("7")));
        assert_eq!(Scalar::Double.read(&json!("Infinity")), Ok(json!("Infinity")));
        assert_eq!(Scalar::Bytes.read(&json!("/+8=")), Ok(json!("/+8=")));
        assert!(Scalar::Bytes.read(&json!("/+8")).is_err());
        assert!(Scalar::Bool.read(&json!("true")).is_err());
        assert_eq!(Scalar::of_wrapper("UInt32"), Some(Scalar::Uint32));
        assert_eq!(Scalar::of_wrapper(""), None);
    }
}
