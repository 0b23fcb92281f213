//! The parts of times and durations.

use super::super::ast::Call;
use super::super::value::{Result, Value};

pub(super) fn call<'a>(call: &Call, arguments: &[Value<'a>]) -> Option<Result<Value<'a>>> {
    let value = match arguments {
        [Value::Duration(nanos)] => match &*call.function {
            "getHours" => nanos / 3_600_000_000_000,
            "getMinutes" => nanos / 60_000_000_000,
            "getSeconds" => nanos / 1_000_000_000,
            "getMilliseconds" => nanos / 1_000_000,
            _ => return None,
        },
        // In UTC; other time zones are not asked for in definitions.
        [Value::Timestamp(time)] => {
            let (year, month, day) = time.date();
            let second = time.seconds.rem_euclid(86_400);
            match &*call.function {
                "getFullYear" => year,
                "getMonth" => month - 1,
                "getDate" => day,
                "getDayOfMonth" => day - 1,
                "getDayOfWeek" => (time.seconds.div_euclid(86_400) + 4).rem_euclid(7),
                "getDayOfYear" => time.seconds.div_euclid(86_400) - super::super::time::days(year, 1, 1),
                "getHours" => second / 3_600,
                "getMinutes" => second / 60 % 60,
                "getSeconds" => second % 60,
                "getMilliseconds" => i64::from(time.nanos / 1_000_000),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Ok(Value::Int(value)))
}
