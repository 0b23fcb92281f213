//! Filters as the actions of a VirtualService.

use indexmap::IndexMap;
use meshc_resources::gateway_api::{
    HttpCorsFilter, HttpHeader, HttpHeaderFilter, HttpPathModifierType, HttpRequestMirrorFilter,
    HttpRequestRedirectFilter, HttpUrlRewriteFilter, RedirectScheme,
};
use meshc_resources::istio::{
    CorsPolicy, DerivePort, HeaderOperations, Headers, HttpMirrorPolicy, HttpRedirect, HttpRewrite, Percent,
    RegexRewrite, StringMatch, UnmatchedPreflights,
};
use meshc_source::Span;
use meshc_syntax::de::{Duration, Spanned};

use super::World;
use super::backends::{self, Reference};
use super::listeners::text;
use super::status::Problem;
use crate::Meta;

/// What `*` among origins means to Istio: anything that is an origin.
const ANY_ORIGIN: &str = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$";

/// A filter of a kind that does nothing here.
pub(super) fn unsupported<T>(span: Span, kind: Option<&Spanned<T>>) -> Problem {
    let message = "Istio does not know this type of filters here: the whole route is left out";
    Problem::new("InvalidFilter", kind.map_or(span, |kind| kind.span), message)
}

/// Operations on headers, as routes of HTTP and gRPC both have them.
pub(super) enum OnHeaders<'a> {
    /// Of the request.
    Request(Option<&'a Spanned<HttpHeaderFilter>>),
    /// Of the response.
    Response(Option<&'a Spanned<HttpHeaderFilter>>),
}

impl OnHeaders<'_> {
    /// Puts the operations beside those of the other side; of several filters for one side the last counts.
    pub(super) fn add_to(self, made: &mut Option<Box<Spanned<Headers>>>) -> Result<(), Problem> {
        let (Self::Request(filter) | Self::Response(filter)) = self;
        let Some(operations) = headers(filter)? else { return Ok(()) };
        let both =
            &mut made.get_or_insert_with(|| Box::new(Spanned::at(Headers::default(), operations.span))).value;
        match self {
            Self::Request(_) => both.request = Some(operations),
            Self::Response(_) => both.response = Some(operations),
        }
        Ok(())
    }
}

/// Operations on headers; of several entries for one name the first counts.
fn headers(filter: Option<&Spanned<HttpHeaderFilter>>) -> Result<Option<Spanned<HeaderOperations>>, Problem> {
    let Some(filter) = filter else { return Ok(None) };
    for header in filter.set.iter().chain(&filter.add) {
        let value = text(&header.value.value);
        if value.bytes().any(|byte| byte != b'\t' && (byte < b' ' || byte == 0x7f)) {
            let message =
                format!("the value of the header `{}` has characters that none can have", text(&header.name));
            return Err(Problem::new("InvalidFilter", header.span, message));
        }
    }
    let operations = HeaderOperations {
        set: first_of_each(&filter.set),
        add: first_of_each(&filter.add),
        remove: filter.remove.clone(),
    };
    Ok(Some(Spanned::at(operations, filter.span)))
}

fn first_of_each(headers: &[Spanned<HttpHeader>]) -> IndexMap<Spanned<String>, Spanned<String>> {
    let mut map = IndexMap::with_capacity(headers.len());
    for header in headers {
        let Some(name) = &header.name else { continue };
        let value = header.value.value.clone().unwrap_or_else(|| Spanned::at(String::new(), header.span));
        map.entry(Spanned::at(name.to_ascii_lowercase(), name.span)).or_insert(value);
    }
    map
}

/// A redirect. What is absent stays as it is in the request, the port too, unless the scheme changes.
pub(super) fn redirect(filter: &Spanned<HttpRequestRedirectFilter>) -> Spanned<HttpRedirect> {
    let span = filter.span;
    let scheme = filter.scheme.as_ref().map(|scheme| {
        let text = match scheme.value {
            RedirectScheme::Http => "http",
            RedirectScheme::Https => "https",
        };
        Spanned::at(text.to_owned(), scheme.span)
    });
    let port =
        filter.port.as_ref().and_then(|port| Some(Spanned::at(u32::try_from(port.value).ok()?, port.span)));
    let derive = if scheme.is_some() { DerivePort::FromProtocolDefault } else { DerivePort::FromRequestPort };
    let code = filter.status_code.as_ref().map_or(Spanned::at(302, span), |code| {
        Spanned::at(u32::try_from(code.value).unwrap_or_default(), code.span)
    });
    let (mut uri, mut prefix_rewrite) = (None, None);
    if let Some(path) = &filter.path {
        match path.kind.as_ref().map(|kind| kind.value) {
            Some(HttpPathModifierType::ReplaceFullPath) => uri.clone_from(&path.replace_full_path),
            Some(HttpPathModifierType::ReplacePrefixMatch) => {
                prefix_rewrite.clone_from(&path.replace_prefix_match);
            }
            None => {}
        }
    }
    let redirect = HttpRedirect {
        uri,
        authority: filter.hostname.clone(),
        derive_port: port.is_none().then(|| Spanned::at(derive, span)),
        port,
        scheme,
        redirect_code: Some(code),
        prefix_rewrite,
    };
    Spanned::at(redirect, span)
}

/// A rewrite; none that changes nothing.
pub(super) fn rewrite(filter: &Spanned<HttpUrlRewriteFilter>) -> Option<Spanned<HttpRewrite>> {
    let mut made = HttpRewrite { authority: filter.hostname.clone(), ..HttpRewrite::default() };
    if let Some(path) = &filter.path {
        match path.kind.as_ref().map(|kind| kind.value) {
            Some(HttpPathModifierType::ReplacePrefixMatch) => {
                let written = path.replace_prefix_match.as_ref();
                let prefix = written.map_or("", |prefix| prefix.value.as_str());
                let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
                // A prefix of nothing but a slash is taken away.
                let prefix = if prefix.is_empty() { "/" } else { prefix };
                made.uri = Some(Spanned::at(prefix.to_owned(), written.map_or(path.span, |w| w.span)));
            }
            Some(HttpPathModifierType::ReplaceFullPath) => {
                let full = path.replace_full_path.clone();
                let regex = RegexRewrite {
                    matches: Some(Spanned::at("/.*".to_owned(), path.span)),
                    rewrite: Some(full.unwrap_or_else(|| Spanned::at(String::new(), path.span))),
                };
                made.uri_regex_rewrite = Some(Spanned::at(regex, path.span));
            }
            None => {}
        }
    }
    let changes = made.uri.is_some() || made.uri_regex_rewrite.is_some() || made.authority.is_some();
    changes.then(|| Spanned::at(made, filter.span))
}

/// A copy of requests.
pub(super) fn mirror(
    world: &World<'_>,
    route: &Meta,
    filter: &Spanned<HttpRequestMirrorFilter>,
    enforce: bool,
) -> Result<Option<Spanned<HttpMirrorPolicy>>, Problem> {
    let Some(backend) = &filter.backend_ref else { return Ok(None) };
    let (destination, problem) = backends::destination(world, route, &Reference::from(backend), enforce)?;
    if let Some(problem) = problem {
        return Err(problem);
    }
    let percent =
        |value: f64, span: Span| Some(Spanned::at(Percent { value: Some(Spanned::at(value, span)) }, span));
    let percentage = match (&filter.fraction, &filter.percent) {
        (Some(fraction), _) => {
            let numerator = fraction.numerator.as_ref().map_or(0, |n| n.value);
            let denominator = fraction.denominator.as_ref().map_or(100, |d| d.value);
            percent(100.0 * f64::from(numerator) / f64::from(denominator), fraction.span)
        }
        (None, Some(share)) => percent(f64::from(share.value), share.span),
        (None, None) => None,
    };
    let policy = HttpMirrorPolicy { destination: Some(Spanned::at(destination, backend.span)), percentage };
    Ok(Some(Spanned::at(policy, filter.span)))
}

/// Cross-origin rules.
pub(super) fn cors(filter: &Spanned<HttpCorsFilter>) -> Spanned<CorsPolicy> {
    let age =
        filter.max_age.as_ref().map_or(Spanned::at(5, filter.span), |age| Spanned::at(age.value, age.span));
    let credentials = filter.allow_credentials.as_ref().filter(|allow| allow.value);
    let policy = CorsPolicy {
        allow_origins: filter
            .allow_origins
            .iter()
            .filter(|origin| !origin.is_empty())
            .map(|o| Spanned::at(origin(o), o.span))
            .collect(),
        allow_methods: filter
            .allow_methods
            .iter()
            .map(|method| Spanned::at(method.value.as_str().to_owned(), method.span))
            .collect(),
        allow_headers: filter.allow_headers.clone(),
        expose_headers: filter.expose_headers.clone(),
        max_age: (age.value > 0).then(|| Spanned::at(Duration::from_secs(i64::from(age.value)), age.span)),
        allow_credentials: credentials.copied(),
        unmatched_preflights: Some(Spanned::at(UnmatchedPreflights::Ignore, filter.span)),
        ..CorsPolicy::default()
    };
    Spanned::at(policy, filter.span)
}

fn origin(written: &Spanned<String>) -> StringMatch {
    let at = |text: String| Some(Spanned::at(text, written.span));
    let text = written.value.as_str();
    match text.matches('*').count() {
        _ if text == "*" => StringMatch { regex: at(ANY_ORIGIN.to_owned()), ..StringMatch::default() },
        0 => StringMatch { exact: at(text.to_owned()), ..StringMatch::default() },
        1 if text.ends_with('*') => {
            StringMatch { prefix: at(text.trim_end_matches('*').to_owned()), ..StringMatch::default() }
        }
        _ => {
            let mut regex = String::from("^");
            for letter in text.chars() {
                match letter {
                    '*' => regex.push_str(".*"),
                    '\\' | '.' | '+' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                        regex.push('\\');
                        regex.push(letter);
                    }
                    _ => regex.push(letter),
                }
            }
            regex.push('$');
            StringMatch { regex: at(regex), ..StringMatch::default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_become_the_narrowest_condition() {
        let made = |text: &str| origin(&Spanned::new(text.to_owned()));
        let value = |field: Option<Spanned<String>>| field.map(Spanned::into_inner);
        assert_eq!(value(made("https://a.com").exact).as_deref(), Some("https://a.com"));
        assert_eq!(value(made("https://*").prefix).as_deref(), Some("https://"));
        assert_eq!(value(made("https://*.a.com").regex).as_deref(), Some(r"^https://.*\.a\.com$"));
        assert_eq!(value(made("*").regex).as_deref(), Some(ANY_ORIGIN));
    }
}
