//! Kubernetes's quantities, exact to a nano.

use std::cmp::Ordering;

/// A quantity, in billionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quantity(i128);

const ONE: i128 = 1_000_000_000;

impl Quantity {
    pub(crate) fn of(value: i64) -> Self {
        Self(i128::from(value) * ONE)
    }

    /// A signed decimal with a suffix: `n`, `u`, `m`, `k`, `M`, … or `Ki`, `Mi`, … or an exponent. What is finer
    /// than a billionth is rounded up, as Kubernetes does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || number.len() > 60 {
            return None;
        }
        // The suffix as a factor: numerator and denominator.
        let (up, down): (i128, i128) = match suffix {
            "n" => (1, ONE),
            "u" => (1, 1_000_000),
            "m" => (1, 1_000),
            "" => (1, 1),
            "k" => (1_000, 1),
            "M" => (1_000_000, 1),
            "G" => (ONE, 1),
            "T" => (ONE * 1_000, 1),
            "P" => (ONE * 1_000_000, 1),
            "E" => (ONE * ONE, 1),
            "Ki" => (1 << 10, 1),
            "Mi" => (1 << 20, 1),
            "Gi" => (1 << 30, 1),
            "Ti" => (1 << 40, 1),
            "Pi" => (1 << 50, 1),
            "Ei" => (1 << 60, 1),
            _ => {
                let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
                let power = 10_i128.checked_pow(exponent.unsigned_abs()).filter(|_| exponent.abs() <= 18)?;
                if exponent < 0 { (1, power) } else { (power, 1) }
            }
        };
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?.checked_mul(down)?;
        let total = digits.checked_mul(up)?.checked_mul(ONE)?;
        let rounded = total / scale + i128::from(total % scale != 0);
        Some(Self(if negative { -rounded } else { rounded }))
    }

    pub(crate) fn sign(self) -> i64 {
        match self.0.cmp(&0) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    pub(crate) fn as_integer(self) -> Option<i64> {
        (self.0 % ONE == 0).then(|| i64::try_from(self.0 / ONE).ok())?
    }

    pub(crate) fn as_float(self) -> f64 {
        self.0 as f64 / ONE as f64
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn quantities_are_read_as_kubernetes_does() {
        let same = [("1Ki", "1024"), ("1500m", "1.5"), ("1e3", "1k"), ("0.5Gi", "512Mi"), ("-1", "-1000m")];
        for (a, b) in same {
            assert_eq!(Quantity::parse(a).expect(a), Quantity::parse(b).expect(b), "{a} {b}");
        }
        for text in ["", "1ki", "1.2.3", "Gi", "1 Gi", "e3"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
