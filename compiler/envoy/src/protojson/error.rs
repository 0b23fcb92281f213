//! Why a resource could not be read, and where in the document.

use std::fmt;

use serde_json::Value;

/// A refusal with the path of the value that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Segments from the innermost outwards, as they are met while the error travels up.
    segments: Vec<Segment>,
    message: String,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// A field of a message.
    Field(String),
    /// A key of a map, written in brackets because it may hold dots.
    Key(String),
    /// A position in a list, from 0.
    Index(usize),
}

impl Error {
    /// A refusal of the value that is being read.
    pub fn new(message: impl Into<String>) -> Self {
        Self { segments: Vec::new(), message: message.into() }
    }

    /// The same refusal seen from the value around it.
    pub(super) fn within(mut self, segment: Segment) -> Self {
        self.segments.push(segment);
        self
    }

    /// Where: `static_resources.listeners[0].name`; empty for the document itself.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.segments.iter().rev() {
            match segment {
                Segment::Field(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Segment::Key(key) => {
                    path.push('[');
                    path.push_str(&Value::from(key.as_str()).to_string());
                    path.push(']');
                }
                Segment::Index(index) => {
                    path.push('[');
                    path.push_str(&index.to_string());
                    path.push(']');
                }
            }
        }
        path
    }

    /// What is wrong there.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.segments.is_empty() {
            write!(f, "{}: ", self.path())?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}
