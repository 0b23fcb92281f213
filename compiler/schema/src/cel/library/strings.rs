//! Functions of texts. Positions and lengths count characters.

use std::borrow::Cow;

use super::super::ast::{Call, Expr};
use super::super::eval::Evaluation;
use super::super::value::{Error, Result, Value};
use super::convert::words;

pub(super) fn call<'a>(
    evaluation: &Evaluation,
    call: &'a Call,
    arguments: &[Value<'a>],
) -> Option<Result<Value<'a>>> {
    let (Value::Text(text), rest) = arguments.split_first()? else { return None };
    let function = &*call.function;
    Some(match (function, rest) {
        ("matches", [Value::Text(pattern)]) => {
            // Kubernetes charges a regular expression by its length and the text's.
            let cost = (text.len() as u64 / 10 + 1) * (pattern.len() as u64 / 4 + 1);
            evaluation.pay(cost).and_then(|()| matches(call, text, pattern))
        }
        ("find" | "findAll", [Value::Text(pattern), limit @ ..]) => find(call, text, pattern, limit),
        ("strings.quote", []) => Ok(Value::text(format!("{text:?}"))),
        _ if !call.has_target => return None,
        ("contains", [Value::Text(part)]) => Ok(Value::Bool(text.contains(&**part))),
        ("startsWith", [Value::Text(part)]) => Ok(Value::Bool(text.starts_with(&**part))),
        ("endsWith", [Value::Text(part)]) => Ok(Value::Bool(text.ends_with(&**part))),
        ("lowerAscii", []) => Ok(Value::text(text.to_ascii_lowercase())),
        ("upperAscii", []) => Ok(Value::text(text.to_ascii_uppercase())),
        ("trim", []) => Ok(Value::text(text.trim())),
        ("reverse", []) => Ok(Value::text(text.chars().rev().collect::<String>())),
        ("charAt", [Value::Int(at)]) => {
            let at = usize::try_from(*at).ok().filter(|at| *at <= text.chars().count());
            at.map(|at| Value::text(text.chars().skip(at).take(1).collect::<String>()))
                .ok_or_else(|| Error::of("index out of range"))
        }
        ("substring", [Value::Int(from)]) => substring(text, *from, text.chars().count() as i64),
        ("substring", [Value::Int(from), Value::Int(to)]) => substring(text, *from, *to),
        ("indexOf", [Value::Text(part)]) => Ok(index_of(text, part, 0)),
        ("indexOf", [Value::Text(part), Value::Int(from)]) => match usize::try_from(*from) {
            Ok(from) => Ok(index_of(text, part, from)),
            Err(_) => Err(Error::of(format!("index out of range: {from}"))),
        },
        ("lastIndexOf", [Value::Text(part)]) => {
            let found = text.rfind(&**part).map(|at| text[..at].chars().count() as i64);
            Ok(Value::Int(found.unwrap_or(-1)))
        }
        ("replace", [Value::Text(from), Value::Text(to)]) => Ok(Value::text(text.replace(&**from, to))),
        ("replace", [Value::Text(from), Value::Text(to), Value::Int(times)]) => {
            Ok(Value::text(match usize::try_from(*times) {
                Ok(times) => text.replacen(&**from, to, times),
                Err(_) => text.replace(&**from, to),
            }))
        }
        ("split", [Value::Text(by)]) => Ok(split(text, by, -1)),
        ("split", [Value::Text(by), Value::Int(most)]) => Ok(split(text, by, *most)),
        ("format", [values]) => match values.items() {
            Some(values) => format(text, &values),
            None => Err(Error::Overload("format".to_owned())),
        },
        _ => return None,
    })
}

/// The regular expression of a call: that of a literal is compiled once.
fn matches<'a>(call: &Call, text: &str, pattern: &str) -> Result<Value<'a>> {
    let wrong = || Error::of(format!("error parsing regexp: `{pattern}`"));
    if let Some(Expr::Text(_)) = call.arguments.last() {
        let regex = call.regex.get_or_init(|| crate::go_regex::compile(pattern));
        return regex.as_ref().map(|regex| Value::Bool(regex.is_match(text))).ok_or_else(wrong);
    }
    let regex = crate::go_regex::compile(pattern).ok_or_else(wrong)?;
    Ok(Value::Bool(regex.is_match(text)))
}

fn find<'a>(call: &Call, text: &str, pattern: &str, limit: &[Value<'a>]) -> Result<Value<'a>> {
    let regex = crate::go_regex::compile(pattern).ok_or_else(|| Error::of("error parsing regexp"))?;
    let mut found = regex.find_iter(text).map(|found| Value::text(found.as_str()));
    match (&*call.function, limit) {
        ("find", []) => Ok(found.next().unwrap_or(Value::Text(Cow::Borrowed("")))),
        ("findAll", []) => Ok(Value::list(found.collect())),
        ("findAll", [Value::Int(most)]) => Ok(Value::list(match usize::try_from(*most) {
            Ok(most) => found.take(most).collect(),
            Err(_) => found.collect(),
        })),
        _ => Err(Error::Overload(call.function.to_string())),
    }
}

fn substring<'a>(text: &str, from: i64, to: i64) -> Result<Value<'a>> {
    let length = text.chars().count() as i64;
    if from < 0 || to > length || from > to {
        return Err(Error::of(format!("invalid substring range. start: {from}, end: {to}")));
    }
    Ok(Value::text(text.chars().skip(from as usize).take((to - from) as usize).collect::<String>()))
}

fn index_of<'a>(text: &str, part: &str, from: usize) -> Value<'a> {
    let start = text.char_indices().nth(from).map_or(text.len(), |(at, _)| at);
    let found = text[start..].find(part).map(|at| text[..start + at].chars().count() as i64);
    Value::Int(found.unwrap_or(-1))
}

fn split<'a>(text: &str, by: &str, most: i64) -> Value<'a> {
    let parts: Vec<Value<'a>> = if by.is_empty() {
        text.chars().map(|c| Value::text(c.to_string())).collect()
    } else {
        match usize::try_from(most) {
            Ok(most) => text.splitn(most, by).map(Value::text).collect(),
            Err(_) => text.split(by).map(Value::text).collect(),
        }
    };
    Value::list(parts)
}

/// `"%s has %d".format([…])`
fn format<'a>(text: &str, values: &[Value<'a>]) -> Result<Value<'a>> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut precision = None;
        if chars.peek() == Some(&'.') {
            chars.next();
            let mut digits = String::new();
            while let Some(digit) = chars.peek().filter(|c| c.is_ascii_digit()) {
                digits.push(*digit);
                chars.next();
            }
            precision = digits.parse::<usize>().ok().filter(|precision| *precision <= 100);
        }
        let verb = chars.next().ok_or_else(|| Error::of("unexpected end of format string"))?;
        if verb == '%' {
            out.push('%');
            continue;
        }
        let value = values.next().ok_or_else(|| Error::of("index out of range in format"))?;
        let wrong = || Error::of(format!("could not format a {} as %{verb}", value.type_name()));
        let number = || match value {
            Value::Double(value) => Some(*value),
            Value::Int(value) => Some(*value as f64),
            Value::Uint(value) => Some(*value as f64),
            _ => None,
        };
        let integer = || match value {
            Value::Int(value) => Some(i128::from(*value)),
            Value::Uint(value) => Some(i128::from(*value)),
            Value::Bool(value) => Some(i128::from(*value)),
            _ => None,
        };
        match verb {
            's' => show(value, &mut out),
            'd' => out.push_str(&integer().ok_or_else(wrong)?.to_string()),
            'f' => {
                let precision = precision.unwrap_or(6);
                write(&mut out, format_args!("{:.precision$}", number().ok_or_else(wrong)?));
            }
            'e' => {
                let precision = precision.unwrap_or(6);
                write(&mut out, format_args!("{:.precision$e}", number().ok_or_else(wrong)?));
            }
            'b' => write(&mut out, format_args!("{:b}", integer().ok_or_else(wrong)?)),
            'o' => write(&mut out, format_args!("{:o}", integer().ok_or_else(wrong)?)),
            'x' => write(&mut out, format_args!("{:x}", integer().ok_or_else(wrong)?)),
            'X' => write(&mut out, format_args!("{:X}", integer().ok_or_else(wrong)?)),
            _ => return Err(Error::of(format!("unrecognized formatting clause \"{verb}\""))),
        }
    }
    Ok(Value::text(out))
}

/// Writing to a string cannot fail.
fn write(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = std::fmt::Write::write_fmt(out, arguments);
}

/// A value as `%s` writes it.
fn show(value: &Value<'_>, out: &mut String) {
    let join = |parts: Vec<String>| parts.join(", ");
    let inner = |value: &Value<'_>| {
        let mut text = String::new();
        show(value, &mut text);
        text
    };
    if let Some(text) = words(value) {
        out.push_str(&text);
    } else if let Some(items) = value.items() {
        write(out, format_args!("[{}]", join(items.iter().map(inner).collect())));
    } else if let Some(entries) = value.entries() {
        let mut parts: Vec<_> =
            entries.iter().map(|(key, value)| format!("{}: {}", inner(key), inner(value))).collect();
        parts.sort();
        write(out, format_args!("{{{}}}", join(parts)));
    } else {
        out.push_str(value.type_name());
    }
}
