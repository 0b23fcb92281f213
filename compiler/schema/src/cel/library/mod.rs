//! The functions: CEL's own, cel-go's extensions for strings, lists, sets and optionals, and Kubernetes's.

mod convert;
mod formats;
mod lists;
mod optional;
mod places;
mod quantities;
mod strings;
mod times;

use super::ast::Call;
use super::eval::Evaluation;
use super::value::{Error, Result, Value};

/// Calls a function. Of one behind a dot the target is the first argument.
pub(super) fn call<'a>(
    evaluation: &Evaluation,
    call: &'a Call,
    arguments: &[Value<'a>],
) -> Result<Value<'a>> {
    // What functions read is paid by the character or item.
    let read: u64 = arguments
        .iter()
        .map(|argument| match argument {
            Value::Text(text) => text.len() as u64 / 10,
            other => other.size().unwrap_or(0) as u64 / 4,
        })
        .sum();
    evaluation.pay(read)?;
    let found = convert::call(call, arguments)
        .or_else(|| strings::call(evaluation, call, arguments))
        .or_else(|| lists::call(evaluation, call, arguments))
        .or_else(|| optional::call(call, arguments))
        .or_else(|| times::call(call, arguments))
        .or_else(|| places::call(call, arguments))
        .or_else(|| quantities::call(call, arguments))
        .or_else(|| formats::call(call, arguments));
    found.unwrap_or_else(|| Err(Error::Overload(call.function.to_string())))
}
