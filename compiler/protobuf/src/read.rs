//! JSON of a message, as Go's older `jsonpb`, which Istio uses, reads it when it is told to leave out unknown fields.

use std::fmt;

use serde_json::{Map, Value};

use crate::duration;
use crate::table::{self, Field, Label, Message, Type};

/// The deepest nesting that is read.
const DEEPEST: usize = 128;

/// One step into a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A field, as it was written.
    Key(String),
    /// An item of a list.
    Index(usize),
}

/// Where something stands in a JSON value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

/// Why a value is no message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub path: Path,
    /// What is wrong, as the rest of a sentence about the place.
    pub message: String,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// The message in its one form.
    pub value: Value,
    /// Fields that its type does not have, with the type.
    pub unknown: Vec<(Path, &'static str)>,
}

/// Reads a message.
pub fn read(message: &'static Message, value: &Value) -> Result<Reading, Problem> {
    let mut reader = Reader { path: Path::default(), unknown: Vec::new() };
    let value = reader.message(message, value)?;
    Ok(Reading { value, unknown: reader.unknown })
}

struct Reader {
    path: Path,
    unknown: Vec<(Path, &'static str)>,
}

impl Reader {
    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { path: self.path.clone(), message: message.into() }
    }

    fn at<T>(
        &mut self,
        step: Step,
        read: impl FnOnce(&mut Self) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        if self.path.0.len() >= DEEPEST {
            return Err(self.problem(format!("is nested deeper than {DEEPEST} levels")));
        }
        self.path.0.push(step);
        let read = read(self);
        self.path.0.pop();
        read
    }

    fn message(&mut self, message: &'static Message, value: &Value) -> Result<Value, Problem> {
        if value.is_null() {
            return Ok(Value::Object(Map::new()));
        }
        let Some(fields) = value.as_object() else {
            return Err(self.problem(format!("must be an object ({})", message.name)));
        };
        self.fields(message, fields).map(Value::Object)
    }

    fn fields(
        &mut self,
        message: &'static Message,
        fields: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Problem> {
        for name in fields.keys().filter(|name| message.json_field(name).is_none()) {
            let mut path = self.path.clone();
            path.0.push(Step::Key(name.clone()));
            self.unknown.push((path, message.name));
        }
        let mut out = Map::new();
        for field in &message.fields {
            // Where a field is there under both of its names, that of JSON counts.
            let mut written = [&*field.json_name, field.name].into_iter();
            let Some((name, value)) = written.find_map(|name| fields.get_key_value(name)) else {
                continue;
            };
            if value.is_null() && field.of != Type::Value {
                continue;
            }
            let read = self.at(Step::Key(name.clone()), |reader| reader.field(field, value))?;
            let Some(read) = read else { continue };
            // Of several members of a group the last one stays.
            if let Label::OneOf(group) = field.label {
                for other in message.fields.iter().filter(|other| other.label == Label::OneOf(group)) {
                    out.remove(other.name);
                }
            }
            out.insert(field.name.to_owned(), read);
        }
        Ok(out)
    }

    /// None where the value is the same as absence.
    fn field(&mut self, field: &'static Field, value: &Value) -> Result<Option<Value>, Problem> {
        match field.label {
            Label::Repeated => {
                let Some(items) = value.as_array() else { return Err(self.problem("must be a list")) };
                let mut out = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    out.push(self.at(Step::Index(index), |reader| reader.value(field.of, item))?);
                }
                Ok((!out.is_empty()).then_some(Value::Array(out)))
            }
            Label::Map => {
                let Some(entries) = value.as_object() else { return Err(self.problem("must be an object")) };
                let mut out = Map::new();
                for (key, value) in entries {
                    let read = self.at(Step::Key(key.clone()), |reader| reader.value(field.of, value))?;
                    out.insert(key.clone(), read);
                }
                Ok((!out.is_empty()).then_some(Value::Object(out)))
            }
            Label::Plain => {
                let read = self.value(field.of, value)?;
                Ok(Some(read).filter(|value| !field.of.is_absence(value)))
            }
            Label::Optional | Label::OneOf(_) => self.value(field.of, value).map(Some),
        }
    }

    fn value(&mut self, of: Type, value: &Value) -> Result<Value, Problem> {
        let must_be = |reader: &Self, what: &str| Err(reader.problem(format!("must be {what}")));
        match of {
            Type::Scalar(scalar) | Type::Wrapper(scalar) => match scalar.read(value) {
                Ok(value) => Ok(value),
                Err(what) => must_be(self, what),
            },
            Type::Enum(name) => self.enumerated(name, value),
            Type::Message(name) => match table::message(name) {
                Some(message) => self.message(message, value),
                None => Ok(value.clone()),
            },
            Type::Duration => match value.as_str().and_then(duration::canonical) {
                Some(span) => Ok(span.into()),
                None => must_be(self, "a duration (`1.5s`)"),
            },
            Type::Any => self.any(value),
            Type::Struct if !value.is_object() => must_be(self, "an object"),
            Type::ListValue if !value.is_array() => must_be(self, "a list"),
            Type::Struct | Type::ListValue | Type::Value | Type::Opaque => Ok(value.clone()),
        }
    }

    fn enumerated(&self, name: &'static str, value: &Value) -> Result<Value, Problem> {
        let Some(of) = table::enumeration(name) else { return Ok(value.clone()) };
        match value {
            Value::String(text) => match of.number(text) {
                Some(number) => Ok(of.name(number).map_or_else(|| value.clone(), Value::from)),
                None => Err(self.problem(format!("is `{text}`, which is no name of {name}"))),
            },
            Value::Number(number) => {
                let number = number.as_i64().filter(|number| i32::try_from(*number).is_ok());
                let Some(number) = number else {
                    return Err(self.problem("must be a name or a whole number"));
                };
                Ok(of.name(number).map_or_else(|| Value::from(number), Value::from))
            }
            _ => Err(self.problem("must be a name or a whole number")),
        }
    }

    fn any(&mut self, value: &Value) -> Result<Value, Problem> {
        let Some(fields) = value.as_object() else {
            return Err(self.problem("must be an object with `@type`"));
        };
        let Some(url) = fields.get("@type").and_then(Value::as_str).filter(|url| !url.is_empty()) else {
            return Err(self.problem("has no `@type`"));
        };
        let name = type_name(url);
        let mut out = if name.starts_with("google.protobuf.") {
            if !fields.contains_key("value") {
                return Err(self.problem(format!("has no `value`, in which a {name} is")));
            }
            fields.clone()
        } else {
            let Some(message) = table::message(name) else {
                return self.at(Step::Key("@type".to_owned()), |reader| {
                    Err(reader.problem(format!("names the type {name}, which Istio does not know")))
                });
            };
            let mut own = fields.clone();
            own.remove("@type");
            self.fields(message, &own)?
        };
        out.insert("@type".to_owned(), url.into());
        Ok(Value::Object(out))
    }
}

/// The name of the message in the URL of a type.
pub(crate) fn type_name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

// === impl Type ===

impl Type {
    /// Whether a value of a plain field is the same as no value.
    fn is_absence(self, value: &Value) -> bool {
        match self {
            Self::Scalar(scalar) => scalar.is_zero(value),
            Self::Enum(name) => table::enumeration(name)
                .is_some_and(|of| value.as_str().is_some() && of.name(0) == value.as_str()),
            _ => false,
        }
    }
}

// === impl Path ===

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if index == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read;
    use crate::message;

    fn cluster(value: Value) -> Result<(Value, Vec<String>), String> {
        let message = message("envoy.config.cluster.v3.Cluster").expect("it is there");
        match read(message, &value) {
            Ok(reading) => {
                Ok((reading.value, reading.unknown.iter().map(|(path, _)| path.to_string()).collect()))
            }
            Err(problem) => Err(format!("{} {}", problem.path, problem.message)),
        }
    }

    #[test]
    fn a_value_comes_into_its_one_form() {
        let (value, unknown) = cluster(json!({
            "connectTimeout": "200ms", "connect_timeout": "7s", "lb_policy": 1, "respect_dns_ttl": false, "type": "STATIC", "nope": 1,
            "dns_lookup_family": 99, "health_checks": [], "upstream_config": {
                "name": "x", "typedConfig": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                                             "inlineCode": "", "defaultSourceCode": {"inlineString": ""}}},
            "close_connections_on_host_health_failure": true, "common_lb_config": null,
            "per_connection_buffer_limit_bytes": 0,
        }))
        .expect("it is one");
        assert_eq!(
            value,
            json!({
                "connect_timeout": "0.200s", "lb_policy": "LEAST_REQUEST", "type": "STATIC", "dns_lookup_family": 99,
                "upstream_config": {"name": "x", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                    "default_source_code": {"inline_string": ""}}},
                "close_connections_on_host_health_failure": true, "per_connection_buffer_limit_bytes": 0,
            })
        );
        assert_eq!(unknown, ["nope"]);
    }

    #[test]
    fn what_is_no_message_is_told_where_it_stands() {
        assert_eq!(
            cluster(json!({"connect_timeout": 5})).unwrap_err(),
            "connect_timeout must be a duration (`1.5s`)"
        );
        assert_eq!(
            cluster(json!({"health_checks": [{"timeout": "x"}]})).unwrap_err(),
            "health_checks[0].timeout must be a duration (`1.5s`)"
        );
        assert_eq!(
            cluster(json!({"lb_policy": "FAIR"})).unwrap_err(),
            "lb_policy is `FAIR`, which is no name of envoy.config.cluster.v3.Cluster.LbPolicy"
        );
        // The last one of a group in the order of the definition stays.
        let both = json!({"cluster_type": {"name": "x"}, "type": "EDS"});
        assert_eq!(cluster(both).expect("it is one").0, json!({"cluster_type": {"name": "x"}}));
        let any =
            json!({"transport_socket": {"typed_config": {"@type": "type.googleapis.com/envoy.api.v2.Foo"}}});
        assert!(cluster(any).unwrap_err().contains("envoy.api.v2.Foo, which Istio does not know"));
        assert!(cluster(json!([])).is_err());
    }
}
