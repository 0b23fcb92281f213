//! The table of messages, made by `cargo xtask messages`.
//!
//! A line `@NAME VALUE=NUMBER…` is an enum, a line `NAME` a message, and the lines behind it, each with a space in
//! front, its fields: `FIELD TYPE`, where `*` before the type is a list and `%` a map with values of that type, then
//! `!GROUP` for a member of a `oneof`, `?` for a field whose zero is a value, `=NAME` for a JSON name of its own. Types are
//! scalars by protobuf's names, well-known messages by their last name, `@ENUM`, and `.MESSAGE`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::scalar::Scalar;

/// A message of the table.
#[derive(Debug)]
pub struct Message {
    /// Its full name.
    pub name: &'static str,
    pub(crate) fields: Vec<Field>,
}

/// A field of a message.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) json_name: Cow<'static, str>,
    pub(crate) of: Type,
    pub(crate) label: Label,
}

/// How often a field is there, and whether its zero is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// Once; its zero is absence.
    Plain,
    /// Once; its zero is a value.
    Optional,
    /// At most one of those with the same name is there; its zero is a value.
    OneOf(&'static str),
    /// A list.
    Repeated,
    /// By key.
    Map,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// A number, a text, a truth.
    Scalar(Scalar),
    /// A message around one scalar, which in JSON is that scalar.
    Wrapper(Scalar),
    /// One of some names, by the enum's.
    Enum(&'static str),
    /// Another message, by its name.
    Message(&'static str),
    /// A time span.
    Duration,
    /// A message with its type beside it.
    Any,
    /// Free JSON with keys.
    Struct,
    /// Free JSON.
    Value,
    /// A free list.
    ListValue,
    /// What is taken as it is: points in time, and messages of other APIs.
    Opaque,
}

/// Names and numbers of an enum.
#[derive(Debug, Default)]
pub(crate) struct Enum(pub(crate) Vec<(&'static str, i64)>);

#[derive(Debug, Default)]
struct Table {
    messages: HashMap<&'static str, Message>,
    enums: HashMap<&'static str, Enum>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("messages.txt")));

/// The message of this full name (`envoy.config.cluster.v3.Cluster`).
pub fn message(name: &str) -> Option<&'static Message> {
    TABLE.messages.get(name)
}

/// The enum of this full name.
pub(crate) fn enumeration(name: &str) -> Option<&'static Enum> {
    TABLE.enums.get(name)
}

// === impl Table ===

impl Table {
    fn parse(text: &'static str) -> Self {
        let mut table = Self::default();
        let mut current: Option<Message> = None;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(field) = line.strip_prefix(' ') {
                if let (Some(message), Some(field)) = (&mut current, Field::parse(field)) {
                    message.fields.push(field);
                }
            } else if let Some(line) = line.strip_prefix('@') {
                let mut words = line.split(' ');
                let name = words.next().unwrap_or_default();
                let value = |word: &'static str| {
                    let (name, number) = word.split_once('=')?;
                    Some((name, number.parse().ok()?))
                };
                table.enums.insert(name, Enum(words.filter_map(value).collect()));
            } else {
                let done = current.replace(Message { name: line, fields: Vec::new() });
                table.messages.extend(done.map(|message| (message.name, message)));
            }
        }
        table.messages.extend(current.map(|message| (message.name, message)));
        table
    }
}

// === impl Message ===

impl Message {
    /// The field of a proto name.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field that JSON calls so: by its proto name or its JSON name.
    pub(crate) fn json_field(&self, name: &str) -> Option<&Field> {
        self.field(name).or_else(|| self.fields.iter().find(|field| field.json_name == name))
    }

    /// All names of its fields, for who looks for the one that was meant.
    pub fn field_names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }
}

// === impl Field ===

impl Field {
    fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.split(' ');
        let (name, of) = (words.next()?, words.next()?);
        let (mut label, of) = match (of.strip_prefix('*'), of.strip_prefix('%')) {
            (Some(of), _) => (Label::Repeated, of),
            (_, Some(of)) => (Label::Map, of),
            _ => (Label::Plain, of),
        };
        let mut json_name = None;
        for word in words {
            match (word.strip_prefix('!'), word.strip_prefix('=')) {
                (Some(group), _) => label = Label::OneOf(group),
                (_, Some(name)) => json_name = Some(Cow::Borrowed(name)),
                _ => label = Label::Optional,
            }
        }
        let json_name = json_name.unwrap_or_else(|| Cow::Owned(lower_camel(name)));
        Some(Self { name, json_name, of: Type::parse(of), label })
    }
}

// === impl Type ===

impl Type {
    fn parse(text: &'static str) -> Self {
        if let Some(name) = text.strip_prefix('@') {
            return Self::Enum(name);
        }
        if let Some(name) = text.strip_prefix('.') {
            return Self::Message(name);
        }
        if let Some(scalar) = text.strip_suffix("Value").and_then(Scalar::of_wrapper) {
            return Self::Wrapper(scalar);
        }
        match text {
            "Duration" => Self::Duration,
            "Any" => Self::Any,
            "Struct" => Self::Struct,
            "Value" => Self::Value,
            "ListValue" => Self::ListValue,
            _ => Scalar::parse(text).map_or(Self::Opaque, Self::Scalar),
        }
    }
}

// === impl Enum ===

impl Enum {
    /// The name of a number: the first one.
    pub(crate) fn name(&self, number: i64) -> Option<&'static str> {
        self.0.iter().find(|(_, known)| *known == number).map(|(name, _)| *name)
    }

    /// The number of a name.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
    }
}

/// protobuf's JSON name of a field.
fn lower_camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else {
            out.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Label, TABLE, Type, message};
    use crate::scalar::Scalar;

    #[test]
    fn every_name_in_the_table_is_in_the_table() {
        assert!(TABLE.messages.len() > 1000, "{}", TABLE.messages.len());
        #[expect(clippy::iter_over_hash_type, reason = "every one is looked at")]
        for message in TABLE.messages.values() {
            for field in &message.fields {
                match field.of {
                    Type::Message(name) => assert!(TABLE.messages.contains_key(name), "{name}"),
                    Type::Enum(name) => {
                        let of = TABLE.enums.get(name).expect(name);
                        assert!(of.name(0).is_some(), "{name} has no zero");
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn fields_are_what_envoys_documentation_says() {
        let cluster = message("envoy.config.cluster.v3.Cluster").expect("it is there");
        let field = |name: &str| cluster.field(name).map(|field| (field.of, field.label));
        assert_eq!(field("connect_timeout"), Some((Type::Duration, Label::Plain)));
        assert_eq!(field("type").map(|f| f.1), Some(Label::OneOf("cluster_discovery_type")));
        assert_eq!(field("typed_extension_protocol_options"), Some((Type::Any, Label::Map)));
        assert_eq!(
            field("per_connection_buffer_limit_bytes"),
            Some((Type::Wrapper(Scalar::Uint32), Label::Plain))
        );
        assert_eq!(cluster.json_field("connectTimeout").map(|field| field.name), Some("connect_timeout"));
    }
}
