//! Tokens to a tree, with the macros that Kubernetes's environment has.

use std::sync::OnceLock;

use super::ast::{Bind, BindKind, Call, Comprehension, Element, Expr, Fold, How, Operator, Select};
use super::lexer::{Token, tokens};
use super::names;

/// How deep an expression may nest, in brackets and as a tree, so that no walk over it runs out of stack.
const DEPTH: usize = 100;
/// How long an expression may be, in tokens: none that passes Kubernetes's cost estimate is near it.
const LENGTH: usize = 20_000;

pub(crate) fn parse(text: &str) -> Result<Expr, String> {
    let tokens = tokens(text)?;
    if tokens.len() > LENGTH {
        return Err("the expression is too long".to_owned());
    }
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let expr = parser.expr()?;
    match parser.tokens.get(parser.at) {
        None if !expr.is_within(2 * DEPTH) => Err("the expression is nested too deep".to_owned()),
        None => Ok(expr),
        Some(token) => Err(format!("{} is not expected", words(token))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn is(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Sign(other)) if *other == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take(sign) {
            return Ok(());
        }
        let found = self.tokens.get(self.at).map_or("the end".to_owned(), words);
        Err(format!("`{sign}` is expected, not {found}"))
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn expr(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("the expression is nested too deep".to_owned());
        }
        let condition = self.or()?;
        let expr = if self.take("?") {
            let then = self.or()?;
            self.expect(":")?;
            Expr::Choose(Box::new([condition, then, self.expr()?]))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut all = vec![self.and()?];
        while self.take("||") {
            all.push(self.and()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::Or(all) })
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut all = vec![self.relation()?];
        while self.take("&&") {
            all.push(self.relation()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::And(all) })
    }

    fn relation(&mut self) -> Result<Expr, String> {
        const OPERATORS: &[(&str, Operator)] = &[
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let mut left = self.sum()?;
        for _ in 0..DEPTH {
            let found = OPERATORS.iter().find(|(sign, _)| self.is(sign)).map(|(_, operator)| *operator);
            let is_in = matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name == "in");
            let Some(operator) = found.or(is_in.then_some(Operator::In)) else { return Ok(left) };
            self.at += 1;
            left = Expr::Binary(operator, Box::new([left, self.sum()?]));
        }
        Err("the expression is nested too deep".to_owned())
    }

    fn sum(&mut self) -> Result<Expr, String> {
        let mut left = self.product()?;
        for _ in 0..DEPTH {
            let operator = match () {
                () if self.take("+") => Operator::Add,
                () if self.take("-") => Operator::Subtract,
                () => return Ok(left),
            };
            left = Expr::Binary(operator, Box::new([left, self.product()?]));
        }
        Err("the expression is nested too deep".to_owned())
    }

    fn product(&mut self) -> Result<Expr, String> {
        let mut left = self.unary()?;
        for _ in 0..DEPTH {
            let operator = match () {
                () if self.take("*") => Operator::Multiply,
                () if self.take("/") => Operator::Divide,
                () if self.take("%") => Operator::Modulo,
                () => return Ok(left),
            };
            left = Expr::Binary(operator, Box::new([left, self.unary()?]));
        }
        Err("the expression is nested too deep".to_owned())
    }

    fn unary(&mut self) -> Result<Expr, String> {
        let start = self.at;
        while self.take("!") {}
        let nots = self.at - start;
        if nots > 0 {
            let inner = self.member()?;
            return Ok(if nots % 2 == 1 { Expr::Not(Box::new(inner)) } else { inner });
        }
        while self.take("-") {}
        match self.at - start {
            0 => self.member(),
            minus if minus % 2 == 1 => match self.tokens.get(self.at) {
                Some(Token::Least) => {
                    self.at += 1;
                    Ok(Expr::Int(i64::MIN))
                }
                Some(Token::Int(value)) => {
                    // The sign is part of the literal: a member may follow.
                    self.tokens[self.at] = Token::Int(-value);
                    self.member()
                }
                Some(Token::Double(value)) => {
                    self.tokens[self.at] = Token::Double(-value);
                    self.member()
                }
                _ => Ok(Expr::Negate(Box::new(self.member()?))),
            },
            _ => self.member(),
        }
    }

    fn member(&mut self) -> Result<Expr, String> {
        let mut operand = self.primary()?;
        for _ in 0..DEPTH {
            if self.take(".") {
                let optional = self.take("?");
                let Some(Token::Name(field) | Token::Quoted(field)) = self.next() else {
                    return Err("a field's name is expected".to_owned());
                };
                operand = if !optional && self.take("(") {
                    let arguments = self.arguments(")")?;
                    call(Some(operand), &field, arguments)?
                } else {
                    select(operand, &field, if optional { How::Optional } else { How::Value })
                };
            } else if self.take("[") {
                let optional = self.take("?");
                let index = Box::new(self.expr()?);
                self.expect("]")?;
                operand = Expr::Index { operand: Box::new(operand), index, optional };
            } else {
                return Ok(operand);
            }
        }
        Err("the expression is nested too deep".to_owned())
    }

    fn arguments(&mut self, close: &str) -> Result<Vec<Expr>, String> {
        let mut arguments = Vec::new();
        while !self.take(close) {
            arguments.push(self.expr()?);
            if !self.take(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(arguments)
    }

    fn primary(&mut self) -> Result<Expr, String> {
        match self.next() {
            Some(Token::Int(value)) => Ok(Expr::Int(value)),
            Some(Token::Uint(value)) => Ok(Expr::Uint(value)),
            Some(Token::Double(value)) => Ok(Expr::Double(value)),
            Some(Token::Text(text)) => Ok(Expr::Text(text.into())),
            Some(Token::Bytes(bytes)) => Ok(Expr::Bytes(bytes.into())),
            Some(Token::Name(name)) => match name.as_str() {
                "true" => Ok(Expr::Bool(true)),
                "false" => Ok(Expr::Bool(false)),
                "null" => Ok(Expr::Null),
                _ if self.take("(") => {
                    let arguments = self.arguments(")")?;
                    call(None, &name, arguments)
                }
                _ => Ok(Expr::Name(name.into())),
            },
            Some(Token::Sign("(")) => {
                let inner = self.expr()?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Sign("[")) => {
                let mut items = Vec::new();
                while !self.take("]") {
                    let optional = self.take("?");
                    items.push(Element { value: self.expr()?, optional });
                    if !self.take(",") {
                        self.expect("]")?;
                        break;
                    }
                }
                Ok(Expr::List(items))
            }
            Some(Token::Sign("{")) => {
                let mut entries = Vec::new();
                while !self.take("}") {
                    let optional = self.take("?");
                    let key = self.expr()?;
                    self.expect(":")?;
                    entries.push((key, Element { value: self.expr()?, optional }));
                    if !self.take(",") {
                        self.expect("}")?;
                        break;
                    }
                }
                Ok(Expr::Map(entries))
            }
            // An absolute name: there are no containers here.
            Some(Token::Sign(".")) => self.primary(),
            Some(token) => Err(format!("{} is not expected", words(&token))),
            None => Err("the expression ends too early".to_owned()),
        }
    }
}

fn words(token: &Token) -> String {
    match token {
        Token::Sign(sign) => format!("`{sign}`"),
        Token::Name(name) | Token::Quoted(name) => format!("`{name}`"),
        _ => "a literal".to_owned(),
    }
}

fn select(operand: Expr, field: &str, how: How) -> Expr {
    let unescaped = names::unescape(field).map(Into::into);
    Expr::Select(Box::new(Select { operand, field: field.into(), unescaped, how }))
}

/// A call, or the macro that it stands for.
fn call(target: Option<Expr>, function: &str, mut arguments: Vec<Expr>) -> Result<Expr, String> {
    let Some(target) = target else {
        if function == "has" {
            return match <[Expr; 1]>::try_from(arguments) {
                Ok([Expr::Select(select)]) if select.how == How::Value => {
                    Ok(Expr::Select(Box::new(Select { how: How::Presence, ..*select })))
                }
                _ => Err("`has` takes a field, such as `has(self.name)`".to_owned()),
            };
        }
        return Ok(plain(function.to_owned(), false, arguments));
    };
    if let Expr::Name(namespace) = &target {
        let full = format!("{namespace}.{function}");
        if full == "cel.bind" {
            return match <[Expr; 3]>::try_from(arguments) {
                Ok([Expr::Name(variable), value, body]) => {
                    Ok(Expr::Bind(Box::new(Bind { variable, value, body, kind: BindKind::Bind })))
                }
                _ => Err("`cel.bind` takes a name, a value and an expression".to_owned()),
            };
        }
        if names::QUALIFIED.contains(&full.as_str()) {
            return Ok(plain(full, false, arguments));
        }
    }
    let fold = |kind, range, variable, second, filter, body| {
        Expr::Macro(Box::new(Comprehension { kind, range, variable, second, filter, body }))
    };
    let kind = match function {
        "all" => Some(Fold::All),
        "exists" => Some(Fold::Exists),
        "exists_one" | "existsOne" => Some(Fold::ExistsOne),
        "map" | "transformList" => Some(Fold::Map),
        "filter" => Some(Fold::Filter),
        "transformMap" => Some(Fold::TransformMap),
        "transformMapEntry" => Some(Fold::TransformMapEntry),
        "sortBy" => Some(Fold::SortBy),
        _ => None,
    };
    let mut variable = |at: usize| match arguments.get_mut(at) {
        Some(Expr::Name(name)) => Some(std::mem::take(name)),
        _ => None,
    };
    if let Some(kind) = kind {
        let two = matches!(function, "transformList" | "transformMap" | "transformMapEntry");
        let wrong = || format!("`{function}` takes a variable and an expression");
        let first = variable(0).ok_or_else(wrong)?;
        let count = arguments.len();
        let mut rest = arguments.into_iter().skip(1);
        let mut next = || rest.next().ok_or_else(wrong);
        return match (count, two, kind) {
            (2, false, _) => Ok(fold(kind, target, first, None, None, next()?)),
            (3, false, Fold::Map) => {
                let filter = next()?;
                Ok(fold(kind, target, first, None, Some(filter), next()?))
            }
            (3, _, Fold::All | Fold::Exists | Fold::ExistsOne) | (3 | 4, true, _) => {
                let Expr::Name(second) = next()? else { return Err(wrong()) };
                let filter = if count == 4 { Some(next()?) } else { None };
                Ok(fold(kind, target, first, Some(second), filter, next()?))
            }
            _ => Err(wrong()),
        };
    }
    if matches!(function, "optMap" | "optFlatMap") {
        let kind = if function == "optMap" { BindKind::OptMap } else { BindKind::OptFlatMap };
        let wrong = || format!("`{function}` takes a variable and an expression");
        let variable = variable(0).ok_or_else(wrong)?;
        let body = arguments.into_iter().nth(1).ok_or_else(wrong)?;
        return Ok(Expr::Bind(Box::new(Bind { variable, value: target, body, kind })));
    }
    arguments.insert(0, target);
    Ok(plain(function.to_owned(), true, arguments))
}

fn plain(function: String, has_target: bool, arguments: Vec<Expr>) -> Expr {
    Expr::Call(Box::new(Call { function: function.into(), has_target, arguments, regex: OnceLock::new() }))
}
