//! Text to tokens, as CEL's grammar has them.

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    /// A field's name in backticks.
    Quoted(String),
    Int(i64),
    /// 9223372036854775808: right only behind a minus.
    Least,
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// An operator or a bracket.
    Sign(&'static str),
}

const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "%", "<", ">", "!", "?", ":", ".", ",", "(", ")",
    "[", "]", "{", "}",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let Some(first) = rest.chars().next() else { return Ok(out) };
        if let Some((token, after)) = string(rest)? {
            out.push(token);
            rest = after;
        } else if first.is_ascii_digit()
            || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            let (token, after) = number(rest)?;
            out.push(token);
            rest = after;
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            out.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if let Some(quoted) = rest.strip_prefix('`') {
            let (name, after) = quoted.split_once('`').ok_or("a backtick is not closed")?;
            out.push(Token::Quoted(name.to_owned()));
            rest = after;
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("`{first}` is no part of an expression"))?;
            out.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
    }
}

fn number(text: &str) -> Result<(Token, &str), String> {
    let wrong = |word: &str| format!("`{word}` is no number");
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
        let (digits, rest) = digits.split_at(end);
        if let Some(rest) = rest.strip_prefix(['u', 'U']) {
            let value = u64::from_str_radix(digits, 16).map_err(|_| wrong(digits))?;
            return Ok((Token::Uint(value), rest));
        }
        return Ok((Token::Int(i64::from_str_radix(digits, 16).map_err(|_| wrong(digits))?), rest));
    }
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    let mut is_double = false;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        is_double = true;
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            is_double = true;
            end = after;
        }
    }
    let (word, rest) = text.split_at(end);
    if is_double {
        return Ok((Token::Double(word.parse().map_err(|_| wrong(word))?), rest));
    }
    if let Some(rest) = rest.strip_prefix(['u', 'U']) {
        return Ok((Token::Uint(word.parse().map_err(|_| wrong(word))?), rest));
    }
    if word == "9223372036854775808" {
        return Ok((Token::Least, rest));
    }
    Ok((Token::Int(word.parse().map_err(|_| wrong(word))?), rest))
}

/// A string or bytes with its prefix, if one begins here.
fn string(text: &str) -> Result<Option<(Token, &str)>, String> {
    let prefix = text.find(|c: char| !matches!(c, 'r' | 'R' | 'b' | 'B')).unwrap_or(text.len());
    let (prefix, quoted) = text.split_at(prefix);
    if prefix.len() > 2 || !quoted.starts_with(['"', '\'']) {
        return Ok(None);
    }
    let raw = prefix.contains(['r', 'R']);
    let bytes = prefix.contains(['b', 'B']);
    let quote = &quoted[..1];
    let triple = quote.repeat(3);
    let quote = if quoted.starts_with(&triple) { triple.as_str() } else { quote };
    let mut out: Vec<u8> = Vec::new();
    let mut rest = &quoted[quote.len()..];
    loop {
        if let Some(after) = rest.strip_prefix(quote) {
            if bytes {
                return Ok(Some((Token::Bytes(out), after)));
            }
            let value = String::from_utf8(out).map_err(|_| "a string is not UTF-8".to_owned())?;
            return Ok(Some((Token::Text(value), after)));
        }
        let Some(c) = rest.chars().next() else { return Err("a string is not closed".to_owned()) };
        rest = &rest[c.len_utf8()..];
        if c == '\\' && !raw {
            rest = escape(rest, bytes, &mut out)?;
        } else if c == '\n' && quote.len() == 1 {
            return Err("a string is not closed".to_owned());
        } else {
            out.extend(c.encode_utf8(&mut [0; 4]).bytes());
        }
    }
}

fn escape<'a>(text: &'a str, bytes: bool, out: &mut Vec<u8>) -> Result<&'a str, String> {
    let wrong = || "a string has an escape that CEL does not know".to_owned();
    let c = text.chars().next().ok_or_else(wrong)?;
    let rest = &text[c.len_utf8()..];
    let coded = |digits: usize, radix: u32, text: &'a str| -> Result<(u32, &'a str), String> {
        let code = text.get(..digits).ok_or_else(wrong)?;
        Ok((u32::from_str_radix(code, radix).map_err(|_| wrong())?, &text[digits..]))
    };
    let (code, rest) = match c {
        'a' => (7, rest),
        'b' => (8, rest),
        'f' => (12, rest),
        'n' => (10, rest),
        'r' => (13, rest),
        't' => (9, rest),
        'v' => (11, rest),
        '\\' | '?' | '"' | '\'' | '`' => (c as u32, rest),
        'x' | 'X' => coded(2, 16, rest)?,
        'u' if !bytes => coded(4, 16, rest)?,
        'U' if !bytes => coded(8, 16, rest)?,
        '0'..='3' => coded(3, 8, text)?,
        _ => return Err(wrong()),
    };
    if bytes {
        out.push(u8::try_from(code).map_err(|_| wrong())?);
    } else {
        let c = char::from_u32(code).ok_or_else(wrong)?;
        out.extend(c.encode_utf8(&mut [0; 4]).bytes());
    }
    Ok(rest)
}
