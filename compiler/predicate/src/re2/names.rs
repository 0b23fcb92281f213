//! The named groups of RE2: Perl's letters and POSIX's names, both ASCII only, and
//! Unicode's general categories and scripts.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// `\d`, `\s`, `\w`. RE2's `\s` has no vertical tab.
pub(super) fn perl(letter: u8) -> Option<ClassUnicode> {
    match letter {
        b'd' => posix("digit"),
        b's' => Some(ranges(&[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')])),
        b'w' => posix("word"),
        _ => None,
    }
}

/// The name between `[:` and `:]`.
pub(super) fn posix(name: &str) -> Option<ClassUnicode> {
    Some(ranges(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7f')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    }))
}

/// The name in `\p{…}`: `Any`, a general category by its short name, or a script by its
/// long name, spelled as Unicode spells it; RE2 knows no other properties.
pub(super) fn unicode(name: &str) -> Option<ClassUnicode> {
    match name {
        "Any" => Some(ranges(&[('\0', char::MAX)])),
        // RE2 counts no unassigned code points among the others.
        "C" => ["Cc", "Cf", "Co"].iter().try_fold(ClassUnicode::empty(), |mut sum, name| {
            sum.union(&property("gc", name)?);
            Some(sum)
        }),
        "Cc" | "Cf" | "Co" | "L" | "Ll" | "Lm" | "Lo" | "Lt" | "Lu" | "M" | "Mc" | "Me" | "Mn" | "N"
        | "Nd" | "Nl" | "No" | "P" | "Pc" | "Pd" | "Pe" | "Pf" | "Pi" | "Po" | "Ps" | "S" | "Sc" | "Sk"
        | "Sm" | "So" | "Z" | "Zl" | "Zp" | "Zs" => property("gc", name),
        // Values of the property that name no script of their own.
        "Unknown" | "Katakana_Or_Hiragana" => None,
        _ if is_script_name(name) => property("sc", name),
        _ => None,
    }
}

/// Whether this could be the long name of a script; four letters are mostly the short
/// ones (`Grek`), which RE2 does not know.
fn is_script_name(name: &str) -> bool {
    const FOUR_LETTERS: [&str; 7] = ["Ahom", "Cham", "Kawi", "Lisu", "Newa", "Thai", "Toto"];
    if name.len() == 4 {
        return FOUR_LETTERS.contains(&name);
    }
    let capitalised = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part[1..].bytes().all(|b| b.is_ascii_lowercase())
    };
    name == "SignWriting" || name.split('_').all(capitalised)
}

fn property(kind: &str, name: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::parse(&format!("\\p{{{kind}={name}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        _ => None,
    }
}

fn ranges(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|&(low, high)| ClassUnicodeRange::new(low, high)))
}
