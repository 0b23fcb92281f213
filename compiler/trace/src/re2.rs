//! RE2's regular expressions in the syntax of the `regex` crate: the same language.
//!
//! What differs and is translated: `\d`, `\w`, `\s` and `\b` are ASCII; a class knows no operations, so
//! that `[`, `&&`, `--` and `~~` in it are plain characters; `\Q…\E`, `\C`, octal escapes and `\p{^…}`; a
//! brace that starts no repetition is a brace; every escaped punctuation mark is itself.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// RE2's own limit for `{n,m}`.
const MAX_REPEAT: u32 = 1000;

/// A pattern that RE2 does not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the regular expression {pattern:?} cannot be read: {message}")]
pub struct Re2Error {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub message: String,
}

/// The error of a pattern.
pub(crate) fn refuse(pattern: &str, message: impl Into<String>) -> Re2Error {
    Re2Error { pattern: pattern.to_owned(), message: message.into() }
}

/// The pattern in the syntax of the `regex` crate.
pub(crate) fn translate(pattern: &str) -> Result<String, Re2Error> {
    let mut translator =
        Translator { chars: pattern.chars().peekable(), out: String::with_capacity(pattern.len()) };
    translator.run().map_err(|message| refuse(pattern, message))?;
    Ok(translator.out)
}

struct Translator<'p> {
    chars: Peekable<Chars<'p>>,
    out: String,
}

impl Translator<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.chars.next() {
            match c {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '{' => self.brace()?,
                '}' | ']' => self.literal(c),
                '(' => self.group()?,
                _ => self.out.push(c),
            }
        }
        Ok(())
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    /// The group's head; flags other than RE2's are refused.
    fn group(&mut self) -> Result<(), String> {
        self.out.push('(');
        if self.chars.peek() != Some(&'?') {
            return Ok(());
        }
        let rest: String =
            self.chars.clone().skip(1).take_while(|c| c.is_ascii_alphabetic() || *c == '-').collect();
        let named = rest.starts_with('P') || self.chars.clone().nth(1) == Some('<');
        match rest.chars().find(|c| !"imsU-".contains(*c)) {
            Some(flag) if !named => Err(format!("there is no flag {flag:?}")),
            _ => Ok(()),
        }
    }

    /// `{n}`, `{n,}` and `{n,m}` repeat; any other brace is itself.
    fn brace(&mut self) -> Result<(), String> {
        let inside: String = self.chars.clone().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
        let closed = self.chars.clone().nth(inside.len()) == Some('}');
        let (low, high) = inside.split_once(',').unwrap_or((&inside, ""));
        let repeats = closed && !low.is_empty() && !high.contains(',');
        if !repeats {
            self.literal('{');
            return Ok(());
        }
        for bound in [low, high] {
            if !bound.is_empty() && bound.parse::<u32>().map_or(true, |n| n > MAX_REPEAT) {
                return Err(format!("a repetition may not count beyond {MAX_REPEAT}"));
            }
        }
        self.out.push('{');
        self.through_brace();
        Ok(())
    }

    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.chars.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let Some(c) = self.chars.next() else { return Err("a class is not closed".to_owned()) };
            if c == ']' && !first {
                break;
            }
            first = false;
            // A dash after one character, unless it is the last, makes a range with whatever follows it.
            if self.class_item(c)? && self.range_follows() {
                self.chars.next();
                self.out.push('-');
                let high = self.chars.next().unwrap_or('-');
                if !self.class_item(high)? {
                    return Err("a range may not end with a class".to_owned());
                }
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// One item of a class, `c` being its first character; true if it is a single character.
    fn class_item(&mut self, c: char) -> Result<bool, String> {
        match c {
            '[' if self.chars.peek() == Some(&':') => return Ok(!self.posix()),
            '\\' => {
                let set = self.chars.peek().is_some_and(|c| "dDwWsSpP".contains(*c));
                self.escape(true)?;
                return Ok(!set);
            }
            _ => self.literal(c),
        }
        Ok(true)
    }

    fn range_follows(&self) -> bool {
        let mut ahead = self.chars.clone();
        ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']')
    }

    /// `[:alpha:]` is the same in both, and true is returned; a bracket with a colon that is no such class is
    /// a bracket.
    fn posix(&mut self) -> bool {
        let rest: String =
            self.chars.clone().skip(1).take_while(|c| c.is_ascii_lowercase() || *c == '^').collect();
        let mut after = self.chars.clone().skip(1 + rest.len());
        if after.next() == Some(':') && after.next() == Some(']') {
            let _ = write!(self.out, "[:{rest}:]");
            for _ in 0..rest.len() + 3 {
                self.chars.next();
            }
            return true;
        }
        self.literal('[');
        false
    }

    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some(c) = self.chars.next() else { return Err("it ends with a backslash".to_owned()) };
        let set = match c.to_ascii_lowercase() {
            'd' => Some("0-9"),
            'w' => Some("0-9A-Za-z_"),
            's' => Some(r"\t\n\x0C\r\x20"),
            _ => None,
        };
        if let Some(set) = set {
            let _ = match (c.is_ascii_uppercase(), in_class) {
                (true, _) => write!(self.out, "[^{set}]"),
                (false, true) => write!(self.out, "{set}"),
                (false, false) => write!(self.out, "[{set}]"),
            };
            return Ok(());
        }
        match c {
            'b' | 'B' if !in_class => {
                let _ = write!(self.out, r"(?-u:\{c})");
            }
            'C' if !in_class => self.out.push_str("(?s:.)"),
            'A' | 'z' if !in_class => {
                self.out.push('\\');
                self.out.push(c);
            }
            'Q' if !in_class => self.quoted(),
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => {
                self.out.push('\\');
                self.out.push(c);
            }
            'x' => self.braced(r"\x"),
            'p' | 'P' => self.property(c),
            '0'..='7' => self.octal(c)?,
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_' => self.literal(c),
            _ if !c.is_ascii() => self.out.push(c),
            _ => return Err(format!("there is no escape \\{c}")),
        }
        Ok(())
    }

    fn quoted(&mut self) {
        while let Some(c) = self.chars.next() {
            if c == '\\' && self.chars.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(c);
        }
    }

    /// `\p{^Greek}` is `\P{Greek}`.
    fn property(&mut self, c: char) {
        let mut ahead = self.chars.clone();
        if ahead.next() == Some('{') && ahead.next() == Some('^') {
            self.chars.next();
            self.chars.next();
            self.out.push_str(if c == 'p' { r"\P{" } else { r"\p{" });
            self.through_brace();
        } else {
            self.braced(if c == 'p' { r"\p" } else { r"\P" });
        }
    }

    /// An escape with its argument in braces, if it has one.
    fn braced(&mut self, escape: &str) {
        self.out.push_str(escape);
        if let Some(open) = self.chars.next_if_eq(&'{') {
            self.out.push(open);
            self.through_brace();
        }
    }

    fn through_brace(&mut self) {
        for next in self.chars.by_ref() {
            self.out.push(next);
            if next == '}' {
                break;
            }
        }
    }

    /// Up to three octal digits; one digit other than zero alone would be a back reference.
    fn octal(&mut self, first: char) -> Result<(), String> {
        let mut value = first.to_digit(8).unwrap_or(0);
        let mut digits = 1;
        while digits < 3 {
            let Some(next) = self.chars.next_if(|c| ('0'..='7').contains(c)) else { break };
            value = value * 8 + next.to_digit(8).unwrap_or(0);
            digits += 1;
        }
        if digits == 1 && first != '0' {
            return Err(format!("there are no back references: \\{first}"));
        }
        let _ = write!(self.out, r"\x{{{value:X}}}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::regexes::Regexes;

    fn full(pattern: &str, text: &str) -> bool {
        Regexes::default().full_match(pattern, text).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn classes_are_ascii_and_the_whole_text_counts() {
        assert!(full(r"v\d+", "v12") && !full(r"v\d+", "v١") && !full(r"v\d", "v12"));
        assert!(full(r"\w*", "aZ_9") && !full(r"\w", "é") && full(r"\W\W", "é") && !full(".", "é"));
        assert!(
            full(r"[\d\-x]+", "1-x")
                && full(r"[^\s]+", "a\u{a0}b")
                && full(r"[\D]+", "é")
                && full(r"\C\C", "é")
        );
        assert!(full("a|ab", "ab") && full("(?i)GET|post", "pOsT"));
        assert!(!full(".", "\n") && full("(?s).", "\n"));
        assert!(!full("a$", "a\n") && full(r"a\b.*", "a b") && !full(r"\Ba", "a"));
    }

    #[test]
    fn what_is_plain_in_re2_is_plain_here() {
        assert!(full("[a&&b]+", "a&b") && full("[[a]+", "[a") && full("[,--]+", ",-"));
        assert!(full("[]a]+", "]a") && full("[^]a]", "b") && full("a{,2}", "a{,2}") && full("{a}", "{a}"));
        assert!(full(r"\Qa.b\E+", "a.bb") && !full(r"\Qa.b\E", "axb") && full(r"\<\>\/\-\ ", "<>/- "));
        assert!(
            full(r"\101\x42\x{43}", "ABC") && full(r"\p{^Lu}\P{^Lu}", "aA") && full("[[:alpha:]_]+", "a_")
        );
        assert!(full("x{2,3}", "xxx") && full("[a-c-]+", "b-"));
    }

    #[test]
    fn what_re2_refuses_is_refused() {
        let regexes = Regexes::default();
        for pattern in [
            "(", "[a", "a\\", r"\1", r"(a)\1", r"\Z", r"\_", "(?=a)", "(?x)a b", "a{1001}", r"\8", "*a",
            "[a--b]", r"[a-\d]",
        ] {
            assert!(regexes.full_match(pattern, "a").is_err(), "{pattern}");
        }
    }
}
