//! The named groups of RE2: Perl's letters and POSIX's names, both ASCII only, and Unicode's general categories and
//! scripts, of which bytes can be the first 256 code points.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, HirKind};

/// `\d`, `\s`, `\w`. RE2's `\s` has no vertical tab.
pub(super) fn perl(letter: u8) -> Option<ClassBytes> {
    match letter {
        b'd' => posix(b"digit"),
        b's' => Some(ranges(&[(b'\t', b'\n'), (0x0c, b'\r'), (b' ', b' ')])),
        b'w' => posix(b"word"),
        _ => None,
    }
}

/// The name between `[:` and `:]`.
pub(super) fn posix(name: &[u8]) -> Option<ClassBytes> {
    Some(ranges(match name {
        b"alnum" => &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')],
        b"alpha" => &[(b'A', b'Z'), (b'a', b'z')],
        b"ascii" => &[(0, 0x7f)],
        b"blank" => &[(b'\t', b'\t'), (b' ', b' ')],
        b"cntrl" => &[(0, 0x1f), (0x7f, 0x7f)],
        b"digit" => &[(b'0', b'9')],
        b"graph" => &[(b'!', b'~')],
        b"lower" => &[(b'a', b'z')],
        b"print" => &[(b' ', b'~')],
        b"punct" => &[(b'!', b'/'), (b':', b'@'), (b'[', b'`'), (b'{', b'~')],
        b"space" => &[(b'\t', b'\r'), (b' ', b' ')],
        b"upper" => &[(b'A', b'Z')],
        b"word" => &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')],
        b"xdigit" => &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')],
        _ => return None,
    }))
}

/// The name in `\p{…}`: `Any`, a general category by its short name, or a script by its long name, spelled as Unicode
/// spells it; RE2 knows no other properties.
pub(super) fn unicode(name: &[u8]) -> Option<ClassBytes> {
    let name = std::str::from_utf8(name).ok()?;
    match name {
        "Any" => Some(ranges(&[(0, u8::MAX)])),
        // RE2 counts no unassigned code points among the others.
        "C" => ["Cc", "Cf", "Co"].iter().try_fold(ClassBytes::empty(), |mut sum, name| {
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

/// Whether this could be the long name of a script; four letters are mostly the short ones (`Grek`), which RE2 does
/// not know.
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

/// The bytes whose code points have a property.
fn property(kind: &str, name: &str) -> Option<ClassBytes> {
    let hir = regex_syntax::parse(&format!("\\p{{{kind}={name}}}")).ok()?;
    let class = match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => class,
        // One code point, such as `Zl`.
        HirKind::Literal(literal) => {
            let only = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            ClassUnicode::new([ClassUnicodeRange::new(only, only)])
        }
        _ => return None,
    };
    let bytes = class.iter().filter_map(|range| {
        let first = u8::try_from(u32::from(range.start())).ok()?;
        let last = u8::try_from(u32::from(range.end())).unwrap_or(u8::MAX);
        Some(ClassBytesRange::new(first, last))
    });
    Some(ClassBytes::new(bytes))
}

fn ranges(ranges: &[(u8, u8)]) -> ClassBytes {
    ClassBytes::new(ranges.iter().map(|&(low, high)| ClassBytesRange::new(low, high)))
}
