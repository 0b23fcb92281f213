//! Time spans: Go's as they are read, protojson's as they are written.

/// A span as Go's `time.ParseDuration` reads it, in the digits that protojson writes: none, three, six or nine behind the
/// point. `None` where it is none.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return None;
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() && rest != "0" {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(unit_at);
        let unit_end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        nanos = nanos.checked_add(part(number, unit)?)?;
        rest = behind;
        // A zero without a unit stands alone.
        if rest == "0" {
            return None;
        }
    }
    if nanos > i64::MAX.unsigned_abs().into() {
        return None;
    }
    let (seconds, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let padded = format!("{fraction:09}");
    let shown = match padded.trim_end_matches('0').len() {
        0 => String::new(),
        length => format!(".{}", &padded[..length.div_ceil(3) * 3]),
    };
    let sign = if negative && nanos > 0 { "-" } else { "" };
    Some(format!("{sign}{seconds}{shown}s"))
}

/// A number of a unit, in nanoseconds; what is smaller is cut off.
fn part(number: &str, unit: &str) -> Option<u128> {
    let unit: u128 = match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Nobody sees digits beyond these.
    let fraction = fraction.get(..fraction.len().min(18))?;
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    whole.checked_mul(unit)?.checked_add(fraction.checked_mul(unit)? / scale)
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
            ("500ms", "0.500s"),
            ("1m", "60s"),
            ("1h2m3.004s", "3723.004s"),
            ("0", "0s"),
            ("+1us", "0.000001s"),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "1", "s", ".s", "1d", "999999999999h", " 1s", "1e3s", "1s0", "1.2.3s", "-"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
