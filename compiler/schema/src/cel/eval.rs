//! The value of an expression.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::rc::Rc;

use super::Expression;
use super::ast::{Bind, BindKind, Comprehension, Element, Expr, Fold, How, Operator, Select};
use super::library;
use super::value::{Error, Result, Value};

/// Variables, the innermost first.
pub(crate) struct Scope<'s, 'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Value<'a>,
    pub(crate) outer: Option<&'s Scope<'s, 'a>>,
}

/// One evaluation.
pub(crate) struct Evaluation {
    /// What is left of what it may cost, about in Kubernetes's units: one for a step, a tenth for a character
    /// that a function reads.
    pub(crate) budget: Cell<u64>,
}

impl Evaluation {
    pub(crate) fn pay(&self, cost: u64) -> Result<()> {
        match self.budget.get().checked_sub(cost) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(Error::Cost),
        }
    }

    pub(crate) fn value<'a>(&self, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Result<Value<'a>> {
        match expr {
            Expr::Null => Ok(Value::Null),
            Expr::Bool(value) => Ok(Value::Bool(*value)),
            Expr::Int(value) => Ok(Value::Int(*value)),
            Expr::Uint(value) => Ok(Value::Uint(*value)),
            Expr::Double(value) => Ok(Value::Double(*value)),
            Expr::Text(text) => Ok(Value::Text(Cow::Borrowed(text))),
            Expr::Bytes(bytes) => Ok(Value::Bytes(bytes.to_vec().into())),
            Expr::Name(name) => {
                self.pay(1)?;
                variable(name, scope)
            }
            Expr::Select(select) => self.select(select, scope),
            Expr::Index { operand, index, optional } => {
                self.pay(1)?;
                let operand = self.value(operand, scope)?;
                let index = self.value(index, scope)?;
                access(&operand, &index, if *optional { How::Optional } else { How::Value })
            }
            Expr::List(items) => {
                self.pay(10)?;
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.extend(self.element(item, scope)?);
                }
                Ok(Value::list(list))
            }
            Expr::Map(entries) => {
                self.pay(30)?;
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = self.value(key, scope)?;
                    if let Some(value) = self.element(value, scope)? {
                        map.push((key, value));
                    }
                }
                Ok(Value::Map(Rc::new(map)))
            }
            Expr::Not(inner) => {
                self.pay(1)?;
                match self.value(inner, scope)? {
                    Value::Bool(value) => Ok(Value::Bool(!value)),
                    _ => Err(Error::Overload("!_".to_owned())),
                }
            }
            Expr::Negate(inner) => {
                self.pay(1)?;
                match self.value(inner, scope)? {
                    Value::Int(value) => value.checked_neg().map(Value::Int).ok_or_else(overflow),
                    Value::Double(value) => Ok(Value::Double(-value)),
                    Value::Duration(value) => value.checked_neg().map(Value::Duration).ok_or_else(overflow),
                    _ => Err(Error::Overload("-_".to_owned())),
                }
            }
            Expr::And(all) => self.junction(all, false, scope),
            Expr::Or(all) => self.junction(all, true, scope),
            Expr::Choose(three) => {
                let [condition, then, other] = &**three;
                match self.value(condition, scope)? {
                    Value::Bool(true) => self.value(then, scope),
                    Value::Bool(false) => self.value(other, scope),
                    _ => Err(Error::Overload("_?_:_".to_owned())),
                }
            }
            Expr::Binary(operator, two) => {
                self.pay(1)?;
                let [left, right] = &**two;
                let (left, right) = (self.value(left, scope)?, self.value(right, scope)?);
                self.binary(*operator, &left, &right)
            }
            Expr::Call(call) => {
                self.pay(1)?;
                let mut arguments = Vec::with_capacity(call.arguments.len());
                for argument in &call.arguments {
                    arguments.push(self.value(argument, scope)?);
                }
                library::call(self, call, &arguments)
            }
            Expr::Macro(comprehension) => self.comprehension(comprehension, scope),
            Expr::Bind(bind) => self.bind(bind, scope),
        }
    }

    /// `&&` and `||`: an error counts only where no operand decides without it.
    fn junction<'a>(&self, all: &'a [Expr], deciding: bool, scope: &Scope<'_, 'a>) -> Result<Value<'a>> {
        let mut error = None;
        for expr in all {
            match self.value(expr, scope) {
                Ok(Value::Bool(value)) if value == deciding => return Ok(Value::Bool(deciding)),
                Ok(Value::Bool(_)) => {}
                Ok(_) => {
                    let function = if deciding { "_||_" } else { "_&&_" };
                    error.get_or_insert_with(|| Error::Overload(function.to_owned()));
                }
                Err(Error::Cost) => return Err(Error::Cost),
                Err(other) => {
                    error.get_or_insert(other);
                }
            }
        }
        error.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    fn element<'a>(&self, element: &'a Element, scope: &Scope<'_, 'a>) -> Result<Option<Value<'a>>> {
        let value = self.value(&element.value, scope)?;
        match value {
            Value::Optional(inner) if element.optional => Ok(inner.map(|inner| (*inner).clone())),
            _ if element.optional => Err(Error::Overload("optional element".to_owned())),
            value => Ok(Some(value)),
        }
    }

    fn select<'a>(&self, select: &'a Select, scope: &Scope<'_, 'a>) -> Result<Value<'a>> {
        self.pay(1)?;
        let operand = self.value(&select.operand, scope)?;
        if let Value::Variables(all) = operand {
            return self.of_policy(all, select, scope);
        }
        let field = match (&operand, &select.unescaped) {
            (Value::Node(_, Some(schema)), Some(unescaped)) if schema.is_object() => unescaped,
            _ => &select.field,
        };
        access(&operand, &Value::Text(Cow::Borrowed(field)), select.how)
    }

    /// A variable of a policy: worked out where the policy begins, among the variables before it.
    fn of_policy<'a>(
        &self,
        all: &'a [(Box<str>, Expression)],
        select: &'a Select,
        scope: &Scope<'_, 'a>,
    ) -> Result<Value<'a>> {
        let Some((expr, before)) = Expression::of_variable(all, &select.field) else {
            return match select.how {
                How::Presence => Ok(Value::Bool(false)),
                _ => Err(Error::of(format!("no such key: {}", select.field))),
            };
        };
        if select.how == How::Presence {
            return Ok(Value::Bool(true));
        }
        let mut root = scope;
        while let Some(outer) = root.outer {
            if matches!(root.value, Value::Variables(_)) {
                break;
            }
            root = outer;
        }
        let root = Scope { name: "variables", value: Value::Variables(before), outer: root.outer };
        let value = self.value(expr, &root)?;
        Ok(if select.how == How::Optional { Value::some(value) } else { value })
    }

    fn binary<'a>(&self, operator: Operator, a: &Value<'a>, b: &Value<'a>) -> Result<Value<'a>> {
        let order = |name: &str, holds: fn(Ordering) -> bool| match a.compare(b) {
            Some(order) => Ok(Value::Bool(holds(order))),
            // Numbers without an order: one of them is none.
            None if matches!((a, b), (Value::Double(_), _) | (_, Value::Double(_)))
                && a.type_name() == b.type_name() =>
            {
                Ok(Value::Bool(false))
            }
            None => Err(Error::Overload(name.to_owned())),
        };
        match operator {
            Operator::Equal => {
                self.pay(weight(a).min(weight(b)))?;
                Ok(Value::Bool(a.equals(b)))
            }
            Operator::NotEqual => {
                self.pay(weight(a).min(weight(b)))?;
                Ok(Value::Bool(!a.equals(b)))
            }
            Operator::Less => order("_<_", Ordering::is_lt),
            Operator::LessOrEqual => order("_<=_", Ordering::is_le),
            Operator::Greater => order("_>_", Ordering::is_gt),
            Operator::GreaterOrEqual => order("_>=_", Ordering::is_ge),
            Operator::In => {
                self.pay(b.size().unwrap_or(0) as u64)?;
                if let Some(items) = b.items() {
                    return Ok(Value::Bool(items.iter().any(|item| item.equals(a))));
                }
                if b.type_name() != "map" {
                    return Err(Error::Overload("@in".to_owned()));
                }
                Ok(Value::Bool(b.get(a)?.is_some()))
            }
            _ => super::arithmetic::calculate(self, operator, a, b),
        }
    }

    fn bind<'a>(&self, bind: &'a Bind, scope: &Scope<'_, 'a>) -> Result<Value<'a>> {
        let value = self.value(&bind.value, scope)?;
        let value = match (bind.kind, value) {
            (BindKind::Bind, value) => value,
            (_, Value::Optional(None)) => return Ok(Value::Optional(None)),
            (_, Value::Optional(Some(inner))) => (*inner).clone(),
            _ => return Err(Error::Overload("optMap".to_owned())),
        };
        let result = self.value(&bind.body, &Scope { name: &bind.variable, value, outer: Some(scope) })?;
        Ok(if bind.kind == BindKind::OptMap { Value::some(result) } else { result })
    }

    fn comprehension<'a>(&self, fold: &'a Comprehension, scope: &Scope<'_, 'a>) -> Result<Value<'a>> {
        self.pay(1)?;
        let range = self.value(&fold.range, scope)?;
        // What the two variables are, one step after the other.
        let steps: Vec<(Value<'a>, Value<'a>)> = if let Some(items) = range.items() {
            items.into_iter().enumerate().map(|(index, item)| (Value::Int(index as i64), item)).collect()
        } else if let Some(entries) = range.entries() {
            let alone = fold.second.is_none();
            entries.into_iter().map(|(key, value)| (key.clone(), if alone { key } else { value })).collect()
        } else {
            return Err(Error::Overload("comprehension over what is no list and no map".to_owned()));
        };
        let mut state = State::default();
        for (key, item) in steps {
            self.pay(3)?;
            let outer = Scope {
                name: &fold.variable,
                value: if fold.second.is_some() { key.clone() } else { item.clone() },
                outer: Some(scope),
            };
            let inner;
            let scope = match &fold.second {
                Some(second) => {
                    inner = Scope { name: second, value: item.clone(), outer: Some(&outer) };
                    &inner
                }
                None => &outer,
            };
            if let Some(filter) = &fold.filter {
                match self.value(filter, scope)? {
                    Value::Bool(true) => {}
                    Value::Bool(false) => continue,
                    _ => return Err(Error::Overload("filter".to_owned())),
                }
            }
            let result = self.value(&fold.body, scope);
            if state.step(fold.kind, key, item, result)? {
                break;
            }
        }
        state.finish(fold.kind)
    }
}

/// What a comprehension has gathered.
#[derive(Default)]
struct State<'a> {
    decided: bool,
    found: usize,
    error: Option<Error>,
    list: Vec<Value<'a>>,
    map: Vec<(Value<'a>, Value<'a>)>,
}

impl<'a> State<'a> {
    /// Takes the result of one step; true: no other can change the whole.
    fn step(
        &mut self,
        kind: Fold,
        key: Value<'a>,
        item: Value<'a>,
        result: Result<Value<'a>>,
    ) -> Result<bool> {
        match kind {
            // As `&&` and `||` do, these go on behind an error.
            Fold::All | Fold::Exists => match result {
                Ok(Value::Bool(value)) => {
                    self.decided = value == (kind == Fold::Exists);
                    return Ok(self.decided);
                }
                Ok(_) => {
                    self.error.get_or_insert_with(|| Error::Overload("all".to_owned()));
                }
                Err(Error::Cost) => return Err(Error::Cost),
                Err(other) => {
                    self.error.get_or_insert(other);
                }
            },
            Fold::ExistsOne => self.found += usize::from(truth(&result?)?),
            Fold::Filter => {
                if truth(&result?)? {
                    self.list.push(item);
                }
            }
            Fold::Map => self.list.push(result?),
            Fold::TransformMap => self.map.push((key, result?)),
            Fold::TransformMapEntry => {
                let entries =
                    result?.entries().ok_or_else(|| Error::Overload("transformMapEntry".to_owned()))?;
                for (key, value) in entries {
                    if self.map.iter().any(|(other, _)| other.equals(&key)) {
                        return Err(Error::of("insert failed: a key already exists"));
                    }
                    self.map.push((key, value));
                }
            }
            Fold::SortBy => self.map.push((result?, item)),
        }
        Ok(false)
    }

    fn finish(mut self, kind: Fold) -> Result<Value<'a>> {
        match kind {
            Fold::All | Fold::Exists => match self.error {
                Some(error) if !self.decided => Err(error),
                _ => Ok(Value::Bool(self.decided == (kind == Fold::Exists))),
            },
            Fold::ExistsOne => Ok(Value::Bool(self.found == 1)),
            Fold::Filter | Fold::Map => Ok(Value::list(self.list)),
            Fold::TransformMap | Fold::TransformMapEntry => Ok(Value::Map(Rc::new(self.map))),
            Fold::SortBy => {
                self.map.sort_by(|(a, _), (b, _)| a.compare(b).unwrap_or(Ordering::Equal));
                Ok(Value::list(self.map.into_iter().map(|(_, item)| item).collect()))
            }
        }
    }
}

fn truth(value: &Value<'_>) -> Result<bool> {
    value.as_bool().ok_or_else(|| Error::Overload("a condition that is no Boolean".to_owned()))
}

/// What an equality costs: the characters that it may have to read.
fn weight(value: &Value<'_>) -> u64 {
    match value {
        Value::Text(text) => text.len() as u64 / 10,
        other => other.size().unwrap_or(0) as u64,
    }
}

fn overflow() -> Error {
    Error::of("integer overflow")
}

/// The types that an expression may name.
const TYPES: &[&str] = &[
    "int",
    "uint",
    "double",
    "bool",
    "string",
    "bytes",
    "list",
    "map",
    "null_type",
    "type",
    "net.IP",
    "net.CIDR",
    "google.protobuf.Duration",
    "google.protobuf.Timestamp",
    "kubernetes.URL",
    "kubernetes.Quantity",
];

fn variable<'a>(name: &'a str, scope: &Scope<'_, 'a>) -> Result<Value<'a>> {
    let mut at = Some(scope);
    while let Some(scope) = at {
        if scope.name == name {
            return Ok(scope.value.clone());
        }
        at = scope.outer;
    }
    match TYPES.iter().find(|known| **known == name) {
        Some(known) => Ok(Value::Type(known)),
        None => Err(Error::of(format!("undeclared reference to '{name}'"))),
    }
}

/// A field, key or index.
fn access<'a>(operand: &Value<'a>, key: &Value<'a>, how: How) -> Result<Value<'a>> {
    if let Value::Optional(inner) = operand {
        return match inner {
            None if how == How::Presence => Ok(Value::Bool(false)),
            None => Ok(Value::Optional(None)),
            Some(inner) => access(inner, key, if how == How::Value { How::Optional } else { how }),
        };
    }
    let found = operand.get(key)?;
    match (how, found) {
        (How::Presence, found) => Ok(Value::Bool(found.is_some())),
        (How::Optional, found) => Ok(Value::Optional(found.map(Rc::new))),
        (How::Value, Some(value)) => Ok(value),
        (How::Value, None) => Err(match key {
            Value::Text(name) => Error::of(format!("no such key: {name}")),
            Value::Int(index) => Error::of(format!("index out of bounds: {index}")),
            _ => Error::of("no such key"),
        }),
    }
}
