//! The table, as `meshc-protobuf` reads it: see there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::parse::{Enum, Field, File, Kind, Message};

const HEAD: &str = "\
# The messages of Envoy's API and what Istio adds: names, types and numbers only. Made by `cargo xtask messages` from
# the .proto files of Envoy, cncf/xds and istio/api (all Apache-2.0); do not edit.
";

/// Every message and enum, sorted by name.
pub(super) fn table(files: &[File]) -> Result<String, String> {
    let messages: BTreeMap<&str, &Message> = files
        .iter()
        .flat_map(|file| &file.messages)
        .map(|message| (message.name.as_str(), message))
        .collect();
    let enums: BTreeMap<&str, &Enum> =
        files.iter().flat_map(|file| &file.enums).map(|of| (of.name.as_str(), of)).collect();
    let names: BTreeSet<&str> = messages.keys().chain(enums.keys()).copied().collect();
    let mut text = HEAD.to_owned();
    // Writing to a String cannot fail.
    for (name, of) in &enums {
        let values: Vec<String> = of.values.iter().map(|(name, number)| format!("{name}={number}")).collect();
        let _ = writeln!(text, "@{name} {}", values.join(" "));
    }
    for (name, message) in &messages {
        let _ = writeln!(text, "{name}");
        for field in &message.fields {
            let of = type_of(field, name, &names, &enums)
                .map_err(|of| format!("{name}.{}: {of} is unknown", field.name))?;
            let _ = write!(text, " {} ", field.name);
            let _ = match &field.kind {
                Kind::Plain => write!(text, "{of}"),
                Kind::Optional => write!(text, "{of} ?"),
                Kind::OneOf(group) => write!(text, "{of} !{group}"),
                Kind::Repeated => write!(text, "*{of}"),
                Kind::Map => write!(text, "%{of}"),
            };
            if let Some(json_name) = &field.json_name {
                let _ = write!(text, " ={json_name}");
            }
            text.push('\n');
        }
    }
    Ok(text)
}

/// A scalar's name, a well-known message's, `@ENUM`, or `.MESSAGE`.
fn type_of(
    field: &Field,
    message: &str,
    names: &BTreeSet<&str>,
    enums: &BTreeMap<&str, &Enum>,
) -> Result<String, String> {
    let of = field.type_name.as_str();
    let scalar = match of {
        "string" | "bytes" | "bool" | "double" | "float" => Some(of),
        "int32" | "sint32" | "sfixed32" => Some("int32"),
        "uint32" | "fixed32" => Some("uint32"),
        "int64" | "sint64" | "sfixed64" => Some("int64"),
        "uint64" | "fixed64" => Some("uint64"),
        _ => of.trim_start_matches('.').strip_prefix("google.protobuf."),
    };
    if let Some(scalar) = scalar {
        return Ok(scalar.to_owned());
    }
    let found = resolve(of, message, names);
    match found {
        Some(name) if enums.contains_key(name.as_str()) => Ok(format!("@{name}")),
        Some(name) => Ok(format!(".{name}")),
        // What is not in the table is taken as it is.
        None if of.contains('.') => Ok("Opaque".to_owned()),
        None => Err(of.to_owned()),
    }
}

/// The full name of a type that is named in a message: the innermost scope that has it.
fn resolve(of: &str, message: &str, names: &BTreeSet<&str>) -> Option<String> {
    if let Some(full) = of.strip_prefix('.') {
        return names.contains(full).then(|| full.to_owned());
    }
    let mut scope = message;
    loop {
        let name = format!("{scope}.{of}");
        if names.contains(name.as_str()) {
            return Some(name);
        }
        match scope.rsplit_once('.') {
            Some((outer, _)) => scope = outer,
            None => return names.contains(of).then(|| of.to_owned()),
        }
    }
}
