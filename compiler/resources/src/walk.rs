//! Visits the conditions of a VirtualService.

use meshc_syntax::de::Spanned;

use crate::istio::{StringMatch, VirtualService};

/// Calls `visit` for each string condition with its path (`spec.http[0].match[1].uri`) and whether an empty one
/// means "present" (headers do, the others do not).
pub(crate) fn string_matches<'a>(
    spec: &'a VirtualService,
    mut visit: impl FnMut(String, bool, &'a Spanned<StringMatch>),
) {
    for (r, route) in spec.http.iter().enumerate() {
        for (m, matches) in route.matches.iter().enumerate() {
            let at = |field: &str| format!("spec.http[{r}].match[{m}].{field}");
            let fields = [
                ("uri", &matches.uri),
                ("scheme", &matches.scheme),
                ("method", &matches.method),
                ("authority", &matches.authority),
            ];
            for (name, field) in fields {
                if let Some(condition) = field {
                    visit(at(name), false, condition);
                }
            }
            let maps = [
                ("headers", true, &matches.headers),
                ("withoutHeaders", true, &matches.without_headers),
                ("queryParams", true, &matches.query_params),
            ];
            for (name, may_be_empty, map) in maps {
                for (key, condition) in map {
                    visit(at(&format!("{name}[{:?}]", key.value)), may_be_empty, condition);
                }
            }
        }
        for (o, origin) in route.cors_policy.iter().flat_map(|c| c.allow_origins.iter()).enumerate() {
            visit(format!("spec.http[{r}].corsPolicy.allowOrigins[{o}]"), false, origin);
        }
    }
}
