//! Why a configuration is refused, and the path of the field that is to blame.

use std::fmt;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ConfigError {
    /// The field, as in `listeners[0].filter_chains[0].filters[1]`.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// The way from the configuration's root to a field, built while walking down.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Index(&'a str, usize),
    Key(&'a str, &'a str),
}

impl<'a> At<'a> {
    /// A field of the root; an empty name is the root itself.
    pub(crate) fn root(name: &'a str) -> Self {
        Self { parent: None, step: Step::Field(name) }
    }

    /// A field of this message.
    pub(crate) fn field<'b>(&'b self, name: &'b str) -> At<'b> {
        At { parent: Some(self), step: Step::Field(name) }
    }

    /// An element of a list in this message.
    pub(crate) fn index<'b>(&'b self, name: &'b str, index: usize) -> At<'b> {
        At { parent: Some(self), step: Step::Index(name, index) }
    }

    /// A value of a map in this message.
    pub(crate) fn key<'b>(&'b self, name: &'b str, key: &'b str) -> At<'b> {
        At { parent: Some(self), step: Step::Key(name, key) }
    }

    /// A refusal of what stands here.
    pub(crate) fn error(&self, message: impl fmt::Display) -> ConfigError {
        ConfigError { path: self.to_string(), message: message.to_string() }
    }

    /// The refusal of a feature.
    pub(crate) fn not_implemented(&self) -> ConfigError {
        self.error("not implemented by mesh-proxy")
    }

    /// Refuses a field that is set.
    pub(crate) fn refuse<T: Default + PartialEq>(&self, name: &str, value: &T) -> Result<(), ConfigError> {
        if *value == T::default() { Ok(()) } else { Err(self.field(name).not_implemented()) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(parent) = self.parent {
            let path = parent.to_string();
            if !path.is_empty() {
                f.write_str(&path)?;
                separator = ".";
            }
        }
        match self.step {
            Step::Field("") => Ok(()),
            Step::Field(name) => write!(f, "{separator}{name}"),
            Step::Index(name, index) => write!(f, "{separator}{name}[{index}]"),
            Step::Key(name, key) => write!(f, "{separator}{name}[{key:?}]"),
        }
    }
}
