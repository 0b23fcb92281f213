//! `meshc.dev` RouteTest: where requests must, or must never, end.

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::istio::StringMatch;

/// What becomes of some requests, tried one by one or proved for all of a set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    {"rule": "has(self.requests) != has(self.forAll)", "message": "write `requests` or `forAll`, one of them"},
    {"rule": "has(self.expect) || has(self.never)", "message": "nothing is expected: write `expect` or `never`"},
]))]
pub struct RouteTest {
    /// Who sends them: NAME or NAME.NAMESPACE of workloads, pods or gateways; without a namespace first the test's own.
    #[schemars(required, length(min = 1))]
    pub from: Vec<Spanned<String>>,
    /// These requests.
    #[schemars(length(min = 1))]
    pub requests: Vec<Spanned<TestRequest>>,
    /// Every request of this set.
    pub for_all: Option<Spanned<RequestSet>>,
    /// What must hold of each.
    pub expect: Option<Spanned<Expectation>>,
    /// What must hold of none.
    pub never: Option<Spanned<Expectation>>,
}

/// A request as curl would send it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TestRequest {
    /// GET unless written.
    pub method: Option<Spanned<String>>,
    /// `http://reviews:9080/api`; its port is the one that the sender asks for.
    #[schemars(required, length(min = 1))]
    pub url: Option<Spanned<String>>,
    /// Headers; `host` replaces the URL's host.
    pub headers: IndexMap<Spanned<String>, Spanned<String>>,
    /// The sender's SPIFFE identity, where the request is looked at by the proxy that receives it.
    pub peer: Option<Spanned<String>>,
}

/// A set of requests; all that is written must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestSet {
    /// Names that are asked for; any where it is empty.
    pub hosts: Vec<Spanned<String>>,
    /// The port that is asked for; any without it.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<Spanned<u32>>,
    /// The path, without the query.
    pub path: Option<Spanned<StringMatch>>,
    /// The method.
    pub method: Option<Spanned<StringMatch>>,
    /// Headers that are there; an empty condition means any value.
    pub headers: IndexMap<Spanned<String>, Spanned<StringMatch>>,
    /// Headers that are not so.
    pub without_headers: IndexMap<Spanned<String>, Spanned<StringMatch>>,
    /// Query parameters that are there.
    pub query_params: IndexMap<Spanned<String>, Spanned<StringMatch>>,
}

/// What an answer is compared with; all that is written counts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("minProperties" = 1))]
pub struct Expectation {
    /// What the client gets where every endpoint answers 200.
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<Spanned<u32>>,
    /// Where it goes: in `expect` nowhere else, in `never` to none of them.
    #[schemars(length(min = 1))]
    pub destinations: Vec<Spanned<ExpectedDestination>>,
    /// Where a redirect leads.
    pub location: Option<Spanned<String>>,
    /// The limit of the whole request, all tries.
    pub timeout: Option<Spanned<Duration>>,
    /// Headers as they arrive.
    pub upstream_headers: IndexMap<Spanned<String>, Spanned<String>>,
    /// Headers that the answer gets from the mesh.
    pub response_headers: IndexMap<Spanned<String>, Spanned<String>>,
}

/// A destination with its share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExpectedDestination {
    /// A service's name, short (in the test's namespace) or full.
    #[schemars(required, length(min = 1))]
    pub host: Option<Spanned<String>>,
    /// The subset; any without it.
    pub subset: Option<Spanned<String>>,
    /// The service's port; any without it.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<Spanned<u32>>,
    /// Its share in percent, exactly.
    #[schemars(range(min = 0, max = 100))]
    pub weight: Option<Spanned<u32>>,
    /// At least so many percent.
    #[schemars(range(min = 0, max = 100))]
    pub min_weight: Option<Spanned<u32>>,
    /// At most so many percent.
    #[schemars(range(min = 0, max = 100))]
    pub max_weight: Option<Spanned<u32>>,
}
