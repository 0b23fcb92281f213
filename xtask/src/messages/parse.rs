//! The part of the language of `.proto` files that says which messages and enums there are.

/// One file.
pub(super) struct File {
    pub(super) package: String,
    pub(super) messages: Vec<Message>,
    pub(super) enums: Vec<Enum>,
}

/// A message; its name is the full one.
pub(super) struct Message {
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
}

/// An enum; its name is the full one.
pub(super) struct Enum {
    pub(super) name: String,
    /// Names and numbers.
    pub(super) values: Vec<(String, i64)>,
}

/// A field.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) type_name: String,
    pub(super) kind: Kind,
    pub(super) json_name: Option<String>,
}

/// How often a field is there.
pub(super) enum Kind {
    /// Once, its zero is absence.
    Plain,
    /// Once, its zero is a value.
    Optional,
    /// One of several.
    OneOf(String),
    Repeated,
    Map,
}

/// Words and signs, without comments.
struct Tokens(std::vec::IntoIter<String>);

/// Reads one file.
pub(super) fn file(text: &str) -> Result<File, String> {
    let mut tokens = Tokens(tokens(text).into_iter());
    let mut file = File { package: String::new(), messages: Vec::new(), enums: Vec::new() };
    while let Some(word) = tokens.0.next() {
        match word.as_str() {
            "package" => {
                file.package = tokens.word()?;
                tokens.statement()?;
            }
            "message" => {
                let scope = file.package.clone();
                message(&scope, &mut tokens, &mut file)?;
            }
            "enum" => {
                let scope = file.package.clone();
                enumeration(&scope, &mut tokens, &mut file)?;
            }
            "service" | "extend" => {
                tokens.until("{")?;
                tokens.block()?;
            }
            ";" => {}
            _ => tokens.statement()?,
        }
    }
    Ok(file)
}

fn message(scope: &str, tokens: &mut Tokens, file: &mut File) -> Result<(), String> {
    let name = format!("{scope}.{}", tokens.word()?);
    tokens.until("{")?;
    let mut fields = Vec::new();
    let mut one_of: Option<String> = None;
    loop {
        let word = tokens.word()?;
        match word.as_str() {
            "}" if one_of.is_some() => one_of = None,
            "}" => break,
            ";" => {}
            "option" | "reserved" | "extensions" => tokens.statement()?,
            "message" => message(&name, tokens, file)?,
            "enum" => enumeration(&name, tokens, file)?,
            "extend" => {
                tokens.until("{")?;
                tokens.block()?;
            }
            "oneof" => {
                one_of = Some(tokens.word()?);
                tokens.until("{")?;
            }
            "map" => {
                tokens.after("<")?;
                let value = tokens.after(",")?;
                tokens.until(">")?;
                fields.push(tokens.field(value, Kind::Map)?);
            }
            "repeated" => {
                let of = tokens.word()?;
                fields.push(tokens.field(of, Kind::Repeated)?);
            }
            "optional" => {
                let of = tokens.word()?;
                fields.push(tokens.field(of, Kind::Optional)?);
            }
            _ => {
                let kind = one_of.clone().map_or(Kind::Plain, Kind::OneOf);
                fields.push(tokens.field(word, kind)?);
            }
        }
    }
    file.messages.push(Message { name, fields });
    Ok(())
}

fn enumeration(scope: &str, tokens: &mut Tokens, file: &mut File) -> Result<(), String> {
    let name = format!("{scope}.{}", tokens.word()?);
    tokens.until("{")?;
    let mut values = Vec::new();
    loop {
        let word = tokens.word()?;
        match word.as_str() {
            "}" => break,
            ";" => {}
            "option" | "reserved" => tokens.statement()?,
            _ => {
                let number = tokens.after("=")?;
                let parsed = number
                    .strip_prefix("0x")
                    .map_or_else(|| number.parse(), |hex| i64::from_str_radix(hex, 16));
                values.push((word, parsed.map_err(|_| format!("`{number}` is no number"))?));
                tokens.statement()?;
            }
        }
    }
    file.enums.push(Enum { name, values });
    Ok(())
}

// === impl Tokens ===

impl Tokens {
    fn word(&mut self) -> Result<String, String> {
        self.0.next().ok_or_else(|| "the file ends too early".to_owned())
    }

    fn until(&mut self, sign: &str) -> Result<(), String> {
        while self.word()? != sign {}
        Ok(())
    }

    fn after(&mut self, sign: &str) -> Result<String, String> {
        let found = self.word()?;
        if found == sign { self.word() } else { Err(format!("`{found}` where `{sign}` should be")) }
    }

    /// Behind the end of a block whose start was read.
    fn block(&mut self) -> Result<(), String> {
        let mut depth = 1;
        while depth > 0 {
            match self.word()?.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// Behind the semicolon that ends what was begun.
    fn statement(&mut self) -> Result<(), String> {
        let mut depth = 0;
        loop {
            match self.word()?.as_str() {
                "{" | "[" => depth += 1,
                "}" | "]" => depth -= 1,
                ";" if depth == 0 => return Ok(()),
                _ => {}
            }
        }
    }

    /// The rest of a field behind its type.
    fn field(&mut self, type_name: String, kind: Kind) -> Result<Field, String> {
        let name = self.word()?;
        self.after("=")?;
        let mut json_name = None;
        let mut depth = 0;
        loop {
            match self.word()?.as_str() {
                "{" | "[" => depth += 1,
                "}" | "]" => depth -= 1,
                ";" if depth == 0 => return Ok(Field { name, type_name, kind, json_name }),
                "json_name" => json_name = Some(self.after("=")?.trim_matches('"').to_owned()),
                _ => {}
            }
        }
    }
}

/// Cuts a text: words with their dots, strings with their quotes, other signs one by one.
fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            continue;
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, rest)| rest);
            continue;
        } else if first == '"' || first == '\'' {
            string(rest, first)
        } else if is_word(first) || first == '-' {
            rest.find(|c: char| !is_word(c) && c != '-').unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, behind) = rest.split_at(length);
        if !first.is_whitespace() {
            out.push(token.to_owned());
        }
        rest = behind;
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// The length of the string at the start of a text, quotes included.
fn string(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Kind, file};

    #[test]
    fn a_file_is_read() {
        let text = "syntax = \"proto3\"; package a.v3; // x\nmessage M { option (o) = {a: 1; b: \"}\"};\n\
                    enum E { A = 0; B = 1 [deprecated = true]; } reserved 3; map<string, N> m = 1 [(v) = {min: 1}];\n\
                    oneof o { option (r) = true; string s = 2; E e = 4; } repeated a.v3.M.N n = 5 [json_name = \"x\"];\n\
                    message N {} }";
        let file = file(text).expect("it is one");
        assert_eq!(file.package, "a.v3");
        let names: Vec<_> = file.messages.iter().map(|message| message.name.as_str()).collect();
        assert_eq!(names, ["a.v3.M.N", "a.v3.M"]);
        let fields: Vec<_> = file.messages[1].fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(fields, ["m", "s", "e", "n"]);
        assert!(matches!(&file.messages[1].fields[1].kind, Kind::OneOf(name) if name == "o"));
        assert_eq!(file.messages[1].fields[3].json_name.as_deref(), Some("x"));
        assert_eq!(file.enums[0].values, [("A".to_owned(), 0), ("B".to_owned(), 1)]);
    }
}
