//! Kubernetes's named formats: `format.dns1123Label().validate(name)`.

use super::super::ast::Call;
use super::super::value::{Result, Value};
use crate::names;
use crate::schema::Format;

const NAMES: &[&str] = &[
    "byte",
    "date",
    "datetime",
    "dns1035Label",
    "dns1035LabelPrefix",
    "dns1123Label",
    "dns1123LabelPrefix",
    "dns1123Subdomain",
    "dns1123SubdomainPrefix",
    "labelValue",
    "qualifiedName",
    "uri",
    "uuid",
];

pub(super) fn call<'a>(call: &Call, arguments: &[Value<'a>]) -> Option<Result<Value<'a>>> {
    let function = &*call.function;
    match arguments {
        [] => {
            let name = function.strip_prefix("format.")?;
            NAMES.iter().find(|known| **known == name).map(|known| Ok(Value::Format(known)))
        }
        [Value::Text(name)] if function == "format.named" => {
            let known = NAMES.iter().find(|known| ***known == **name);
            Some(Ok(known.map_or(Value::Optional(None), |known| Value::some(Value::Format(known)))))
        }
        [Value::Format(format), Value::Text(text)] if function == "validate" => {
            let problem = check(format, text);
            Some(Ok(match problem {
                None => Value::Optional(None),
                Some(problem) => Value::some(Value::list(vec![Value::text(problem)])),
            }))
        }
        _ => None,
    }
}

/// What is wrong with a text, if anything is.
fn check(format: &str, text: &str) -> Option<String> {
    let takes = |format: Format| (!format.takes(text)).then(|| format!("must be {}", format.words()));
    // What will be followed by a generated suffix may end in a dash.
    let prefix = || text.strip_suffix('-').unwrap_or(text);
    match format {
        "byte" => takes(Format::Byte),
        "date" => takes(Format::Date),
        "datetime" => takes(Format::DateTime),
        "uri" => takes(Format::Uri),
        "uuid" => takes(Format::Uuid),
        "dns1035Label" => names::dns1035_label(text),
        "dns1035LabelPrefix" => names::dns1035_label(prefix()),
        "dns1123Label" => names::dns1123_label(text),
        "dns1123LabelPrefix" => names::dns1123_label(prefix()),
        "dns1123Subdomain" => names::dns1123_subdomain(text),
        "dns1123SubdomainPrefix" => names::dns1123_subdomain(prefix()),
        "labelValue" => names::label_value(text),
        _ => names::qualified_name(text),
    }
}
