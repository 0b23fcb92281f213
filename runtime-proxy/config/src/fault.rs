//! The fault filter: waits and answers in place of the upstream.

use std::time::Duration;

use meshc_envoy as envoy;

use crate::error::{At, ConfigError};
use crate::matcher::{HeaderMatcher, Part};
use crate::request::RequestView;

/// A fault.
#[derive(Debug, Clone, Default)]
pub struct Fault {
    /// A wait, for a part of the requests.
    pub delay: Option<(Duration, Part)>,
    /// An answer, for a part of the requests.
    pub abort: Option<(Abort, Part)>,
    cluster: Box<str>,
    headers: Vec<HeaderMatcher>,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abort {
    /// An HTTP status.
    Http(u16),
    /// A gRPC status.
    Grpc(u32),
}

impl Fault {
    pub(crate) fn new(fault: &envoy::HttpFault, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::HttpFault {
            delay,
            abort,
            upstream_cluster,
            headers,
            downstream_nodes,
            max_active_faults,
            response_rate_limit,
            disable_downstream_cluster_stats: _,
        } = fault;
        at.refuse("downstream_nodes", downstream_nodes)?;
        at.refuse("max_active_faults", max_active_faults)?;
        at.refuse("response_rate_limit", response_rate_limit)?;
        Ok(Self {
            delay: delay.as_ref().map(|delay| new_delay(delay, &at.field("delay"))).transpose()?,
            abort: abort.as_ref().map(|abort| new_abort(abort, &at.field("abort"))).transpose()?,
            cluster: upstream_cluster.as_str().into(),
            headers: headers
                .iter()
                .enumerate()
                .map(|(index, matcher)| HeaderMatcher::new(matcher, &at.index("headers", index)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether it is for this request to this cluster.
    pub fn applies(&self, request: &RequestView<'_>, cluster: &str) -> bool {
        (self.cluster.is_empty() || *self.cluster == *cluster)
            && self.headers.iter().all(|matcher| matcher.matches(request))
    }
}

/// Envoy's own default is no request at all.
fn part(percentage: Option<&envoy::FractionalPercent>) -> Part {
    Part::new(percentage.unwrap_or(&envoy::FractionalPercent::default()))
}

fn new_delay(delay: &envoy::FaultDelay, at: &At<'_>) -> Result<(Duration, Part), ConfigError> {
    let envoy::FaultDelay { fixed_delay, header_delay, percentage } = delay;
    at.refuse("header_delay", header_delay)?;
    let Some(fixed) = fixed_delay.filter(|delay| !delay.is_zero()) else {
        return Err(at.field("fixed_delay").error("must be more than 0"));
    };
    Ok((fixed.0, part(percentage.as_ref())))
}

fn new_abort(abort: &envoy::FaultAbort, at: &At<'_>) -> Result<(Abort, Part), ConfigError> {
    let envoy::FaultAbort { http_status, grpc_status, header_abort, percentage } = abort;
    at.refuse("header_abort", header_abort)?;
    let abort = match (http_status, grpc_status) {
        (Some(status @ 200..=599), None) => Abort::Http(*status as u16),
        (Some(status), None) => {
            return Err(at.field("http_status").error(format!("{status} is not in 200 to 599")));
        }
        (None, Some(status)) => Abort::Grpc(*status),
        _ => return Err(at.error("one of http_status and grpc_status must be set")),
    };
    Ok((abort, part(percentage.as_ref())))
}
