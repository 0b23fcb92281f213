//! A structural schema in compact form.

use std::fmt;
use std::sync::OnceLock;

use meshc_syntax::Node;
use regex::Regex;
use rustc_hash::FxHashMap;

use crate::cel::Rule;

/// A compiled schema. Made by [`Schema::compile`](crate::Schema::compile) from a structural schema as JSON.
#[derive(Debug, Default)]
pub struct Schema {
    pub(crate) ty: Type,
    pub(crate) nullable: bool,
    /// Unknown fields are kept, and no error.
    pub(crate) preserve: bool,
    /// An object with `apiVersion`, `kind` and `metadata` of its own.
    pub(crate) embedded: bool,
    pub(crate) checks: Checks,
    pub(crate) properties: FxHashMap<Box<str>, Schema>,
    /// The names of the properties in alphabetical order, for messages.
    pub(crate) names: Vec<Box<str>>,
    /// What the other keys of a map hold.
    pub(crate) values: Option<Box<Schema>>,
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) list: ListType,
    pub(crate) default: Option<Node>,
    pub(crate) rules: Vec<Rule>,
    /// Whether this schema or one below it has rules.
    pub(crate) has_rules: bool,
    /// Whether a property, or one below it, has a default.
    pub(crate) has_defaults: bool,
}

/// Kubernetes's value validations: what may also stand within `allOf`, `anyOf`, `oneOf` and `not`.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    pub(crate) format: Option<Format>,
    pub(crate) pattern: Option<Pattern>,
    /// In Unicode code points.
    pub(crate) length: Bounds,
    pub(crate) items: Bounds,
    pub(crate) properties: Bounds,
    pub(crate) minimum: Option<Limit>,
    pub(crate) maximum: Option<Limit>,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) unique_items: bool,
    pub(crate) values: Vec<serde_json::Value>,
    pub(crate) required: Vec<Box<str>>,
    /// Groups of fields of which at most one may be there: a protobuf `oneof`.
    pub(crate) exclusive: Vec<Vec<Box<str>>>,
    pub(crate) all_of: Vec<Schema>,
    pub(crate) any_of: Vec<Schema>,
    pub(crate) one_of: Vec<Schema>,
    pub(crate) not: Option<Box<Schema>>,
}

/// How many.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) least: Option<u64>,
    pub(crate) most: Option<u64>,
}

/// The end of a range of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) value: f64,
    pub(crate) exclusive: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Type {
    /// No type is stated.
    #[default]
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
    IntOrString,
}

/// What makes two items of a list the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ListType {
    /// Nothing.
    #[default]
    Atomic,
    /// Their value.
    Set,
    /// The values of these fields.
    Map(Vec<Box<str>>),
}

/// The formats that the API server checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Int32,
    Int64,
    Uri,
    Email,
    Hostname,
    Ipv4,
    Ipv6,
    Cidr,
    Mac,
    Uuid,
    Byte,
    Date,
    DateTime,
    Duration,
}

/// A pattern, compiled when it is first needed.
pub(crate) struct Pattern {
    pub(crate) text: Box<str>,
    regex: OnceLock<Option<Regex>>,
}

// === impl Pattern ===

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.into(), regex: OnceLock::new() }
    }

    /// Whether a text matches anywhere. A pattern that cannot be compiled refuses nothing: the API server would
    /// have refused the definition.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let regex = self.regex.get_or_init(|| crate::go_regex::compile(&self.text));
        regex.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

// === impl Type, Format ===

impl Type {
    /// For messages.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Object => "a mapping",
            Self::Array => "a list",
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a Boolean",
            Self::IntOrString => "an integer or a string",
        }
    }
}

impl Format {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Int32 => "an integer of 32 bits",
            Self::Int64 => "an integer of 64 bits",
            Self::Uri => "a URI",
            Self::Email => "an address of e-mail",
            Self::Hostname => "a host name",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Cidr => "an address range such as `10.0.0.0/8`",
            Self::Mac => "a MAC address",
            Self::Uuid => "a UUID",
            Self::Byte => "Base64",
            Self::Date => "a date such as `2006-01-02`",
            Self::DateTime => "a time such as `2006-01-02T15:04:05Z`",
            Self::Duration => "a duration such as `1.5s`",
        }
    }
}
