//! The walk over a document: structure first, then, if that is right, the rules.

use meshc_source::Span;
use meshc_syntax::{Entry, Kind, Node, Style};

use crate::cel;
use crate::schema::{Bounds, Checks, ListType, Schema, Type};
use crate::violation::{Path, Problem, Violation};

/// What null means where a schema does not allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// A wrong type.
    Refused,
    /// As if the field were not written.
    Absent,
}

impl Schema {
    /// What a document does against the schema, in the order of the walk. The rules are asked only if the
    /// structure is right, as the API server does.
    ///
    /// The document is a whole resource: its `apiVersion`, `kind` and `metadata` are none of the schema's business.
    pub fn validate(&self, document: &Node, nulls: Nulls) -> Vec<Violation> {
        let mut walk = Walk { nulls, found: Vec::new() };
        walk.value(self, document, &Path::Root, true);
        if walk.found.is_empty() && self.has_rules {
            cel::check(self, document, &mut walk.found);
        }
        walk.found
    }
}

struct Walk {
    nulls: Nulls,
    found: Vec<Violation>,
}

impl Walk {
    fn report(&mut self, path: &Path<'_>, span: Span, problem: Problem) {
        self.found.push(Violation { path: path.render(), span, problem });
    }

    /// A value against a schema of the structure itself.
    fn value(&mut self, schema: &Schema, node: &Node, path: &Path<'_>, is_resource: bool) {
        if node.is_null() && schema.nullable {
            return;
        }
        if !schema.ty.takes(node) {
            return self.wrong_type(schema.ty, node, path);
        }
        self.checks(schema, &schema.checks, node, path);
        match &node.kind {
            Kind::Mapping(entries) => {
                for entry in entries {
                    self.entry(schema, entry, path, is_resource || schema.embedded);
                }
            }
            Kind::Sequence(items) => {
                if let Some(inner) = &schema.items {
                    for (index, item) in items.iter().enumerate() {
                        self.value(inner, item, &Path::Index(path, index), false);
                    }
                }
                self.duplicates(schema, items, path);
            }
            _ => {}
        }
    }

    fn entry(&mut self, schema: &Schema, entry: &Entry, path: &Path<'_>, is_resource: bool) {
        let key = &*entry.key.text;
        let below = Path::Key(path, key);
        let inner = schema.properties.get(key).or(schema.values.as_deref());
        if is_resource && key == "metadata" {
            // Its fields are known whatever the schema has of them, which may say more of single ones.
            if let Some(inner) = inner {
                self.nested(inner, &entry.value, &below);
            }
        } else if let Some(inner) = inner {
            let absent = entry.value.is_null()
                && !inner.nullable
                && (inner.default.is_some() || self.nulls == Nulls::Absent);
            if !absent {
                if entry.value.is_null() && entry.value.span.is_empty() && inner.ty != Type::Any {
                    // Nothing is written: the key is the place.
                    let node = Node { span: entry.key.span, ..entry.value.clone() };
                    return self.value(inner, &node, &below, false);
                }
                self.value(inner, &entry.value, &below, false);
            }
        } else if !(schema.preserve
            || schema.ty == Type::Any && schema.properties.is_empty()
            || is_resource && matches!(key, "apiVersion" | "kind" | "metadata"))
        {
            let mut expected: Vec<String> = schema.names.iter().map(ToString::to_string).collect();
            if is_resource {
                expected.extend(["apiVersion", "kind", "metadata"].map(ToOwned::to_owned));
            }
            self.report(&below, entry.key.span, Problem::UnknownField { name: key.to_owned(), expected });
        }
    }

    fn wrong_type(&mut self, ty: Type, node: &Node, path: &Path<'_>) {
        let scalar = matches!(node.kind, Kind::Bool(_) | Kind::Int(_) | Kind::Float(_));
        let quote = ty == Type::String && scalar && node.style == Style::Plain;
        let problem = Problem::Type { expected: ty.words(), found: node.describe(), quote };
        self.report(path, node.span, problem);
    }

    /// Kubernetes's value validations.
    fn checks(&mut self, schema: &Schema, checks: &Checks, node: &Node, path: &Path<'_>) {
        if let Err(problem) = checks.scalar(node) {
            self.report(path, node.span, problem);
        }
        match &node.kind {
            Kind::Sequence(items) => self.bounds(checks.items, items.len(), "item", node, path),
            Kind::Mapping(entries) => {
                self.bounds(checks.properties, entries.len(), "field", node, path);
                for field in &checks.required {
                    if !is_present(schema, node, field) {
                        self.report(path, node.span, Problem::Required { field: field.to_string() });
                    }
                }
                for group in &checks.exclusive {
                    self.exclusive(group, entries, path);
                }
            }
            _ => {}
        }
        if !checks.has_branches() {
            return;
        }
        let node = &*schema.defaulted(node);
        for branch in &checks.all_of {
            self.nested(branch, node, path);
        }
        if !checks.any_of.is_empty() && !checks.any_of.iter().any(|branch| branch.fits(node)) {
            let message = alternatives(&checks.any_of, "one of");
            self.report(path, node.span, Problem::Alternatives { message });
        }
        if !checks.one_of.is_empty() {
            let fitting = checks.one_of.iter().filter(|branch| branch.fits(node)).count();
            if fitting != 1 {
                let message = alternatives(&checks.one_of, "exactly one of");
                self.report(path, node.span, Problem::Alternatives { message });
            }
        }
        if checks.not.as_ref().is_some_and(|not| not.fits(node)) {
            let message = match checks.not.as_deref().map(|not| not.checks.required.as_slice()) {
                Some([first, rest @ ..]) if !rest.is_empty() => {
                    format!("`{first}` and `{}` exclude each other", rest.join("`, `"))
                }
                Some([only]) => format!("`{only}` is not allowed here"),
                _ => "it has a form that is not allowed here".to_owned(),
            };
            self.report(path, node.span, Problem::Alternatives { message });
        }
    }

    /// A branch of `allOf`: it must hold as a whole, so what is wrong below it is said there.
    fn nested(&mut self, branch: &Schema, node: &Node, path: &Path<'_>) {
        if !branch.ty.takes(node) {
            return self.wrong_type(branch.ty, node, path);
        }
        self.checks(branch, &branch.checks, node, path);
        match &node.kind {
            Kind::Mapping(entries) => {
                for entry in entries {
                    let inner = branch.properties.get(&*entry.key.text).or(branch.values.as_deref());
                    if let Some(inner) = inner {
                        self.nested(inner, &entry.value, &Path::Key(path, &entry.key.text));
                    }
                }
            }
            Kind::Sequence(items) => {
                if let Some(inner) = &branch.items {
                    for (index, item) in items.iter().enumerate() {
                        self.nested(inner, item, &Path::Index(path, index));
                    }
                }
            }
            _ => {}
        }
    }

    fn bounds(&mut self, bounds: Bounds, count: usize, what: &str, node: &Node, path: &Path<'_>) {
        let count = count as u64;
        if let Some(message) = bounds.message(count, what) {
            let too_many = bounds.is_exceeded(count);
            self.report(path, node.span, Problem::Bounds { message, too_many });
        }
    }

    fn exclusive(&mut self, group: &[Box<str>], entries: &[Entry], path: &Path<'_>) {
        let mut present = entries
            .iter()
            .filter(|entry| group.contains(&entry.key.text))
            .filter(|entry| !(entry.value.is_null() && self.nulls == Nulls::Absent));
        let Some(first) = present.next() else { return };
        if let Some(second) = present.next() {
            let problem = Problem::Exclusive {
                field: second.key.text.to_string(),
                other: first.key.text.to_string(),
                other_span: first.key.span,
            };
            self.report(path, second.key.span, problem);
        }
    }

    /// Items of a set, or of a list with keys, that are there twice.
    fn duplicates(&mut self, schema: &Schema, items: &[Node], path: &Path<'_>) {
        if items.len() < 2 || schema.list == ListType::Atomic && !schema.checks.unique_items {
            return;
        }
        let mut seen: Vec<(Vec<Option<&Node>>, Span)> = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let (key, names, place) = match &schema.list {
                ListType::Map(names) => {
                    let inner = schema.items.as_deref();
                    let key: Vec<_> = names.iter().map(|name| field(inner, item, name)).collect();
                    let place = key.iter().flatten().find(|node| !node.span.is_empty());
                    let place = place.map_or(item.span, |node| node.span);
                    (key, names.iter().map(ToString::to_string).collect(), place)
                }
                _ => (vec![Some(item)], Vec::new(), item.span),
            };
            let same = |other: &[Option<&Node>]| {
                other.iter().zip(&key).all(|(a, b)| match (a, b) {
                    (Some(a), Some(b)) => same(a, b),
                    (a, b) => a.is_none() && b.is_none(),
                })
            };
            match seen.iter().find(|(other, _)| same(other)) {
                Some((_, first)) => {
                    let problem = Problem::Duplicate { keys: names, first: *first };
                    self.report(&Path::Index(path, index), place, problem);
                }
                None => seen.push((key, place)),
            }
        }
    }
}

/// A field of a mapping, or the default that the schema has for it.
pub(crate) fn field<'a>(schema: Option<&'a Schema>, node: &'a Node, name: &str) -> Option<&'a Node> {
    let default = || schema.and_then(|schema| schema.properties.get(name)?.default.as_ref());
    match node.get(name) {
        Some(value) if value.is_null() => default().or(Some(value)),
        Some(value) => Some(value),
        None => default(),
    }
}

fn is_present(schema: &Schema, node: &Node, field: &str) -> bool {
    node.entry(field).is_some() || schema.properties.get(field).is_some_and(|inner| inner.default.is_some())
}

/// Whether two trees say the same.
pub(crate) fn same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Int(a), Kind::Float(b)) | (Kind::Float(b), Kind::Int(a)) => {
            (*a as f64).partial_cmp(b) == Some(std::cmp::Ordering::Equal)
        }
        (Kind::Sequence(a), Kind::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Kind::Mapping(a), Kind::Mapping(entries)) => {
            a.len() == entries.len()
                && a.iter().all(|entry| b.get(&entry.key.text).is_some_and(|other| same(&entry.value, other)))
        }
        (a, b) => a == b,
    }
}

/// What the branches ask for, where they ask for fields.
fn alternatives(branches: &[Schema], how_many: &str) -> String {
    let asked: Vec<String> = branches
        .iter()
        .filter(|branch| !branch.checks.required.is_empty())
        .map(|branch| format!("`{}`", branch.checks.required.join("` with `")))
        .collect();
    if asked.is_empty() {
        return format!("it has none of the {} forms that are allowed here", branches.len());
    }
    format!("it must have {how_many} {}", asked.join(", "))
}

impl Schema {
    /// Whether a value fits, with nothing to say about why not.
    fn fits(&self, node: &Node) -> bool {
        if node.is_null() && self.nullable {
            return true;
        }
        self.ty.takes(node)
            && self.checks.hold(self, node)
            && match &node.kind {
                Kind::Mapping(entries) => entries.iter().all(|entry| {
                    let inner = self.properties.get(&*entry.key.text).or(self.values.as_deref());
                    inner.is_none_or(|inner| inner.fits(&entry.value))
                }),
                Kind::Sequence(items) => {
                    self.items.as_ref().is_none_or(|inner| items.iter().all(|item| inner.fits(item)))
                }
                _ => true,
            }
    }
}

impl Checks {
    /// Whether there are further schemas for the same value.
    fn has_branches(&self) -> bool {
        !self.all_of.is_empty() || !self.any_of.is_empty() || !self.one_of.is_empty() || self.not.is_some()
    }

    fn hold(&self, schema: &Schema, node: &Node) -> bool {
        let counts = match &node.kind {
            Kind::Sequence(items) => self.items.message(items.len() as u64, "").is_none(),
            Kind::Mapping(entries) => {
                let many = |group: &Vec<Box<str>>| {
                    entries.iter().filter(|entry| group.contains(&entry.key.text)).count() > 1
                };
                self.properties.message(entries.len() as u64, "").is_none()
                    && self.required.iter().all(|field| is_present(schema, node, field))
                    && !self.exclusive.iter().any(many)
            }
            _ => true,
        };
        if !counts || self.scalar(node).is_err() {
            return false;
        }
        if !self.has_branches() {
            return true;
        }
        let node = &*schema.defaulted(node);
        self.all_of.iter().all(|branch| branch.fits(node))
            && (self.any_of.is_empty() || self.any_of.iter().any(|branch| branch.fits(node)))
            && (self.one_of.is_empty() || self.one_of.iter().filter(|branch| branch.fits(node)).count() == 1)
            && !self.not.as_ref().is_some_and(|not| not.fits(node))
    }
}

impl Bounds {
    /// Whether so many are too many.
    pub(crate) fn is_exceeded(self, count: u64) -> bool {
        self.most.is_some_and(|most| count > most)
    }

    /// What is wrong with so many, if anything is.
    pub(crate) fn message(self, count: u64, what: &str) -> Option<String> {
        let many = |count: u64| if count == 1 { String::new() } else { "s".to_owned() };
        match (self.least, self.most) {
            (Some(least), _) if count < least => {
                Some(format!("has {count} {what}{}, but at least {least} must be there", many(count)))
            }
            (_, Some(most)) if count > most => {
                Some(format!("has {count} {what}{}, but at most {most} may be there", many(count)))
            }
            _ => None,
        }
    }
}

impl Type {
    /// Whether a value is of the type.
    fn takes(self, node: &Node) -> bool {
        match self {
            Self::Any => true,
            Self::Object => matches!(node.kind, Kind::Mapping(_)),
            Self::Array => matches!(node.kind, Kind::Sequence(_)),
            Self::String => matches!(node.kind, Kind::String(_)),
            Self::Integer => match node.kind {
                Kind::Int(_) => true,
                Kind::Float(value) => value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0,
                _ => false,
            },
            Self::Number => matches!(node.kind, Kind::Int(_) | Kind::Float(_)),
            Self::Boolean => matches!(node.kind, Kind::Bool(_)),
            Self::IntOrString => {
                matches!(node.kind, Kind::Int(_) | Kind::String(_)) || Self::Integer.takes(node)
            }
        }
    }
}
