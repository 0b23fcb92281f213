//! Optional values.

use super::super::ast::Call;
use super::super::value::{Error, Result, Value};

pub(super) fn call<'a>(call: &Call, arguments: &[Value<'a>]) -> Option<Result<Value<'a>>> {
    Some(Ok(match (&*call.function, arguments) {
        ("optional.none", []) => Value::Optional(None),
        ("optional.of", [value]) => Value::some(value.clone()),
        ("optional.ofNonZeroValue", [value]) => {
            let is_zero = match value {
                Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) => true,
                Value::Double(value) => *value == 0.0,
                other => other.size() == Some(0),
            };
            if is_zero { Value::Optional(None) } else { Value::some(value.clone()) }
        }
        ("hasValue", [Value::Optional(inner)]) => Value::Bool(inner.is_some()),
        ("value", [Value::Optional(Some(inner))]) => (**inner).clone(),
        ("value", [Value::Optional(None)]) => return Some(Err(Error::of("optional.none() dereference"))),
        ("orValue", [Value::Optional(inner), other]) => {
            inner.as_ref().map_or_else(|| other.clone(), |inner| (**inner).clone())
        }
        ("or", [first @ Value::Optional(inner), other]) => {
            if inner.is_some() {
                first.clone()
            } else {
                other.clone()
            }
        }
        _ => return None,
    }))
}
