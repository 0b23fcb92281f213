//! Kubernetes's quantities: `1.5Gi`, `200m`.

use super::super::ast::Call;
use super::super::quantity::Quantity;
use super::super::value::{Error, Result, Value};

pub(super) fn call<'a>(call: &Call, arguments: &[Value<'a>]) -> Option<Result<Value<'a>>> {
    let function = &*call.function;
    Some(match arguments {
        [Value::Text(text)] => match function {
            "quantity" => Quantity::parse(text)
                .map(Value::Quantity)
                .ok_or_else(|| Error::of("quantities must match the regular expression of a quantity")),
            "isQuantity" => Ok(Value::Bool(Quantity::parse(text).is_some())),
            _ => return None,
        },
        [Value::Quantity(quantity)] => match function {
            "sign" => Ok(Value::Int(quantity.sign())),
            "isInteger" => Ok(Value::Bool(quantity.as_integer().is_some())),
            "asInteger" => quantity
                .as_integer()
                .map(Value::Int)
                .ok_or_else(|| Error::of("cannot convert value to integer")),
            "asApproximateFloat" => Ok(Value::Double(quantity.as_float())),
            _ => return None,
        },
        [Value::Quantity(a), other] => {
            let b = match other {
                Value::Quantity(b) => *b,
                Value::Int(value) => Quantity::of(*value),
                _ => return None,
            };
            match function {
                "isGreaterThan" => Ok(Value::Bool(*a > b)),
                "isLessThan" => Ok(Value::Bool(*a < b)),
                "compareTo" => Ok(Value::Int(a.cmp(&b) as i64)),
                "add" => Ok(Value::Quantity(a.plus(b))),
                "sub" => Ok(Value::Quantity(a.minus(b))),
                _ => return None,
            }
        }
        _ => return None,
    })
}
