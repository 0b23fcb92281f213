//! Reading protojson: both spellings of a field name, numbers as text, enums by number, null as absent; what is not
//! known is refused by its exact path.
//!
//! Resources are read with [`from_value`], [`from_slice`] and nothing else: plain `serde_json` does not know where the
//! type of a `typed_config` stands, nor the second spelling of the names.

mod any;
mod de;
mod error;
mod strict;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use de::{Deserializer, EnumValue};
pub use error::Error;

/// Bytes of one document that are read at most: 64 MiB, above the largest configuration that a proxy holds.
pub const MAX_DOCUMENT_BYTES: usize = 64 << 20;

/// Reads one resource (or list, or map of resources) from a JSON value.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(Deserializer::new(value))
}

/// Reads one resource from JSON text. Refuses duplicate keys, nesting beyond 128 levels, and documents larger than
/// [`MAX_DOCUMENT_BYTES`].
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    from_value(value_from_slice(json)?)
}

/// Reads JSON text to a tree under the limits of [`from_slice`].
pub fn value_from_slice(json: &[u8]) -> Result<Value, Error> {
    if json.len() > MAX_DOCUMENT_BYTES {
        return Err(Error::new(format!(
            "the document has {} bytes; at most {MAX_DOCUMENT_BYTES} are read",
            json.len()
        )));
    }
    serde_json::from_slice::<strict::Strict>(json)
        .map(|strict| strict.0)
        .map_err(|error| Error::new(format!("not JSON: {error}")))
}
