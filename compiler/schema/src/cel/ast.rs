//! The tree of an expression. Macros are nodes of their own, not folds: they are evaluated as what they are.

use std::sync::OnceLock;

use regex::Regex;

/// An expression.
#[derive(Debug)]
pub(crate) enum Expr {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
    /// A variable or a type.
    Name(Box<str>),
    /// `a.b`, `a.?b`, or `has(a.b)`.
    Select(Box<Select>),
    /// `a[b]`, `a[?b]`
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    List(Vec<Element>),
    Map(Vec<(Expr, Element)>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Choose(Box<[Expr; 3]>),
    Binary(Operator, Box<[Expr; 2]>),
    /// `f(a)`, `a.f(b)` (the target is the first argument) and `ns.f(a)`.
    Call(Box<Call>),
    /// `a.all(x, …)` and its kin.
    Macro(Box<Comprehension>),
    /// `cel.bind(x, a, …)`, `a.optMap(x, …)`, `a.optFlatMap(x, …)`
    Bind(Box<Bind>),
}

/// `a.b`, `a.?b`, or `has(a.b)`.
#[derive(Debug)]
pub(crate) struct Select {
    pub(crate) operand: Expr,
    /// The field as it is written.
    pub(crate) field: Box<str>,
    /// The property that Kubernetes means by it, if the name is an escaped one.
    pub(crate) unescaped: Option<Box<str>>,
    pub(crate) how: How,
}

/// What is asked of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Value,
    Optional,
    Presence,
}

/// An item of a list or the value of a map's entry; left out if it is an optional without a value.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) value: Expr,
    pub(crate) optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

#[derive(Debug)]
pub(crate) struct Call {
    /// With its namespace: `sets.contains`.
    pub(crate) function: Box<str>,
    pub(crate) has_target: bool,
    pub(crate) arguments: Vec<Expr>,
    /// The last argument as a regular expression, where it is a literal.
    pub(crate) regex: OnceLock<Option<Regex>>,
}

#[derive(Debug)]
pub(crate) struct Comprehension {
    pub(crate) kind: Fold,
    pub(crate) range: Expr,
    pub(crate) variable: Box<str>,
    /// Of the macros with two variables, the second: value, while the first is index or key.
    pub(crate) second: Option<Box<str>>,
    /// Of `map(x, p, t)`.
    pub(crate) filter: Option<Expr>,
    pub(crate) body: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
    TransformMap,
    TransformMapEntry,
    SortBy,
}

#[derive(Debug)]
pub(crate) struct Bind {
    pub(crate) variable: Box<str>,
    pub(crate) value: Expr,
    pub(crate) body: Expr,
    pub(crate) kind: BindKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BindKind {
    Bind,
    OptMap,
    OptFlatMap,
}

impl Expr {
    /// What it is made of.
    fn children(&self) -> Vec<&Self> {
        match self {
            Self::Select(select) => vec![&select.operand],
            Self::Index { operand, index, .. } => vec![operand, index],
            Self::List(items) => items.iter().map(|item| &item.value).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(key, value)| [key, &value.value]).collect(),
            Self::Not(inner) | Self::Negate(inner) => vec![inner],
            Self::And(all) | Self::Or(all) => all.iter().collect(),
            Self::Choose(three) => three.iter().collect(),
            Self::Binary(_, two) => two.iter().collect(),
            Self::Call(call) => call.arguments.iter().collect(),
            Self::Macro(inner) => {
                [&inner.range, &inner.body].into_iter().chain(inner.filter.as_ref()).collect()
            }
            Self::Bind(bind) => vec![&bind.value, &bind.body],
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Uint(_) | Self::Double(_) => Vec::new(),
            Self::Text(_) | Self::Bytes(_) | Self::Name(_) => Vec::new(),
        }
    }

    /// Whether a variable is read anywhere in it.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        matches!(self, Self::Name(own) if &**own == name)
            || self.children().into_iter().any(|inner| inner.mentions(name))
    }

    /// Whether it is at most so many levels deep.
    pub(crate) fn is_within(&self, levels: usize) -> bool {
        levels > 0 && self.children().into_iter().all(|inner| inner.is_within(levels - 1))
    }
}
