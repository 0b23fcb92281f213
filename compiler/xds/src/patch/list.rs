//! Lists inside messages: an empty one is an absent one.

use meshc_effective::model::PatchOperation;
use serde_json::Value;

/// Takes a list out of a message.
pub(super) fn take(message: &mut Value, key: &str) -> Vec<Value> {
    let list = message.as_object_mut().and_then(|fields| fields.remove(key));
    if let Some(Value::Array(items)) = list { items } else { Vec::new() }
}

/// Puts a list back.
pub(super) fn put(message: &mut Value, key: &str, items: Vec<Value>) {
    if let Some(fields) = message.as_object_mut()
        && !items.is_empty()
    {
        fields.insert(key.to_owned(), Value::Array(items));
    }
}

/// Leaves out the filters of a chain that has none left.
pub(super) fn without_empty_filters(chain: &mut Value) {
    if let Some(fields) = chain.as_object_mut()
        && fields.get("filters").and_then(Value::as_array).is_some_and(Vec::is_empty)
    {
        fields.remove("filters");
    }
}

/// Adds, inserts, replaces and removes filters by a patch; whether it found where. `asks` says whether the patch names the
/// filter that it is relative to: without one what is inserted goes to an end of the list, and nothing is replaced or
/// removed. Merging is not done here.
pub(super) fn edit(
    items: &mut Vec<Value>,
    operation: PatchOperation,
    value: Option<&Value>,
    asks: bool,
    is_it: impl Fn(&Value) -> bool,
) -> bool {
    if operation == PatchOperation::Remove {
        let before = items.len();
        if asks {
            items.retain(|item| !is_it(item));
        }
        return items.len() != before;
    }
    let Some(value) = value else { return false };
    let place = if asks { items.iter().position(&is_it) } else { None };
    match (operation, asks, place) {
        (PatchOperation::Add, _, _) | (PatchOperation::InsertAfter, false, _) => items.push(value.clone()),
        (PatchOperation::InsertFirst, _, _) | (PatchOperation::InsertBefore, false, _) => {
            items.insert(0, value.clone());
        }
        (PatchOperation::InsertAfter, true, Some(place)) => items.insert(place + 1, value.clone()),
        (PatchOperation::InsertBefore, true, Some(place)) => items.insert(place, value.clone()),
        (PatchOperation::Replace, true, Some(place)) => {
            if let Some(item) = items.get_mut(place) {
                *item = value.clone();
            }
        }
        _ => return false,
    }
    true
}
