//! Time spans in protojson.

/// The most seconds that a span has.
const MOST_SECONDS: u64 = 315_576_000_000;

/// A span in the digits that Go writes: none, three, six or nine behind the point. `None` where it is none.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let number = text.strip_suffix('s')?;
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", number.strip_prefix('+').unwrap_or(number)),
    };
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (seconds.is_empty() && fraction.is_empty())
        || !digits(seconds)
        || !digits(fraction)
        || fraction.len() > 9
    {
        return None;
    }
    let seconds: u64 = if seconds.is_empty() { 0 } else { seconds.parse().ok()? };
    if seconds > MOST_SECONDS {
        return None;
    }
    let padded = format!("{fraction:0<9}");
    let shown = match padded.trim_end_matches('0').len() {
        0 => String::new(),
        length => format!(".{}", &padded[..length.div_ceil(3) * 3]),
    };
    let sign = if seconds == 0 && shown.is_empty() { "" } else { sign };
    Some(format!("{sign}{seconds}{shown}s"))
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn spans_have_gos_digits() {
        let cases = [
            ("0.2s", "0.200s"),
            ("1s", "1s"),
            ("1.50s", "1.500s"),
            ("-0.0000001s", "-0.000000100s"),
            (".5s", "0.500s"),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text).as_deref(), Some(expected));
        }
        for text in ["1", "s", ".s", "1m", "1.0000000001s", "999999999999s", " 1s", "1e3s"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
