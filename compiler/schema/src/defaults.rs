//! Defaults, which the API server fills in before it looks at a value (`schema/defaulting` of the API server's extensions).

use std::borrow::Cow;

use meshc_syntax::{Entry, Key, Kind, Node};

use crate::schema::Schema;

impl Schema {
    /// A value with the defaults of its fields, at every depth; the value itself where there are none to fill in. What is filled
    /// in stands where the object does that lacks it.
    pub(crate) fn defaulted<'n>(&self, node: &'n Node) -> Cow<'n, Node> {
        if self.has_defaults
            && let Some(filled) = self.filled(node)
        {
            return Cow::Owned(filled);
        }
        Cow::Borrowed(node)
    }

    /// None where nothing is filled in.
    fn filled(&self, node: &Node) -> Option<Node> {
        if !self.has_defaults {
            return None;
        }
        match &node.kind {
            Kind::Mapping(entries) => self.filled_object(node, entries),
            Kind::Sequence(items) => {
                let inner = self.items.as_deref()?;
                let filled: Vec<Option<Node>> = items.iter().map(|item| inner.filled(item)).collect();
                filled.iter().any(Option::is_some).then(|| {
                    let items = filled.into_iter().zip(items);
                    let items = items.map(|(filled, item)| filled.unwrap_or_else(|| item.clone())).collect();
                    Node { kind: Kind::Sequence(items), ..node.clone() }
                })
            }
            _ => None,
        }
    }

    fn filled_object(&self, node: &Node, entries: &[Entry]) -> Option<Node> {
        let mut changed = false;
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            let inner = self.properties.get(&*entry.key.text).or(self.values.as_deref());
            // A `null` that the schema does not allow counts as absent where there is a default.
            let is_absent = entry.value.is_null()
                && inner.is_some_and(|inner| !inner.nullable && inner.default.is_some());
            let value = if is_absent { None } else { inner.and_then(|inner| inner.filled(&entry.value)) };
            changed |= is_absent || value.is_some();
            if !is_absent {
                kept.push(Entry { value: value.unwrap_or_else(|| entry.value.clone()), ..entry.clone() });
            }
        }
        for name in &self.names {
            let Some(inner) = self.properties.get(name) else { continue };
            let Some(default) = &inner.default else { continue };
            if kept.iter().any(|entry| *entry.key.text == **name) {
                continue;
            }
            changed = true;
            let value = Node { span: node.span, ..inner.filled(default).unwrap_or_else(|| default.clone()) };
            kept.push(Entry { key: Key { span: node.span, text: name.clone() }, value });
        }
        changed.then(|| Node { kind: Kind::Mapping(kept), ..node.clone() })
    }
}

#[cfg(test)]
mod tests {
    use meshc_syntax::Node;
    use serde_json::{Value, json};

    use crate::{Nulls, Schema};

    /// A field that is one of two forms, by another one that has a default: as the addresses of a Gateway are.
    fn schema() -> Schema {
        let address = json!({
            "type": "object",
            "properties": {
                "type": {"type": "string", "default": "IPAddress"},
                "value": {"type": "string"},
            },
            "oneOf": [
                {"properties": {"type": {"enum": ["IPAddress"]}, "value": {"format": "ipv4"}}},
                {"properties": {"type": {"not": {"enum": ["IPAddress"]}}}},
            ],
        });
        let list = json!({"type": "array", "items": address});
        Schema::compile(&json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "properties": {"addresses": list},
            "anyOf": [{"properties": {"addresses": {"items": {"required": ["type"]}}}}],
        }}}))
    }

    fn is_valid(address: &Value) -> bool {
        let resource = Node::from_json(&json!({"spec": {"addresses": [address]}}));
        schema().validate(&resource, Nulls::Absent).is_empty()
    }

    #[test]
    fn what_is_not_written_is_filled_in_before_forms_are_compared() {
        assert!(is_valid(&json!({"value": "192.0.2.1"})));
        assert!(is_valid(&json!({"type": null, "value": "192.0.2.1"})));
        assert!(is_valid(&json!({})));
        assert!(is_valid(&json!({"type": "Hostname", "value": "gate.example.com"})));
        assert!(!is_valid(&json!({"value": "gate.example.com"})));
        assert!(!is_valid(&json!({"type": "IPAddress", "value": "gate.example.com"})));
    }
}
