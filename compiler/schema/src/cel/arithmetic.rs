//! `+`, `-`, `*`, `/` and `%`.

use super::ast::Operator;
use super::eval::Evaluation;
use super::value::{Error, Result, Value};

pub(super) fn calculate<'a>(
    evaluation: &Evaluation,
    operator: Operator,
    a: &Value<'a>,
    b: &Value<'a>,
) -> Result<Value<'a>> {
    let sign = match operator {
        Operator::Add => "_+_",
        Operator::Subtract => "_-_",
        Operator::Multiply => "_*_",
        Operator::Divide => "_/_",
        _ => "_%_",
    };
    let overload = || Error::Overload(sign.to_owned());
    let overflow = || Error::of("integer overflow");
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => {
            if *b == 0 {
                match operator {
                    Operator::Divide => return Err(Error::of("division by zero")),
                    Operator::Modulo => return Err(Error::of("modulus by zero")),
                    _ => {}
                }
            }
            match operator {
                Operator::Add => a.checked_add(*b),
                Operator::Subtract => a.checked_sub(*b),
                Operator::Multiply => a.checked_mul(*b),
                Operator::Divide => a.checked_div(*b),
                _ => a.checked_rem(*b),
            }
            .map(Value::Int)
            .ok_or_else(overflow)
        }
        (Value::Uint(a), Value::Uint(b)) => {
            if *b == 0 && matches!(operator, Operator::Divide | Operator::Modulo) {
                return Err(Error::of("division by zero"));
            }
            match operator {
                Operator::Add => a.checked_add(*b),
                Operator::Subtract => a.checked_sub(*b),
                Operator::Multiply => a.checked_mul(*b),
                Operator::Divide => a.checked_div(*b),
                _ => a.checked_rem(*b),
            }
            .map(Value::Uint)
            .ok_or_else(overflow)
        }
        (Value::Double(a), Value::Double(b)) => match operator {
            Operator::Add => Ok(Value::Double(a + b)),
            Operator::Subtract => Ok(Value::Double(a - b)),
            Operator::Multiply => Ok(Value::Double(a * b)),
            Operator::Divide => Ok(Value::Double(a / b)),
            _ => Err(overload()),
        },
        (Value::Text(a), Value::Text(b)) if operator == Operator::Add => {
            evaluation.pay((a.len() + b.len()) as u64 / 10)?;
            Ok(Value::text(format!("{a}{b}")))
        }
        (Value::Bytes(a), Value::Bytes(b)) if operator == Operator::Add => {
            Ok(Value::Bytes([&a[..], &b[..]].concat().into()))
        }
        (Value::Duration(a), Value::Duration(b)) => match operator {
            Operator::Add => a.checked_add(*b).map(Value::Duration).ok_or_else(overflow),
            Operator::Subtract => a.checked_sub(*b).map(Value::Duration).ok_or_else(overflow),
            _ => Err(overload()),
        },
        (Value::Timestamp(time), Value::Duration(by)) | (Value::Duration(by), Value::Timestamp(time))
            if operator == Operator::Add =>
        {
            Ok(Value::Timestamp(time.plus(*by)))
        }
        (Value::Timestamp(time), Value::Duration(by)) if operator == Operator::Subtract => {
            Ok(Value::Timestamp(time.plus(by.saturating_neg())))
        }
        (Value::Timestamp(a), Value::Timestamp(b)) if operator == Operator::Subtract => {
            i64::try_from(a.nanos() - b.nanos()).map(Value::Duration).map_err(|_| overflow())
        }
        _ => match (operator, a.items(), b.items()) {
            (Operator::Add, Some(mut a), Some(b)) => {
                evaluation.pay((a.len() + b.len()) as u64)?;
                a.extend(b);
                Ok(Value::list(a))
            }
            _ => Err(overload()),
        },
    }
}
