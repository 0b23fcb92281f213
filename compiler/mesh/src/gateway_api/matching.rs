//! Conditions of routes as those of a VirtualService.

use indexmap::IndexMap;
use meshc_resources::gateway_api::{
    GrpcMethodMatch, GrpcRouteMatch, HttpPathMatch, HttpRouteMatch, PathMatchType, ValueMatchType,
};
use meshc_resources::istio::{HttpMatch, StringMatch};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::listeners::text;
use super::status::Problem;

/// An HTTPRoute's. Where no path is written, the API server fills in the prefix `/`.
pub(super) fn http(written: &Spanned<HttpRouteMatch>) -> Spanned<HttpMatch> {
    let span = written.span;
    let default = HttpPathMatch::default();
    let (path, path_span) = written.path.as_ref().map_or((&default, span), |path| (&path.value, path.span));
    let mut headers = IndexMap::with_capacity(written.headers.len());
    for header in &written.headers {
        let Some(name) = &header.name else { continue };
        headers.insert(
            name.clone(),
            value(header.kind.as_ref().map(|kind| kind.value), &header.value.value, header.span),
        );
    }
    let mut query_params = IndexMap::with_capacity(written.query_params.len());
    for param in &written.query_params {
        let Some(name) = &param.name else { continue };
        query_params.insert(
            name.clone(),
            value(param.kind.as_ref().map(|kind| kind.value), &param.value.value, param.span),
        );
    }
    let method = written.method.as_ref().map(|method| {
        let exact = Some(Spanned::at(method.value.as_str().to_owned(), method.span));
        Spanned::at(StringMatch { exact, ..StringMatch::default() }, method.span)
    });
    let condition = HttpMatch {
        uri: Some(Spanned::at(self::path(path, path_span), path_span)),
        headers,
        query_params,
        method,
        ..HttpMatch::default()
    };
    Spanned::at(condition, span)
}

/// Every path: what the API server fills in where a rule has no matches.
pub(super) fn everything(span: Span) -> Spanned<HttpMatch> {
    let uri = Spanned::at(path(&HttpPathMatch::default(), span), span);
    Spanned::at(HttpMatch { uri: Some(uri), ..HttpMatch::default() }, span)
}

fn path(path: &HttpPathMatch, span: Span) -> StringMatch {
    let span = path.value.as_ref().map_or(span, |value| value.span);
    let value = path.value();
    let at = |text: &str| Some(Spanned::at(text.to_owned(), span));
    match path.kind() {
        PathMatchType::PathPrefix => {
            // The end of a prefix is that of a segment, with a slash or without.
            let prefix = if value == "/" { value } else { value.strip_suffix('/').unwrap_or(value) };
            StringMatch { prefix: at(prefix), ..StringMatch::default() }
        }
        PathMatchType::Exact => StringMatch { exact: at(value), ..StringMatch::default() },
        PathMatchType::RegularExpression => StringMatch { regex: at(value), ..StringMatch::default() },
    }
}

fn value(
    kind: Option<ValueMatchType>,
    written: &Option<Spanned<String>>,
    span: Span,
) -> Spanned<StringMatch> {
    let value = written.clone().unwrap_or_else(|| Spanned::at(String::new(), span));
    let condition = match kind.unwrap_or(ValueMatchType::Exact) {
        ValueMatchType::Exact => StringMatch { exact: Some(value), ..StringMatch::default() },
        ValueMatchType::RegularExpression => StringMatch { regex: Some(value), ..StringMatch::default() },
    };
    Spanned::at(condition, span)
}

/// A GRPCRoute's: a call's path is `/SERVICE/METHOD`.
pub(super) fn grpc(written: &Spanned<GrpcRouteMatch>) -> Result<Spanned<HttpMatch>, Problem> {
    let mut headers = IndexMap::with_capacity(written.headers.len());
    for header in &written.headers {
        let Some(name) = &header.name else { continue };
        headers.insert(
            name.clone(),
            value(header.kind.as_ref().map(|kind| kind.value), &header.value.value, header.span),
        );
    }
    let uri = written.method.as_ref().map(call).transpose()?;
    Ok(Spanned::at(HttpMatch { uri, headers, ..HttpMatch::default() }, written.span))
}

fn call(method: &Spanned<GrpcMethodMatch>) -> Result<Spanned<StringMatch>, Problem> {
    let (service, name) = (text(&method.service), text(&method.method));
    let at = |text: String| Some(Spanned::at(text, method.span));
    let regex = |text: String| StringMatch { regex: at(text), ..StringMatch::default() };
    let kind = method.kind.as_ref().map_or(ValueMatchType::Exact, |kind| kind.value);
    let condition = match (&method.service, &method.method, kind) {
        (None, None, _) => {
            let message = "a condition on calls needs a `service` or a `method`: the whole route is left out";
            return Err(Problem::new("InvalidConfiguration", method.span, message));
        }
        (Some(_), None, ValueMatchType::Exact) => {
            StringMatch { prefix: at(format!("/{service}/")), ..StringMatch::default() }
        }
        (Some(_), Some(_), ValueMatchType::Exact) => {
            StringMatch { exact: at(format!("/{service}/{name}")), ..StringMatch::default() }
        }
        (None, Some(_), _) => regex(format!("/[^/]+/{name}")),
        (Some(_), None, ValueMatchType::RegularExpression) => regex(format!("/{service}/.+")),
        (Some(_), Some(_), ValueMatchType::RegularExpression) => regex(format!("/{service}/{name}")),
    };
    Ok(Spanned::at(condition, method.span))
}
