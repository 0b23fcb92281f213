//! The values of expressions. What stands in the document is borrowed from it, never copied.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;

use meshc_syntax::{Kind, Node};

use super::ip::Cidr;
use super::quantity::Quantity;
use super::time::Timestamp;
use super::url::Url;
use crate::schema::{Format, ListType, Schema, Type};
use crate::validate::field;

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Cow<'a, str>),
    Bytes(Rc<[u8]>),
    /// A list or mapping of the document, with its schema, which tells how what is in it is read.
    Node(&'a Node, Option<&'a Schema>),
    List(Rc<Vec<Value<'a>>>),
    Map(Rc<Vec<(Value<'a>, Value<'a>)>>),
    /// In nanoseconds.
    Duration(i64),
    Timestamp(Timestamp),
    /// A type, by its name.
    Type(&'static str),
    Optional(Option<Rc<Value<'a>>>),
    Url(Rc<Url>),
    Ip(IpAddr),
    Cidr(Cidr),
    Quantity(Quantity),
    /// A named format.
    Format(&'static str),
    /// The variables of a policy, which have a value when they are asked for.
    Variables(&'a [(Box<str>, super::Expression)]),
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// Types for which an operator or function is not made.
    Overload(String),
    /// Anything else, in cel-go's words.
    Message(String),
    /// It takes too long.
    Cost,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overload(function) => write!(f, "no such overload: {function}"),
            Self::Message(message) => f.write_str(message),
            Self::Cost => f.write_str("it costs more than the API server lets a rule cost"),
        }
    }
}

impl Error {
    pub(crate) fn of(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}

// === impl Value ===

impl<'a> Value<'a> {
    /// What stands in the document, as its schema means it.
    pub(crate) fn of_node(node: &'a Node, schema: Option<&'a Schema>) -> Self {
        let ty = schema.map_or(Type::Any, |schema| schema.ty);
        match &node.kind {
            Kind::Null => Self::Null,
            Kind::Bool(value) => Self::Bool(*value),
            Kind::Int(value) if ty == Type::Number => Self::Double(*value as f64),
            Kind::Int(value) => Self::Int(*value),
            Kind::Float(value) if ty != Type::Number && value.fract() == 0.0 && value.abs() < 9e15 => {
                Self::Int(*value as i64)
            }
            Kind::Float(value) => Self::Double(*value),
            Kind::String(text) => {
                let format = schema.and_then(|schema| schema.checks.format);
                let special = match format {
                    Some(Format::Byte) => super::bytes::decode(text).map(|bytes| Self::Bytes(bytes.into())),
                    Some(Format::DateTime) => Timestamp::parse(text).map(Self::Timestamp),
                    Some(Format::Date) => super::time::date(text).map(Self::Timestamp),
                    Some(Format::Duration) => text
                        .parse::<meshc_syntax::de::Duration>()
                        .ok()
                        .map(|duration| Self::Duration(duration.as_nanos())),
                    _ => None,
                };
                special.unwrap_or(Self::Text(Cow::Borrowed(text)))
            }
            Kind::Sequence(_) | Kind::Mapping(_) => Self::Node(node, schema),
        }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }

    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(items))
    }

    pub(crate) fn some(value: Self) -> Self {
        Self::Optional(Some(Rc::new(value)))
    }

    /// The name of its type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Node(node, _) if matches!(node.kind, Kind::Sequence(_)) => "list",
            Self::Node(..) | Self::Map(_) => "map",
            Self::List(_) => "list",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Format(_) => "kubernetes.NamedFormat",
            Self::Variables(_) => "kubernetes.variables",
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(items) => Some(items.to_vec()),
            Self::Node(node, schema) if matches!(node.kind, Kind::Sequence(_)) => {
                let inner = schema.and_then(|schema| schema.items.as_deref());
                Some(node.items().iter().map(|item| Self::of_node(item, inner)).collect())
            }
            _ => None,
        }
    }

    /// The entries of a map; of an object the fields that are there.
    pub(crate) fn entries(&self) -> Option<Vec<(Self, Self)>> {
        match self {
            Self::Map(entries) => Some(entries.to_vec()),
            Self::Node(node, schema) if matches!(node.kind, Kind::Mapping(_)) => Some(
                node.entries()
                    .iter()
                    .map(|entry| {
                        let inner = schema.and_then(|schema| schema.below(&entry.key.text));
                        (Self::Text(Cow::Borrowed(&entry.key.text)), Self::of_node(&entry.value, inner))
                    })
                    .collect(),
            ),
            _ => None,
        }
    }

    /// How many items or entries, or characters of a text or bytes.
    pub(crate) fn size(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.chars().count()),
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::List(items) => Some(items.len()),
            Self::Map(entries) => Some(entries.len()),
            Self::Node(node, _) => match &node.kind {
                Kind::Sequence(items) => Some(items.len()),
                Kind::Mapping(entries) => Some(entries.len()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of a field or key; `None` if it is not there, an error if there can be none.
    pub(crate) fn get(&self, key: &Self) -> Result<Option<Self>> {
        match self {
            Self::Node(node, schema) if matches!(node.kind, Kind::Mapping(_)) => {
                let Self::Text(name) = key else { return Ok(None) };
                Ok(Self::property(node, *schema, name))
            }
            Self::Map(entries) => {
                Ok(entries.iter().find(|(own, _)| own.equals(key)).map(|(_, value)| value.clone()))
            }
            Self::Node(..) | Self::List(_) => {
                let index = match key {
                    Self::Int(index) => usize::try_from(*index).ok(),
                    Self::Uint(index) => usize::try_from(*index).ok(),
                    Self::Double(index) if index.fract() == 0.0 && *index >= 0.0 => Some(*index as usize),
                    Self::Double(_) => None,
                    _ => return Err(Error::Overload("_[_]".to_owned())),
                };
                Ok(index.and_then(|index| match self {
                    Self::List(items) => items.get(index).cloned(),
                    Self::Node(node, schema) => {
                        let inner = schema.and_then(|schema| schema.items.as_deref());
                        node.items().get(index).map(|item| Self::of_node(item, inner))
                    }
                    _ => None,
                }))
            }
            _ => Err(Error::Overload("_[_]".to_owned())),
        }
    }

    fn property(node: &'a Node, schema: Option<&'a Schema>, name: &str) -> Option<Self> {
        let inner = schema.and_then(|schema| schema.below(name));
        let value = field(schema, node, name)?;
        // Null where the schema allows none was not written.
        if value.is_null() && inner.is_some_and(|inner| !inner.nullable) {
            return None;
        }
        Some(Self::of_node(value, inner))
    }

    /// CEL's equality: numbers by value, whatever their types; of different types otherwise never.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        if let Some(order) = self.numeric(other) {
            return order == Ordering::Equal;
        }
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Type(a), Self::Type(b)) | (Self::Format(a), Self::Format(b)) => a == b,
            (Self::Optional(a), Self::Optional(b)) => match (a, b) {
                (Some(a), Some(b)) => a.equals(b),
                (a, b) => a.is_none() && b.is_none(),
            },
            (Self::Url(a), Self::Url(b)) => a == b,
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Cidr(a), Self::Cidr(b)) => a == b,
            (Self::Quantity(a), Self::Quantity(b)) => a == b,
            _ => {
                if let (Some(a), Some(b)) = (self.items(), other.items()) {
                    return a.len() == b.len()
                        && if self.is_set() && other.is_set() {
                            a.iter().all(|a| b.iter().any(|b| a.equals(b)))
                        } else {
                            a.iter().zip(&b).all(|(a, b)| a.equals(b))
                        };
                }
                let (Some(a), Some(b)) = (self.entries(), other.entries()) else { return false };
                a.len() == b.len()
                    && a.iter().all(|(key, value)| {
                        b.iter().any(|(other, their)| key.equals(other) && value.equals(their))
                    })
            }
        }
    }

    /// Whether the order of the items says nothing.
    fn is_set(&self) -> bool {
        matches!(self, Self::Node(_, Some(schema)) if schema.list != ListType::Atomic)
    }

    /// The order of two numbers.
    fn numeric(&self, other: &Self) -> Option<Ordering> {
        let integer = |value: &Self| match value {
            Self::Int(value) => Some(i128::from(*value)),
            Self::Uint(value) => Some(i128::from(*value)),
            _ => None,
        };
        let float = |value: &Self| match value {
            Self::Double(value) => Some(*value),
            other => integer(other).map(|value| value as f64),
        };
        match (integer(self), integer(other)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            // With a NaN there is no order, and so no equality.
            _ => float(self)?.partial_cmp(&float(other)?),
        }
    }

    /// The order of two values, if their types have one.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            _ => self.numeric(other),
        }
    }
}

impl Schema {
    /// The schema of a field or of a map's value.
    pub(crate) fn below(&self, name: &str) -> Option<&Self> {
        self.properties.get(name).or(self.values.as_deref())
    }

    /// Whether fields are named by expressions, and so escaped.
    pub(crate) fn is_object(&self) -> bool {
        self.values.is_none()
    }
}
