//! Functions of lists and sets.

use std::cmp::Ordering;

use super::super::ast::{Call, Operator};
use super::super::eval::Evaluation;
use super::super::value::{Error, Result, Value};

pub(super) fn call<'a>(
    evaluation: &Evaluation,
    call: &Call,
    arguments: &[Value<'a>],
) -> Option<Result<Value<'a>>> {
    let function = &*call.function;
    if let ("lists.range", [Value::Int(count)]) = (function, arguments) {
        let count = (*count).clamp(0, 1_000_000);
        let paid = evaluation.pay(count as u64);
        return Some(paid.map(|()| Value::list((0..count).map(Value::Int).collect())));
    }
    let (list, rest) = arguments.split_first()?;
    let items = list.items()?;
    let has = |items: &[Value<'a>], value: &Value<'a>| items.iter().any(|item| item.equals(value));
    if let (function @ ("sets.contains" | "sets.equivalent" | "sets.intersects"), [other]) = (function, rest)
    {
        let other = other.items()?;
        if let Err(error) = evaluation.pay((items.len() * other.len()) as u64) {
            return Some(Err(error));
        }
        let all = |of: &[Value<'a>], within: &[Value<'a>]| of.iter().all(|value| has(within, value));
        return Some(Ok(Value::Bool(match function {
            "sets.contains" => all(&other, &items),
            "sets.intersects" => other.iter().any(|value| has(&items, value)),
            _ => all(&other, &items) && all(&items, &other),
        })));
    }
    if !call.has_target {
        return None;
    }
    Some(match (function, rest) {
        ("isSorted", []) => {
            Ok(Value::Bool(items.windows(2).all(|two| two[0].compare(&two[1]) != Some(Ordering::Greater))))
        }
        ("sum", []) => match items.split_first() {
            None => Ok(Value::Int(0)),
            Some((first, rest)) => rest.iter().try_fold(first.clone(), |sum, item| {
                super::super::arithmetic::calculate(evaluation, Operator::Add, &sum, item)
            }),
        },
        ("min" | "max", []) => {
            let wanted = if function == "min" { Ordering::Less } else { Ordering::Greater };
            let best = items
                .into_iter()
                .reduce(|best, item| if item.compare(&best) == Some(wanted) { item } else { best });
            best.ok_or_else(|| Error::of(format!("{function} called on empty list")))
        }
        ("indexOf", [value]) => {
            let at = items.iter().position(|item| item.equals(value));
            Ok(Value::Int(at.map_or(-1, |at| at as i64)))
        }
        ("lastIndexOf", [value]) => {
            let at = items.iter().rposition(|item| item.equals(value));
            Ok(Value::Int(at.map_or(-1, |at| at as i64)))
        }
        ("includes", [value]) => Ok(Value::Bool(has(&items, value))),
        ("first", []) => Ok(items.into_iter().next().map_or(Value::Optional(None), Value::some)),
        ("last", []) => Ok(items.into_iter().next_back().map_or(Value::Optional(None), Value::some)),
        ("reverse", []) => Ok(Value::list(items.into_iter().rev().collect())),
        ("distinct", []) => {
            let mut distinct: Vec<Value<'a>> = Vec::new();
            for item in items {
                if !has(&distinct, &item) {
                    distinct.push(item);
                }
            }
            Ok(Value::list(distinct))
        }
        ("sort", []) => {
            let mut items = items;
            items.sort_by(|a, b| a.compare(b).unwrap_or(Ordering::Equal));
            Ok(Value::list(items))
        }
        ("slice", [Value::Int(from), Value::Int(to)]) => {
            let bounds = usize::try_from(*from).ok().zip(usize::try_from(*to).ok());
            match bounds.filter(|(from, to)| from <= to && *to <= items.len()) {
                Some((from, to)) => Ok(Value::list(items[from..to].to_vec())),
                None => Err(Error::of(format!("cannot slice({from}, {to}), list is length {}", items.len()))),
            }
        }
        ("flatten", []) => Ok(Value::list(flatten(items, 1))),
        ("flatten", [Value::Int(depth)]) => Ok(Value::list(flatten(items, (*depth).clamp(0, 64)))),
        ("join", []) => join(&items, ""),
        ("join", [Value::Text(between)]) => join(&items, between),
        _ => return None,
    })
}

fn flatten(items: Vec<Value<'_>>, depth: i64) -> Vec<Value<'_>> {
    let mut flat = Vec::new();
    for item in items {
        match item.items() {
            Some(inner) if depth > 0 => flat.extend(flatten(inner, depth - 1)),
            _ => flat.push(item),
        }
    }
    flat
}

fn join<'a>(items: &[Value<'a>], between: &str) -> Result<Value<'a>> {
    let text = |item: &Value<'a>| match item {
        Value::Text(text) => Ok(text.to_string()),
        _ => Err(Error::Overload("join".to_owned())),
    };
    Ok(Value::text(items.iter().map(text).collect::<Result<Vec<_>>>()?.join(between)))
}
