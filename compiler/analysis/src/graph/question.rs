//! What is asked, and the form of the answers.

use meshc_effective::model::{HeaderCondition, HeaderMatch, PathMatch, RouteMatch, StringMatch};
use serde::Serialize;

use super::verdict::{Way, Without};

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Who sends: a workload, a pod, a gateway, or `*.NAMESPACE`; anyone if absent.
    pub from: Option<String>,
    /// Where to: a service, `SERVICE/SUBSET`, a host outside, a workload; anywhere if absent.
    pub to: Option<String>,
    /// Only requests of this method.
    pub method: Option<String>,
    /// Only requests for this path, or for all that begin so if it ends in `*`.
    pub path: Option<String>,
    /// Only requests with these headers.
    pub headers: Vec<(String, String)>,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionError(pub String);

impl std::fmt::Display for QuestionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for QuestionError {}

impl QuestionError {
    /// A name that nothing has.
    pub(super) fn unknown(what: &str, name: &str, names: &[String]) -> Self {
        let bare = name.split('/').next().unwrap_or(name);
        let near = meshc_syntax::suggest::nearest(bare, names.iter().map(String::as_str));
        let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Self(format!("no {what} of this mesh is called {name:?}{meant}"))
    }
}

/// The answers. Serialized, all keys are there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answers {
    /// Of this form.
    pub version: u8,
    /// What was asked.
    pub question: Question,
    /// Each way, by caller.
    pub ways: Vec<Way>,
    /// The callers that were meant and from which nothing is sent there.
    pub without: Vec<Without>,
}

impl Question {
    /// The requests that are meant, as a match.
    pub(super) fn requests(&self) -> RouteMatch {
        let header = |name: &str, value: &str| HeaderMatch {
            name: name.to_owned(),
            condition: HeaderCondition::Value(StringMatch::Exact(value.to_owned())),
            invert: false,
            treat_missing_as_empty: false,
            ignore_case: false,
        };
        let path = match self.path.as_deref() {
            None => PathMatch::any(),
            Some(path) => match path.strip_suffix('*') {
                Some(prefix) => PathMatch::Prefix(prefix.to_owned()),
                None => PathMatch::Exact(path.to_owned()),
            },
        };
        let method = self.method.iter().map(|method| header(":method", &method.to_ascii_uppercase()));
        let headers = self.headers.iter().map(|(name, value)| header(name, value));
        RouteMatch { path, headers: method.chain(headers).collect(), ..RouteMatch::any() }
    }
}
