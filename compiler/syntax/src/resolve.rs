//! What a scalar means, as Kubernetes reads it: `sigs.k8s.io/yaml` over go-yaml v2, which is YAML 1.1
//! for Booleans (`yes`, `on`, `y`, …) with a few mends of its own (its `resolve.go` is the source).

use crate::node::{Kind, Style};

/// The tags that change what a scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// No tag, or one that says nothing here.
    None,
    /// `!!str`, `!!binary` and tags of one's own: text as it stands.
    String,
    /// `!!float`: an integer also is one.
    Float,
}

/// The value of a scalar. Quoted and block scalars are text; so are timestamps, which Kubernetes keeps
/// as they are written.
pub(crate) fn scalar(text: &str, style: Style, tag: Tag) -> Kind {
    if style != Style::Plain || tag == Tag::String {
        return Kind::String(text.into());
    }
    match plain(text) {
        Kind::Int(value) if tag == Tag::Float => Kind::Float(value as f64),
        kind => kind,
    }
}

fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Kind::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Kind::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Kind::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Kind::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Kind::Float(f64::NEG_INFINITY),
        _ => {}
    }
    number(text).unwrap_or_else(|| Kind::String(text.into()))
}

fn number(text: &str) -> Option<Kind> {
    let first = *text.as_bytes().first()?;
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') || is_timestamp(text) {
        return None;
    }
    if first == b'.' {
        return decimal(text);
    }
    let plain: std::borrow::Cow<'_, str> =
        if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    integer(&plain).or_else(|| decimal(&plain))
}

/// Go's `ParseInt` with base 0: `0x`, `0o`, `0b`, and a leading `0` for octal.
fn integer(text: &str) -> Option<Kind> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let prefix = digits.as_bytes().get(..2);
    let (radix, digits) = match prefix {
        Some(b"0x" | b"0X") => (16, &digits[2..]),
        Some(b"0o" | b"0O") => (8, &digits[2..]),
        Some(b"0b" | b"0B") => (2, &digits[2..]),
        Some([b'0', _]) => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` would take a second sign.
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    let Ok(magnitude) = i128::from_str_radix(digits, radix) else {
        // Beyond 128 bits: JSON knows it as a float only.
        return (radix == 10).then(|| decimal(text)).flatten();
    };
    let value = if negative { -magnitude } else { magnitude };
    Some(i64::try_from(value).map_or(Kind::Float(value as f64), Kind::Int))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn decimal(text: &str) -> Option<Kind> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(unsigned);
    let mut rest = &unsigned[whole..];
    if let Some(after) = rest.strip_prefix('.') {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return None;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return None;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if exponent.is_empty() || digits(exponent) != exponent.len() {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    // Go refuses what is out of range, and the text stays text.
    text.parse::<f64>().ok().filter(|value| value.is_finite()).map(Kind::Float)
}

/// `2006-1-2`, alone or before a time of day. These only could be taken for numbers by no reader, so it
/// is enough to know the date: four digits, a dash, and no number behind it.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 5 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Kind {
        scalar(text, Style::Plain, Tag::None)
    }

    #[test]
    fn booleans_and_nulls_are_those_of_yaml_1_1() {
        for text in ["y", "Y", "yes", "on", "On", "TRUE"] {
            assert_eq!(read(text), Kind::Bool(true), "{text}");
        }
        for text in ["n", "no", "OFF", "False"] {
            assert_eq!(read(text), Kind::Bool(false), "{text}");
        }
        for text in ["", "~", "null"] {
            assert_eq!(read(text), Kind::Null, "{text}");
        }
        for text in ["yEs", "oN", "nULL", "tRUE"] {
            assert_eq!(read(text), Kind::String(text.into()), "{text}");
        }
    }

    #[test]
    fn numbers_are_those_of_go() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("010", 8),
            ("0o10", 8),
            ("0x1F", 31),
            ("0b101", 5),
            ("-0b101", -5),
            ("1_000", 1000),
            ("+12", 12),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(read(text), Kind::Int(value), "{text}");
        }
        for (text, value) in
            [("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-.5e-1", -0.05), ("089", 89.0)]
        {
            assert_eq!(read(text), Kind::Float(value), "{text}");
        }
        for text in ["1.2.3", "0x", "+-5", "0x-1", "1e", "2001-01-01", "-", "1:30", "1e999", "0o8", "._"] {
            assert_eq!(read(text), Kind::String(text.into()), "{text}");
        }
        assert_eq!(read("9223372036854775808"), Kind::Float(9_223_372_036_854_775_808.0));
    }

    #[test]
    fn quotes_and_tags_decide() {
        assert_eq!(scalar("on", Style::DoubleQuoted, Tag::None), Kind::String("on".into()));
        assert_eq!(scalar("8080", Style::Plain, Tag::String), Kind::String("8080".into()));
        assert_eq!(scalar("1", Style::Plain, Tag::Float), Kind::Float(1.0));
    }
}
