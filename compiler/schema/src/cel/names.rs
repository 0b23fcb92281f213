//! Names: Kubernetes's escaping of properties, and the functions that live in a namespace.

/// The functions whose name has a dot. Any other call behind a dot is one on the value before it.
pub(super) const QUALIFIED: &[&str] = &[
    "format.byte",
    "format.date",
    "format.datetime",
    "format.dns1035Label",
    "format.dns1035LabelPrefix",
    "format.dns1123Label",
    "format.dns1123LabelPrefix",
    "format.dns1123Subdomain",
    "format.dns1123SubdomainPrefix",
    "format.labelValue",
    "format.named",
    "format.qualifiedName",
    "format.uri",
    "format.uuid",
    "ip.isCanonical",
    "lists.range",
    "optional.none",
    "optional.of",
    "optional.ofNonZeroValue",
    "sets.contains",
    "sets.equivalent",
    "sets.intersects",
    "strings.quote",
];

const KEYWORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
];

/// What stands within names for what CEL cannot name.
const ESCAPES: &[(&str, &str)] =
    &[("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/")];

/// The property that an escaped name stands for: `__namespace__`, `a__dot__b`. None: it is not escaped.
pub(super) fn unescape(name: &str) -> Option<String> {
    if !name.contains("__") {
        return None;
    }
    if let Some(keyword) = name.strip_prefix("__").and_then(|name| name.strip_suffix("__"))
        && KEYWORDS.contains(&keyword)
    {
        return Some(keyword.to_owned());
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        if let Some((escape, meant)) = ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape)) {
            out.push_str(meant);
            rest = &rest[escape.len()..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    (out != name).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn kubernetes_escapes_what_cel_cannot_name() {
        for (name, property) in [
            ("__namespace__", Some("namespace")),
            ("a__dot__b__dash__c", Some("a.b-c")),
            ("x__underscores__y", Some("x__y")),
            ("plain_name", None),
            ("__other__", None),
        ] {
            assert_eq!(unescape(name).as_deref(), property, "{name}");
        }
    }
}
