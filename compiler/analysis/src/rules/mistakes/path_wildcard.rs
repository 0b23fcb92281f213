//! A path written in the wrong language.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::gateway_api::PathMatchType;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds paths of routes that are written in another language than they are read in: a `*` in an exact path or a prefix,
    /// where it is a plain character; `/*` at the end of a regular expression, which means any number of slashes; an expression
    /// that begins with `^` and has no end, though the whole path must match; and expressions without any operator (an info).
    ///
    /// ## What happens to traffic
    /// The requests that were meant do not match: they go where the next route sends them.
    ///
    /// ## Example
    /// ```yaml
    /// match:
    ///   - uri: {prefix: /reviews/*}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// match:
    ///   - uri: {prefix: /reviews/}
    /// ```
    pub PATH_WILDCARD = "MC1550", "path-wildcard", Warning, Mesh,
    "A path written in the wrong language",
    []
}

/// The paths of VirtualServices and HTTPRoutes.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let conditions = object.spec.http.iter().flat_map(|route| &route.matches);
        for uri in conditions.filter_map(|condition| condition.uri.as_ref()) {
            let said = if let Some(text) = &uri.exact {
                (text, wildcard(text, "exact"))
            } else if let Some(text) = &uri.prefix {
                (text, wildcard(text, "prefix"))
            } else if let Some(text) = &uri.regex {
                (text, expression(text))
            } else {
                continue;
            };
            if let (text, Some(said)) = said {
                found.push(said.of(object.finding(&PATH_WILDCARD, text.span, said.message.clone())));
            }
        }
    }
    for object in &context.resources.http_routes {
        let rules = object.spec.rules.iter().flatten();
        let paths = rules.flat_map(|rule| rule.matches.iter().flatten()).filter_map(|m| m.path.as_ref());
        for path in paths {
            let Some(text) = &path.value.value else { continue };
            let said = match path.kind() {
                PathMatchType::Exact => wildcard(text, "Exact"),
                PathMatchType::PathPrefix => wildcard(text, "PathPrefix"),
                PathMatchType::RegularExpression => expression(text),
            };
            if let Some(said) = said {
                found.push(said.of(object.finding(&PATH_WILDCARD, text.span, said.message.clone())));
            }
        }
    }
}

/// What is to say of a path.
struct Said {
    severity: Severity,
    message: String,
    help: String,
}

impl Said {
    fn of(&self, finding: Diagnostic) -> Diagnostic {
        finding.severity(self.severity).help(self.help.clone())
    }
}

fn wildcard(text: &str, kind: &str) -> Option<Said> {
    if !text.contains('*') {
        return None;
    }
    let help = match text.strip_suffix('*').filter(|start| !start.contains('*')) {
        Some(start) if kind.eq_ignore_ascii_case("exact") => {
            format!("for all paths that begin so match the prefix `{start}`")
        }
        Some(start) => format!("write `{start}`: a prefix stands for all that begin so"),
        None => "write a regular expression".to_owned(),
    };
    let message =
        format!("`*` is a plain character in an {kind} path: only a path with a `*` in it matches `{text}`");
    let message = if kind.eq_ignore_ascii_case("exact") { message } else { message.replacen("an ", "a ", 1) };
    Some(Said { severity: Severity::Warning, message, help })
}

fn expression(text: &str) -> Option<Said> {
    const OPERATORS: [char; 13] = ['.', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '\\', '$'];
    let plain = text.strip_prefix('^').unwrap_or(text);
    if text.ends_with("/*") {
        return Some(Said {
            severity: Severity::Warning,
            message: format!("`/*` at the end of the expression `{text}` stands for any number of slashes"),
            help: format!("for any rest of the path write `{}.*`", text.trim_end_matches('*')),
        });
    }
    if text.starts_with('^') && !text.ends_with(['$', '*', '+', ')']) {
        return Some(Said {
            severity: Severity::Warning,
            message: format!("`{text}` has to match the whole path, not only its beginning"),
            help: format!("write `{plain}.*` for all paths that begin so, or match a prefix"),
        });
    }
    (!text.is_empty() && !text.contains(OPERATORS)).then(|| Said {
        severity: Severity::Info,
        message: format!("`{text}` has no operator: as an expression it matches this one path alone"),
        help: format!("match it exactly; for all paths that begin so match a prefix, or write `{plain}.*`"),
    })
}
