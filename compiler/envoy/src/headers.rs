//! Operations on headers.

use crate::message::{message, proto_enum};

message! {
    /// A header to add or set.
    pub struct HeaderValueOption {
        /// The header.
        pub header: Option<HeaderValue>,
        /// What happens to values that are there.
        pub append_action: HeaderAppendAction,
        /// Adds a value even when it is empty.
        pub keep_empty_value: bool,
    }

    /// A name and a value, which may hold `%OPERATORS%`.
    pub struct HeaderValue {
        /// The name.
        pub key: String,
        /// The value.
        pub value: String,
    }
}

impl HeaderValueOption {
    /// A header operation.
    pub fn new(key: impl Into<String>, value: impl Into<String>, append_action: HeaderAppendAction) -> Self {
        Self {
            header: Some(HeaderValue { key: key.into(), value: value.into() }),
            append_action,
            keep_empty_value: false,
        }
    }
}

proto_enum! {
    /// What happens to values that are there.
    pub enum HeaderAppendAction {
        /// The value is added after them.
        #[default]
        AppendIfExistsOrAdd = 0 "APPEND_IF_EXISTS_OR_ADD",
        /// Nothing where there are some.
        AddIfAbsent = 1 "ADD_IF_ABSENT",
        /// They are replaced.
        OverwriteIfExistsOrAdd = 2 "OVERWRITE_IF_EXISTS_OR_ADD",
        /// They are replaced; nothing where there is none.
        OverwriteIfExists = 3 "OVERWRITE_IF_EXISTS",
    }
}
