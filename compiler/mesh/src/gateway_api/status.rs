//! The status conditions that the Gateway API prescribes.

use meshc_source::Span;

use crate::Meta;

/// What an object is told.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectStatus {
    /// The object.
    pub meta: Meta,
    /// On the object as a whole, in the order of the alphabet; none of a route, which has them for each parent.
    pub conditions: Vec<Condition>,
    /// For each listener of a Gateway or ListenerSet.
    pub listeners: Vec<ListenerStatus>,
    /// For each parent of a route.
    pub parents: Vec<ParentStatus>,
    /// For each target of a policy.
    pub targets: Vec<ParentStatus>,
    /// The ListenerSets that add listeners to a Gateway.
    pub attached_listener_sets: usize,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `Accepted`, `Programmed`, `ResolvedRefs`, `Conflicted`.
    pub kind: &'static str,
    /// Whether it holds.
    pub status: bool,
    /// One word of the specification.
    pub reason: String,
    /// For people.
    pub message: String,
    /// What is wrong, where something is.
    pub problem: Option<Problem>,
}

/// What is wrong, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// One word of the specification.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// The node.
    pub span: Span,
    /// What is not there, where that is what is wrong.
    pub absent: Option<Absent>,
}

/// What a reference leads to that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absent {
    /// The service with this host.
    Service(String),
    /// A parent, or a section of it.
    Parent,
}

/// What a listener is told.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenerStatus {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub span: Span,
    /// The kinds of routes that may attach.
    pub supported_kinds: Vec<&'static str>,
    /// How many routes do.
    pub attached_routes: usize,
    /// In the order of the alphabet.
    pub conditions: Vec<Condition>,
}

/// What a route is told of one of its parents, or a policy of one of its targets.
#[derive(Debug, Clone, PartialEq)]
pub struct ParentStatus {
    /// `KIND NAMESPACE/NAME`, with its section and port where they are written.
    pub parent: String,
    /// Where the reference is written.
    pub span: Span,
    /// In the order of the alphabet.
    pub conditions: Vec<Condition>,
}

impl ObjectStatus {
    /// One that says nothing yet.
    pub(super) fn new(meta: Meta) -> Self {
        Self {
            meta,
            conditions: Vec::new(),
            listeners: Vec::new(),
            parents: Vec::new(),
            targets: Vec::new(),
            attached_listener_sets: 0,
        }
    }
}

impl Condition {
    /// One that holds, or fails for a reason.
    pub(super) fn new(kind: &'static str, message: impl Into<String>, problem: Option<Problem>) -> Self {
        match problem {
            Some(problem) => Self {
                kind,
                status: false,
                reason: problem.reason.to_owned(),
                message: problem.message.clone(),
                problem: Some(problem),
            },
            None => {
                Self { kind, status: true, reason: kind.to_owned(), message: message.into(), problem: None }
            }
        }
    }

    /// The opposite of one that should hold: nothing conflicts.
    pub(super) fn no_conflict() -> Self {
        Self {
            kind: "Conflicted",
            status: false,
            reason: "NoConflicts".to_owned(),
            message: "no other listener has the same port, protocol and host".to_owned(),
            problem: None,
        }
    }
}

impl Problem {
    /// One.
    pub(super) fn new(reason: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), span, absent: None }
    }

    /// Something is not there.
    pub(super) fn absent(self, absent: Absent) -> Self {
        Self { absent: Some(absent), ..self }
    }

    /// Two at once: the first with both messages.
    pub(super) fn join(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(mut first), Some(second)) => {
                first.message.push_str("; ");
                first.message.push_str(&second.message);
                Some(first)
            }
            (first, second) => first.or(second),
        }
    }
}
