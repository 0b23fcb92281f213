//! Operations on headers, compiled.

use http::{HeaderMap, HeaderName, HeaderValue};
use meshc_envoy as envoy;
use meshc_envoy::HeaderAppendAction;

use crate::error::{At, ConfigError};
use crate::format::{Format, Values};
use crate::format_parse::parse_header_value;

/// Operations of one list on one header map, in Envoy's order: remove, set, add.
#[derive(Debug, Clone, Default)]
pub struct HeaderOperations {
    remove: Vec<HeaderName>,
    add: Vec<HeaderOperation>,
}

/// One header to add or set.
#[derive(Debug, Clone)]
pub struct HeaderOperation {
    name: HeaderName,
    value: Value,
    action: HeaderAppendAction,
    keep_empty: bool,
}

#[derive(Debug, Clone)]
enum Value {
    Literal(HeaderValue),
    Format(Format),
}

/// Headers operated on by one list at most.
const MAX_OPERATIONS: usize = 1_000;

impl HeaderOperations {
    /// Compiles `…_headers_to_add` and `…_headers_to_remove`; `kind` is `request` or `response`.
    pub(crate) fn new(
        kind: &str,
        add: &[envoy::HeaderValueOption],
        remove: &[String],
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        let (added, removed) = (format!("{kind}_headers_to_add"), format!("{kind}_headers_to_remove"));
        if add.len() > MAX_OPERATIONS || remove.len() > MAX_OPERATIONS {
            return Err(at.field(&added).error(format!("more than {MAX_OPERATIONS} operations on headers")));
        }
        let mut operations = Self::default();
        for (index, name) in remove.iter().enumerate() {
            operations.remove.push(modifiable(name, &at.index(&removed, index))?);
        }
        for (index, option) in add.iter().enumerate() {
            operations.add.push(HeaderOperation::new(option, &at.index(&added, index))?);
        }
        Ok(operations)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.add.is_empty()
    }

    /// Changes headers. Whether a header is there is asked before the first is changed, as Envoy does.
    pub fn apply(&self, headers: &mut HeaderMap, values: &dyn ValuesOf) {
        for name in &self.remove {
            headers.remove(name);
        }
        let mut set = Vec::new();
        let mut append = Vec::new();
        for operation in &self.add {
            let Some(value) = operation.value(headers, values) else { continue };
            let there = headers.contains_key(&operation.name);
            match operation.action {
                HeaderAppendAction::AppendIfExistsOrAdd => append.push((&operation.name, value)),
                HeaderAppendAction::AddIfAbsent if there => {}
                HeaderAppendAction::AddIfAbsent => append.push((&operation.name, value)),
                HeaderAppendAction::OverwriteIfExists if !there => {}
                HeaderAppendAction::OverwriteIfExists | HeaderAppendAction::OverwriteIfExistsOrAdd => {
                    set.push((&operation.name, value));
                }
            }
        }
        for (name, value) in set {
            headers.insert(name, value);
        }
        for (name, value) in append {
            headers.append(name, value);
        }
    }
}

/// What the operators in values stand for, given the headers as they are at that moment.
pub trait ValuesOf {
    /// Appends what an operator stands for; false where it stands for nothing.
    fn write(&self, operator: &crate::format::Operator, headers: &HeaderMap, out: &mut Vec<u8>) -> bool;
}

impl HeaderOperation {
    fn new(option: &envoy::HeaderValueOption, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::HeaderValueOption { header, append_action, keep_empty_value } = option;
        let Some(header) = header else { return Err(at.field("header").error("must be set")) };
        let field = at.field("header");
        let name = modifiable(&header.key, &field.field("key"))?;
        let format = parse_header_value(&header.value, &field.field("value"))?;
        let value = match format.literal() {
            Some(literal) => Value::Literal(
                HeaderValue::from_bytes(&literal)
                    .map_err(|_| field.field("value").error("holds a character that no header may hold"))?,
            ),
            None => Value::Format(format),
        };
        Ok(Self { name, value, action: *append_action, keep_empty: *keep_empty_value })
    }

    /// The value for a request; `None` where it is empty and is to be left out.
    fn value(&self, headers: &HeaderMap, values: &dyn ValuesOf) -> Option<HeaderValue> {
        let value = match &self.value {
            Value::Literal(value) => value.clone(),
            Value::Format(format) => {
                let mut out = Vec::new();
                format.write(&WithHeaders { headers, values }, b"", &mut out);
                HeaderValue::from_bytes(&out).ok()?
            }
        };
        (self.keep_empty || !value.is_empty()).then_some(value)
    }
}

struct WithHeaders<'a> {
    headers: &'a HeaderMap,
    values: &'a dyn ValuesOf,
}

impl Values for WithHeaders<'_> {
    fn write(&self, operator: &crate::format::Operator, out: &mut Vec<u8>) -> bool {
        self.values.write(operator, self.headers, out)
    }
}

/// The name of a header that operations may change: neither a pseudo header nor `host`.
fn modifiable(name: &str, at: &At<'_>) -> Result<HeaderName, ConfigError> {
    if name.is_empty() {
        return Err(at.error("the name of a header must not be empty"));
    }
    if name.starts_with(':') || name.eq_ignore_ascii_case("host") {
        return Err(at.error(format!(
            "{name:?}: pseudo headers and host may not be changed by operations on headers"
        )));
    }
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| at.error(format!("{name:?} is not the name of a header")))
}
