//! CEL's conversions, `size`, `type` and `dyn`.

use super::super::ast::Call;
use super::super::time::Timestamp;
use super::super::value::{Error, Result, Value};

pub(super) fn call<'a>(call: &Call, arguments: &[Value<'a>]) -> Option<Result<Value<'a>>> {
    let [value] = arguments else { return None };
    Some(match &*call.function {
        "size" => {
            value.size().map(|size| Value::Int(size as i64)).ok_or_else(|| Error::Overload("size".into()))
        }
        _ if call.has_target => return None,
        "dyn" => Ok(value.clone()),
        "type" => Ok(Value::Type(match value {
            Value::Type(_) => "type",
            other => other.type_name(),
        })),
        "int" => int(value),
        "uint" => uint(value),
        "double" => double(value),
        "bool" => boolean(value),
        "string" => string(value),
        "bytes" => match value {
            Value::Text(text) => Ok(Value::Bytes(text.as_bytes().into())),
            Value::Bytes(_) => Ok(value.clone()),
            _ => Err(Error::Overload("bytes".to_owned())),
        },
        "duration" => match value {
            Value::Text(text) => match text.parse::<meshc_syntax::de::Duration>() {
                Ok(duration) => Ok(Value::Duration(duration.as_nanos())),
                Err(_) => Err(no_conversion("string", "google.protobuf.Duration")),
            },
            Value::Duration(_) => Ok(value.clone()),
            Value::Int(nanos) => Ok(Value::Duration(*nanos)),
            _ => Err(Error::Overload("duration".to_owned())),
        },
        "timestamp" => match value {
            Value::Text(text) => Timestamp::parse(text)
                .map(Value::Timestamp)
                .ok_or_else(|| no_conversion("string", "google.protobuf.Timestamp")),
            Value::Int(seconds) => Ok(Value::Timestamp(Timestamp { seconds: *seconds, nanos: 0 })),
            Value::Timestamp(_) => Ok(value.clone()),
            _ => Err(Error::Overload("timestamp".to_owned())),
        },
        _ => return None,
    })
}

fn no_conversion(from: &str, to: &str) -> Error {
    Error::of(format!("type conversion error from '{from}' to '{to}'"))
}

fn int<'a>(value: &Value<'a>) -> Result<Value<'a>> {
    let range = || Error::of("integer overflow");
    match value {
        Value::Int(value) => Ok(Value::Int(*value)),
        Value::Uint(value) => i64::try_from(*value).map(Value::Int).map_err(|_| range()),
        // The bounds themselves are floats that no integer is.
        Value::Double(value) if value.abs() < 9.2e18 => Ok(Value::Int(*value as i64)),
        Value::Double(_) => Err(range()),
        Value::Text(text) => text.parse().map(Value::Int).map_err(|_| no_conversion("string", "int")),
        Value::Timestamp(time) => Ok(Value::Int(time.seconds)),
        Value::Duration(nanos) => Ok(Value::Int(*nanos)),
        _ => Err(Error::Overload("int".to_owned())),
    }
}

fn uint<'a>(value: &Value<'a>) -> Result<Value<'a>> {
    let range = || Error::of("unsigned integer overflow");
    match value {
        Value::Uint(value) => Ok(Value::Uint(*value)),
        Value::Int(value) => u64::try_from(*value).map(Value::Uint).map_err(|_| range()),
        Value::Double(value) if (0.0..1.8e19).contains(value) => Ok(Value::Uint(*value as u64)),
        Value::Double(_) => Err(range()),
        Value::Text(text) => text.parse().map(Value::Uint).map_err(|_| no_conversion("string", "uint")),
        _ => Err(Error::Overload("uint".to_owned())),
    }
}

fn double<'a>(value: &Value<'a>) -> Result<Value<'a>> {
    match value {
        Value::Double(value) => Ok(Value::Double(*value)),
        Value::Int(value) => Ok(Value::Double(*value as f64)),
        Value::Uint(value) => Ok(Value::Double(*value as f64)),
        Value::Text(text) => text.parse().map(Value::Double).map_err(|_| no_conversion("string", "double")),
        _ => Err(Error::Overload("double".to_owned())),
    }
}

fn boolean<'a>(value: &Value<'a>) -> Result<Value<'a>> {
    match value {
        Value::Bool(value) => Ok(Value::Bool(*value)),
        Value::Text(text) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(no_conversion("string", "bool")),
        },
        _ => Err(Error::Overload("bool".to_owned())),
    }
}

fn string<'a>(value: &Value<'a>) -> Result<Value<'a>> {
    Ok(match value {
        Value::Text(_) => value.clone(),
        Value::Bytes(bytes) => Value::text(
            std::str::from_utf8(bytes)
                .map_err(|_| Error::of("invalid UTF-8 in bytes, cannot convert to string"))?,
        ),
        _ => Value::text(words(value).ok_or_else(|| Error::Overload("string".to_owned()))?),
    })
}

/// A single value as text.
pub(super) fn words(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Duration(nanos) => {
            let sign = if *nanos < 0 { "-" } else { "" };
            let (whole, part) = (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
            if part == 0 {
                format!("{sign}{whole}s")
            } else {
                format!("{sign}{whole}.{}s", format!("{part:09}").trim_end_matches('0'))
            }
        }
        Value::Timestamp(time) => time.to_string(),
        Value::Type(name) => (*name).to_owned(),
        Value::Ip(address) => address.to_string(),
        Value::Cidr(range) => range.to_string(),
        Value::Url(url) => url.text.clone(),
        Value::Null => "null".to_owned(),
        _ => return None,
    })
}
