//! A regular expression in a route of the Gateway API that Envoy does not take.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::gateway_api::{PathMatchType, ValueMatchType};
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds regular expressions in the paths, headers, query parameters and methods of HTTPRoutes and GRPCRoutes that are none
    /// in RE2: the API server does not look at them.
    ///
    /// ## What happens to traffic
    /// Envoy refuses the whole route table with such an expression, and goes on with its last one: later changes of any route
    /// have no effect.
    ///
    /// ## Example
    /// ```yaml
    /// path: {type: RegularExpression, value: "/reviews/(?!admin)"}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// path: {type: RegularExpression, value: "/reviews/[0-9]+"}
    /// ```
    pub ROUTE_EXPRESSION = "MC1573", "route-expression", Error, Mesh,
    "A regular expression in a route of the Gateway API that Envoy does not take",
    []
}

/// Every expression.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let is_regex = |kind: &Option<Spanned<ValueMatchType>>| {
        kind.as_ref().is_some_and(|kind| kind.value == ValueMatchType::RegularExpression)
    };
    for object in &context.resources.http_routes {
        let rules = object.spec.rules.iter().flatten();
        for condition in rules.flat_map(|rule| rule.matches.iter().flatten()) {
            let path = condition.path.as_ref().filter(|path| path.kind() == PathMatchType::RegularExpression);
            let path = path.and_then(|path| path.value.value.as_ref());
            let headers = condition.headers.iter().filter(|header| is_regex(&header.kind));
            let parameters = condition.query_params.iter().filter(|parameter| is_regex(&parameter.kind));
            let values = headers
                .filter_map(|header| header.value.value.as_ref())
                .chain(parameters.filter_map(|parameter| parameter.value.value.as_ref()));
            for text in path.into_iter().chain(values) {
                found.extend(wrong(object, text));
            }
        }
    }
    for object in &context.resources.grpc_routes {
        for condition in object.spec.rules.iter().flat_map(|rule| &rule.matches) {
            let method = condition.method.as_ref().filter(|method| is_regex(&method.kind));
            let method =
                method.into_iter().flat_map(|method| [method.service.as_ref(), method.method.as_ref()]);
            let headers = condition.headers.iter().filter(|header| is_regex(&header.kind));
            let headers = headers.map(|header| header.value.value.as_ref());
            for text in method.chain(headers).flatten() {
                found.extend(wrong(object, text));
            }
        }
    }
}

fn wrong<T>(object: &Object<T>, text: &Spanned<String>) -> Option<Diagnostic> {
    let Err(error @ meshc_re2::Error::Syntax { .. }) = meshc_re2::parse(text) else { return None };
    let message = format!("Envoy does not take this expression and refuses the route table: {error}");
    Some(object.finding(&ROUTE_EXPRESSION, text.span, message))
}
