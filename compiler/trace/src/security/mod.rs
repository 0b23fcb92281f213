//! What stands before the routes: mutual TLS, tokens, and rules about who may do what, as Envoy's filters decide.

mod address;
mod jwks;
mod jwt;
mod places;
mod rbac;
mod requirement;
mod status;
mod template;

use std::net::IpAddr;
use std::sync::Arc;

use meshc_effective::model::{MtlsMode, Origin, Security, SecurityFilter};
use serde_json::{Map, Value};

use crate::TraceError;
use crate::regexes::Regexes;
use crate::seen::Seen;

pub(crate) use address::of_client;
pub(crate) use jwks::Keys;
pub(crate) use rbac::metadata_matches;
pub(crate) use status::Status;
pub use template::to_regex as template_regex;

/// The filter under whose name tokens leave their claims.
pub(crate) const JWT_FILTER: &str = "envoy.filters.http.jwt_authn";

/// What is known of a connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    /// The identity in the peer's certificate; none in plaintext.
    pub(crate) peer: Option<String>,
    /// Where it comes from.
    pub(crate) source: Option<IpAddr>,
    /// The client's own address, from `x-forwarded-for` where that is trusted.
    pub(crate) client: Option<IpAddr>,
    /// The address that it was made to.
    pub(crate) destination: Option<IpAddr>,
    /// The port that it was made to.
    pub(crate) port: u16,
    /// The name in TLS's `ClientHello`, empty where there is none.
    pub(crate) server_name: String,
}

/// What comes of the checks.
#[derive(Debug, Clone)]
pub(crate) enum Verdict<'m> {
    /// The request goes on, with what the checks left of it.
    Passed(Passed<'m>),
    /// The proxy answers.
    Refused(Refused<'m>),
    /// The proxy closes the connection before any request is read.
    Closed {
        /// Why, for people.
        reason: String,
        /// The nodes that decided.
        origins: Vec<&'m Origin>,
    },
}

/// A request that goes on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Passed<'m> {
    /// What filters leave for later ones: the claims of a valid token.
    pub(crate) metadata: Map<String, Value>,
    /// Whether the route is chosen again.
    pub(crate) choose_again: bool,
    /// What was checked, for people, with the nodes that decided.
    pub(crate) steps: Vec<Step<'m>>,
}

/// A request that the proxy answers itself.
#[derive(Debug, Clone)]
pub(crate) struct Refused<'m> {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: &'static str,
    /// The header `www-authenticate`.
    pub(crate) authenticate: Option<String>,
    /// What was checked; the last refused.
    pub(crate) steps: Vec<Step<'m>>,
}

/// One check.
#[derive(Debug, Clone)]
pub(crate) struct Step<'m> {
    /// In words.
    pub(crate) text: String,
    /// The nodes that decided.
    pub(crate) origins: Vec<&'m Origin>,
}

/// All that checks need.
pub(crate) struct Checks<'m, 'c> {
    pub(crate) security: &'m Security,
    pub(crate) connection: &'c Connection,
    pub(crate) regexes: &'c Regexes,
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// The keys of providers, by the text of the set.
    pub(crate) keys: &'c dyn Fn(&str) -> Arc<Keys>,
}

impl<'m> Checks<'m, '_> {
    /// Whether a connection is taken at all, which its port's mode says; none if it is.
    pub(crate) fn connection(&self) -> Option<Verdict<'m>> {
        let setting = self.security.mtls.of(self.connection.port);
        let reason = match (setting.mode, &self.connection.peer) {
            (MtlsMode::Strict, None) => "the port takes mutual TLS only, and the connection is plaintext",
            (MtlsMode::Disable, Some(_)) => "the port takes plaintext only, and the connection is mutual TLS",
            _ => return None,
        };
        Some(Verdict::Closed { reason: reason.to_owned(), origins: setting.origins.iter().collect() })
    }

    /// Puts a request through the filters; `seen` changes as they change it.
    pub(crate) fn request(&self, seen: &mut Seen) -> Result<Verdict<'m>, TraceError> {
        let mut passed = Passed::default();
        for filter in &self.security.http {
            match filter {
                SecurityFilter::Jwt(jwt) => {
                    if is_preflight(seen) {
                        continue;
                    }
                    let uri = format!("http://{}{}", seen.authority, shortened(&seen.path));
                    let result = requirement::verify(self, jwt, seen)?;
                    passed.steps.extend(result.steps);
                    if result.status != Status::Ok {
                        let missed = result.status == Status::Missed;
                        let error = if missed { "" } else { ", error=\"invalid_token\"" };
                        return Ok(Verdict::Refused(Refused {
                            status: if result.status == Status::AudienceNotAllowed { 403 } else { 401 },
                            body: result.status.text(),
                            authenticate: Some(format!("Bearer realm=\"{uri}\"{error}")),
                            steps: passed.steps,
                        }));
                    }
                    if let Some(claims) = result.claims {
                        let mut payload = Map::new();
                        payload.insert("payload".to_owned(), claims);
                        passed.metadata.insert(JWT_FILTER.to_owned(), Value::Object(payload));
                        passed.choose_again |=
                            jwt.providers.iter().any(|provider| provider.clear_route_cache);
                    }
                }
                SecurityFilter::Rbac(rbac) => {
                    let facts = rbac::Facts {
                        seen: Some(seen),
                        connection: self.connection,
                        metadata: &passed.metadata,
                        regexes: self.regexes,
                    };
                    let decision = rbac::decide(rbac, &facts)?;
                    passed.steps.extend(decision.step);
                    if !decision.passes {
                        return Ok(Verdict::Refused(Refused {
                            status: 403,
                            body: "RBAC: access denied",
                            authenticate: None,
                            steps: passed.steps,
                        }));
                    }
                    passed.metadata.extend(decision.marks);
                }
                SecurityFilter::External(external) => {
                    if rbac::is_marked(&passed.metadata, rbac::HTTP_FILTER, external) {
                        return Err(TraceError::External { provider: external.provider.clone() });
                    }
                }
            }
        }
        Ok(Verdict::Passed(passed))
    }

    /// Puts a connection of bytes through the filters: refused is closed.
    pub(crate) fn bytes(&self) -> Result<Verdict<'m>, TraceError> {
        let mut passed = Passed::default();
        for filter in &self.security.tcp {
            match filter {
                SecurityFilter::Jwt(_) => {}
                SecurityFilter::Rbac(rbac) => {
                    let facts = rbac::Facts {
                        seen: None,
                        connection: self.connection,
                        metadata: &passed.metadata,
                        regexes: self.regexes,
                    };
                    let decision = rbac::decide(rbac, &facts)?;
                    if !decision.passes {
                        let step = decision.step;
                        let reason = step.as_ref().map_or_else(String::new, |step| step.text.clone());
                        let origins = step.map(|step| step.origins).unwrap_or_default();
                        return Ok(Verdict::Closed { reason, origins });
                    }
                    passed.steps.extend(decision.step);
                    passed.metadata.extend(decision.marks);
                }
                SecurityFilter::External(external) => {
                    if rbac::is_marked(&passed.metadata, rbac::NETWORK_FILTER, external) {
                        return Err(TraceError::External { provider: external.provider.clone() });
                    }
                }
            }
        }
        Ok(Verdict::Passed(passed))
    }
}

/// A CORS preflight, which needs no token.
fn is_preflight(seen: &Seen) -> bool {
    let there = |name| seen.header(name).is_some_and(|value| !value.is_empty());
    seen.method == "OPTIONS" && there("origin") && there("access-control-request-method")
}

/// Envoy's limit for the URI in `www-authenticate`.
fn shortened(path: &str) -> &str {
    path.get(..256).unwrap_or(path)
}
