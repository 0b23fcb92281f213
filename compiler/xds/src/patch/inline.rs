//! Filters whose configuration is discovered on its own, for proxies that nobody answers such a question.

use meshc_effective::model::{PatchKind, PatchOperation, Patches};
use serde_json::Value;

/// Puts configurations that patches add (`EXTENSION_CONFIG`) where a filter of a listener asks for them by its name.
pub(crate) fn inline_extensions(patches: &Patches, listener: &mut Value) {
    let added = patches
        .all
        .iter()
        .filter(|patch| patch.kind == PatchKind::ExtensionConfig && patch.operation == PatchOperation::Add);
    let configs: Vec<(&str, &Value)> = added
        .filter_map(|patch| {
            let value = patch.value.as_ref()?;
            Some((value.get("name")?.as_str()?, value.get("typed_config")?))
        })
        .collect();
    if !configs.is_empty() {
        inline(&configs, listener);
    }
}

fn inline(configs: &[(&str, &Value)], value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| inline(configs, item)),
        Value::Object(fields) => {
            let name = fields.get("name").and_then(Value::as_str);
            let config = configs.iter().find(|(known, _)| name == Some(known)).map(|(_, config)| *config);
            if let Some(config) = config.filter(|_| fields.contains_key("config_discovery")) {
                fields.remove("config_discovery");
                fields.insert("typed_config".to_owned(), config.clone());
            }
            fields.values_mut().for_each(|field| inline(configs, field));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
