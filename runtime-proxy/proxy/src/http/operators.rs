//! What command operators stand for: at the end of a stream for logs, on its way for headers.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use http::{HeaderMap, Version};
use mesh_proxy_config::{AddressPart, HeaderOperand, TimePart};
use mesh_proxy_config::{Operator, RequestView, Values, header_value};

use super::stream::StreamInfo;

/// The values at the end of a stream.
pub(crate) struct LogValues<'a> {
    pub(crate) info: &'a StreamInfo,
    pub(crate) now: Instant,
}

impl Values for LogValues<'_> {
    fn write(&self, operator: &Operator, out: &mut Vec<u8>) -> bool {
        let slot = match operator {
            Operator::RequestHeader(operand) => self.info.logged_request.get(operand.slot),
            Operator::ResponseHeader(operand) => self.info.logged_response.get(operand.slot),
            _ => return common(self.info, operator, self.now, out),
        };
        match slot {
            Some(Some(value)) => {
                out.extend_from_slice(value);
                true
            }
            _ => false,
        }
    }
}

/// The values while headers of a request or response are changed.
pub(crate) struct HeaderValues<'a> {
    pub(crate) info: &'a StreamInfo,
    /// Method, authority and path; the headers are taken from where they are being changed.
    pub(crate) method: &'a str,
    pub(crate) scheme: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    /// The request's headers, while a response is changed.
    pub(crate) request_headers: Option<&'a HeaderMap>,
}

impl mesh_proxy_config::ValuesOf for HeaderValues<'_> {
    fn write(&self, operator: &Operator, headers: &HeaderMap, out: &mut Vec<u8>) -> bool {
        let value = match operator {
            Operator::RequestHeader(operand) => {
                let headers = self.request_headers.unwrap_or(headers);
                let Self { method, scheme, authority, path, .. } = *self;
                request_operand(&RequestView { method, scheme, authority, path, headers }, operand)
            }
            Operator::ResponseHeader(operand) => {
                let response = self.request_headers.is_some().then_some(headers);
                response.and_then(|headers| response_operand(headers, self.info.status, operand))
            }
            _ => return common(self.info, operator, Instant::now(), out),
        };
        match value {
            Some(value) => {
                out.extend_from_slice(&value);
                true
            }
            None => false,
        }
    }
}

/// The value of `REQ`.
pub(crate) fn request_operand(request: &RequestView<'_>, operand: &HeaderOperand) -> Option<Vec<u8>> {
    // Of several values the first counts, other than for matchers.
    let value = |name: &str| {
        if name.starts_with(':') || name == "host" {
            header_value(request, name)
        } else {
            request.headers.get(name).map(|value| value.as_bytes().into())
        }
    };
    let value = value(&operand.name).or_else(|| operand.alternative.as_ref().and_then(|name| value(name)))?;
    Some(cut(&value, operand))
}

/// The value of `RESP`.
pub(crate) fn response_operand(headers: &HeaderMap, status: u16, operand: &HeaderOperand) -> Option<Vec<u8>> {
    let value = |name: &str| {
        if name == ":status" {
            return Some(status.to_string().into_bytes());
        }
        headers.get(name).map(|value| value.as_bytes().to_vec())
    };
    let value = value(&operand.name).or_else(|| operand.alternative.as_ref().and_then(|name| value(name)))?;
    Some(cut(&value, operand))
}

fn cut(value: &[u8], operand: &HeaderOperand) -> Vec<u8> {
    let end = operand.max.map_or(value.len(), |max| max.min(value.len()));
    value[..end].to_vec()
}

/// The operators that need no headers.
fn common(info: &StreamInfo, operator: &Operator, now: Instant, out: &mut Vec<u8>) -> bool {
    let milliseconds = |from: Instant, to: Instant| to.saturating_duration_since(from).as_millis();
    match operator {
        Operator::StartTime(parts) => {
            write_time(info.start_time, parts, out);
            true
        }
        Operator::Protocol => text(protocol(info.protocol), out),
        Operator::ResponseCode => show(info.status, out),
        Operator::ResponseCodeDetails => text(&info.details, out),
        Operator::ResponseFlags => {
            info.flags.write(out);
            true
        }
        Operator::BytesReceived => show(info.progress.bytes.get(), out),
        Operator::BytesSent => show(info.bytes_sent, out),
        Operator::Duration => show(milliseconds(info.start, now), out),
        Operator::RequestDuration => {
            info.progress.completed.get().is_some_and(|at| show(milliseconds(info.start, at), out))
        }
        Operator::ResponseDuration => {
            info.response_at.is_some_and(|at| show(milliseconds(info.start, at), out))
        }
        Operator::ResponseTxDuration => info.response_at.is_some_and(|at| show(milliseconds(at, now), out)),
        Operator::UpstreamHost => info.upstream.is_some_and(|address| show(address, out)),
        Operator::UpstreamCluster => match &info.cluster {
            Some(cluster) => text(&cluster.config.stat_name, out),
            None => false,
        },
        Operator::UpstreamClusterRaw => match (&info.cluster, &info.cluster_name) {
            (Some(cluster), _) => text(&cluster.config.name, out),
            (None, Some(name)) => text(name, out),
            (None, None) => false,
        },
        Operator::UpstreamLocalAddress => info.upstream_local.is_some_and(|address| show(address, out)),
        Operator::UpstreamTransportFailureReason => match &info.transport_failure {
            Some(reason) => text(&reason.replace(' ', "_"), out),
            None => false,
        },
        Operator::AttemptCount => show(info.attempts, out),
        Operator::DownstreamLocalAddress(part) => address(info.local, *part, out),
        Operator::DownstreamRemoteAddress(part) => address(info.remote.unwrap_or(info.peer), *part, out),
        Operator::DownstreamDirectRemoteAddress(part) => address(info.peer, *part, out),
        Operator::RouteName => text(&info.route_name, out),
        // Neither TLS nor a reason for the end of a connection is known here.
        Operator::RequestedServerName | Operator::ConnectionTerminationDetails => false,
        Operator::RequestHeader(_) | Operator::ResponseHeader(_) => false,
    }
}

fn text(text: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(text.as_bytes());
    !text.is_empty()
}

fn show(value: impl std::fmt::Display, out: &mut Vec<u8>) -> bool {
    // Writing to memory cannot fail.
    write!(out, "{value}").is_ok()
}

fn address(address: SocketAddr, part: AddressPart, out: &mut Vec<u8>) -> bool {
    match part {
        AddressPart::Whole => show(address, out),
        AddressPart::WithoutPort => show(address.ip(), out),
        AddressPart::Port => show(address.port(), out),
    }
}

/// The protocol as Envoy writes it.
pub(crate) fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}

fn write_time(time: SystemTime, parts: &[TimePart], out: &mut Vec<u8>) {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let (year, month, day) = civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    for part in parts {
        let _ = match part {
            TimePart::Text(text) => out.write_all(text.as_bytes()),
            TimePart::Year => write!(out, "{year:04}"),
            TimePart::Month => write!(out, "{month:02}"),
            TimePart::Day => write!(out, "{day:02}"),
            TimePart::Hour => write!(out, "{:02}", of_day / 3_600),
            TimePart::Minute => write!(out, "{:02}", of_day / 60 % 60),
            TimePart::Second => write!(out, "{:02}", of_day % 60),
            TimePart::Epoch => write!(out, "{seconds}"),
            TimePart::Fraction(digits) => {
                let nanoseconds = format!("{:09}", since.subsec_nanos());
                out.write_all(nanoseconds.as_bytes().get(..*digits).unwrap_or_default())
            }
        };
    }
}

/// Year, month and day of a number of days since 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}
