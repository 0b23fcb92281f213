//! Expressions and their values.

use std::cell::Cell;

use meshc_syntax::Node;
use serde_json::json;

use super::eval::{Evaluation, Scope};
use super::parser::parse;
use super::value::{Error, Value};
use crate::schema::Schema;

/// The value of an expression over a document, as JSON-like text.
fn evaluate(text: &str) -> String {
    let document = Node::from_json(&json!({
        "name": "reviews", "port": 9080, "weights": [10, 20, 70], "labels": {"app": "x", "version": "v1"},
        "namespace": "default", "x-y": 1, "nothing": null,
        "routes": [{"host": "a", "weight": 1}, {"host": "b"}],
    }));
    let schema = Schema::compile(&json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"}, "port": {"type": "integer"},
            "weights": {"type": "array", "items": {"type": "integer"}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "namespace": {"type": "string"}, "x-y": {"type": "integer"}, "nothing": {"type": "string"},
            "kind": {"type": "string", "default": "Service"},
            "routes": {"type": "array", "items": {"type": "object", "properties": {
                "host": {"type": "string"}, "weight": {"type": "integer"}}}},
        },
    }));
    let expr = match parse(text) {
        Ok(expr) => expr,
        Err(error) => return format!("syntax: {error}"),
    };
    let evaluation = Evaluation { budget: Cell::new(super::RULE_COST) };
    let scope = Scope { name: "self", value: Value::of_node(&document, Some(&schema)), outer: None };
    match evaluation.value(&expr, &scope) {
        Ok(value) => show(&value),
        Err(error) => format!("error: {error}"),
    }
}

fn show(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Optional(None) => "none".to_owned(),
        Value::Optional(Some(inner)) => format!("some({})", show(inner)),
        Value::Uint(value) => format!("{value}u"),
        Value::Double(value) => format!("{value:?}"),
        Value::Int(value) => value.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        other => match (other.items(), other.entries()) {
            (Some(items), _) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            (_, Some(entries)) => {
                let pairs: Vec<_> =
                    entries.iter().map(|(k, v)| format!("{}: {}", show(k), show(v))).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            _ => format!("{other:?}"),
        },
    }
}

#[test]
fn expressions_have_the_values_that_cel_gives_them() {
    for (text, expected) in [
        // Literals and operators.
        ("1 + 2 * 3", "7"),
        ("-2 + 1", "-1"),
        ("7 / 2 + 7 % 4", "6"),
        ("1.5 + .5", "2.0"),
        ("0x1F", "31"),
        ("3u + 4u", "7u"),
        ("'a' + \"b\" + r'\\d' + '\\x41'", "\"ab\\\\dA\""),
        ("[1, 2] + [3]", "[1, 2, 3]"),
        ("{'a': 1}['a']", "1"),
        ("1 == 1.0 && 1 != 2 && 1u == 1", "true"),
        ("'a' < 'b' && 2 >= 1", "true"),
        ("true ? 'y' : 'n'", "\"y\""),
        ("!false && !!true", "true"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775807 + 1", "error: integer overflow"),
        ("1 / 0", "error: division by zero"),
        ("1 + 'a'", "error: no such overload: _+_"),
        // An operand that decides hides another's error.
        ("true || 1 / 0 == 1", "true"),
        ("1 / 0 == 1 || true", "true"),
        ("1 / 0 == 1 && false", "false"),
        ("1 / 0 == 1 && true", "error: division by zero"),
        // The document.
        ("self.port", "9080"),
        ("self.__namespace__", "\"default\""),
        ("self.x__dash__y", "1"),
        ("has(self.name) && !has(self.missing) && !has(self.nothing)", "true"),
        ("self.kind", "\"Service\""),
        ("self.missing", "error: no such key: missing"),
        ("self.labels['version']", "\"v1\""),
        ("'app' in self.labels && !('x' in self.labels)", "true"),
        ("20 in self.weights", "true"),
        ("self.weights[1] + size(self.weights) + self.name.size()", "30"),
        ("self.weights[9]", "error: index out of bounds: 9"),
        ("self.?missing.orValue('d')", "\"d\""),
        ("self.?name.hasValue()", "true"),
        ("self.labels[?'app']", "some(\"x\")"),
        ("self.?name.optMap(n, n + '!').orValue('')", "\"reviews!\""),
        // Macros.
        ("self.weights.all(w, w > 0)", "true"),
        ("self.weights.exists(w, w == 20)", "true"),
        ("self.weights.exists_one(w, w > 15)", "false"),
        ("self.weights.map(w, w * 2)", "[20, 40, 140]"),
        ("self.weights.map(w, w > 10, w * 2)", "[40, 140]"),
        ("self.weights.filter(w, w > 10)", "[20, 70]"),
        ("self.labels.all(k, k != '')", "true"),
        ("self.labels.exists(k, v, v == 'v1')", "true"),
        ("self.weights.all(i, w, w >= i)", "true"),
        ("self.labels.transformList(k, v, k + v)", "[\"appx\", \"versionv1\"]"),
        ("self.weights.transformMap(i, w, w > 10, w)", "{1: 20, 2: 70}"),
        ("self.routes.all(r, !has(r.weight) || r.weight > 0)", "true"),
        ("self.routes.exists(r, r.weight == 1)", "true"),
        ("self.routes.all(r, r.weight == 1)", "error: no such key: weight"),
        ("cel.bind(x, self.port + 1, x * x)", "82464561"),
        // Texts.
        ("'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('c')", "true"),
        ("'a-b'.matches('^[a-z-]+$')", "true"),
        ("'hallo'.substring(1, 3) + 'hallo'.charAt(4)", "\"alo\""),
        ("'a,b,c'.split(',').join('-')", "\"a-b-c\""),
        ("'héllo'.indexOf('l') + 'héllo'.lastIndexOf('l')", "5"),
        ("'aXb'.lowerAscii().replace('x', '') + ' c '.trim()", "\"abc\""),
        ("'%s has %d'.format(['x', 3])", "\"x has 3\""),
        ("'a1b22'.findAll('[0-9]+')", "[\"1\", \"22\"]"),
        // Conversions and time.
        ("int('12') + int(3.9)", "15"),
        ("string(12) + string(true)", "\"12true\""),
        ("duration('1h') > duration('59m')", "true"),
        ("duration('90s').getMinutes()", "1"),
        ("duration('x')", "error: type conversion error from 'string' to 'google.protobuf.Duration'"),
        ("timestamp('2024-01-01T00:00:00Z') + duration('1h') > timestamp('2024-01-01T00:59:00Z')", "true"),
        ("timestamp('2024-05-06T07:08:09Z').getFullYear()", "2024"),
        ("type(1) == int && type('') == string", "true"),
        // Kubernetes's libraries.
        ("url('https://a.example:8443/x?y=1').getPort()", "\"8443\""),
        ("isURL('http://a') && !isURL('a b')", "true"),
        ("ip('10.0.0.1').family() == 4 && isIP('::1') && !isIP('1.2.3')", "true"),
        ("cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP('11.0.0.1')", "true"),
        ("ip.isCanonical('::1') && !ip.isCanonical('0:0::1')", "true"),
        ("quantity('1Gi').isGreaterThan(quantity('1G'))", "true"),
        ("format.dns1123Label().validate('a-b').hasValue()", "false"),
        ("format.dns1123Label().validate('A').hasValue()", "true"),
        ("sets.equivalent([1, 2], [2, 1, 1]) && sets.contains([1, 2], [1])", "true"),
        ("[3, 1, 2].sort() == [1, 2, 3] && [1, 2].isSorted() && [1, 2].sum() == 3", "true"),
        ("self.routes.sortBy(r, r.host).size()", "2"),
        // What is no expression.
        ("1 +", "syntax: the expression ends too early"),
        ("(1", "syntax: `)` is expected, not the end"),
        ("'a", "syntax: a string is not closed"),
        ("a b", "syntax: `b` is not expected"),
        ("unknown", "error: undeclared reference to 'unknown'"),
        ("self.frobnicate()", "error: no such overload: frobnicate"),
    ] {
        assert_eq!(evaluate(text), expected, "{text}");
    }
}

#[test]
fn neither_depth_nor_length_nor_cost_is_without_end() {
    let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(evaluate(&deep).starts_with("syntax: "));
    assert!(evaluate(&"1 + ".repeat(30_000)).starts_with("syntax: "));
    assert!(evaluate(&format!("1{}", " + 1".repeat(5_000))).starts_with("syntax: "));
    let long = "lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, true)))";
    assert_eq!(evaluate(long), format!("error: {}", Error::Cost));
}
