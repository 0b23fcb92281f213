//! Long runs in parts: a test does a part of its cases and says in one line of numbers what it found; `cargo xtask` runs
//! the parts and adds the numbers up.

use std::ops::Range;

/// The environment variable with the number of the first case of a part.
pub const FROM: &str = "MESHC_FROM";

/// The environment variable with the number of cases of a part.
pub const COUNT: &str = "MESHC_COUNT";

/// What the line of numbers begins with.
pub const MARK: &str = "part: ";

/// The cases that this run is to do; none outside a long run.
fn asked() -> Option<Range<u64>> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let from = number(FROM)?;
    Some(from..from.saturating_add(number(COUNT).unwrap_or(u64::MAX)))
}

/// The cases to do, by number: those of the part, else the first `usual`.
pub fn cases(usual: u64) -> Range<u64> {
    asked().unwrap_or(0..usual)
}

/// The members of a list to look at: those of the part, else one of so many.
pub fn members<T>(items: Vec<T>, one_of: usize) -> Vec<T> {
    match asked() {
        None => items.into_iter().step_by(one_of.max(1)).collect(),
        Some(part) => {
            let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let many = place(part.end.saturating_sub(part.start));
            items.into_iter().skip(place(part.start)).take(many).collect()
        }
    }
}

/// Says what was found: the first number is that of the cases.
#[expect(clippy::print_stdout, reason = "the numbers are what such a test is read for")]
pub fn found(numbers: &[(&str, u64)]) {
    let words: Vec<String> = numbers.iter().map(|(name, number)| format!("{number} {name}")).collect();
    println!("{MARK}{}", words.join(", "));
}

/// The numbers of such a line.
pub fn read(line: &str) -> Option<Vec<(String, u64)>> {
    let words = line.trim().strip_prefix(MARK)?.split(", ");
    words
        .map(|word| {
            let (number, name) = word.split_once(' ')?;
            Some((name.to_owned(), number.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_line_of_numbers_is_read_as_it_was_said() {
        let numbers = read("part: 20 cases, 3 refused by Envoy").expect("such a line");
        assert_eq!(numbers, [("cases".to_owned(), 20), ("refused by Envoy".to_owned(), 3)]);
        assert_eq!(read("20 cases"), None);
    }
}
