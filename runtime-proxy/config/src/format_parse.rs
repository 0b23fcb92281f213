//! Parsing texts with command operators; an operator that is not known is refused by name.

use serde_json::Value;

use crate::error::{At, ConfigError};
use crate::format::{AddressPart, Format, HeaderOperand, JsonNode, Operator, Piece, TimePart};

/// Bytes of one format at most.
const MAX_FORMAT_BYTES: usize = 64 << 10;

/// Parses the format of an access log.
pub(crate) fn parse(text: &str, at: &At<'_>) -> Result<Format, ConfigError> {
    if text.len() > MAX_FORMAT_BYTES {
        return Err(at.error(format!("the format has more than {MAX_FORMAT_BYTES} bytes")));
    }
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(percent) = rest.find('%') {
        literal.push_str(&rest[..percent]);
        rest = &rest[percent + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            literal.push('%');
            rest = after;
            continue;
        }
        let Some((operator, after)) = operator(rest, at)? else {
            return Err(at.error(format!("{text:?}: a percent sign must be doubled or begin an operator")));
        };
        if !literal.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut literal).into_bytes().into()));
        }
        pieces.push(Piece::Operator(operator));
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(literal.into_bytes().into()));
    }
    Ok(Format(pieces))
}

/// Parses the value of a header; what only the end of a request knows is refused.
pub(crate) fn parse_header_value(text: &str, at: &At<'_>) -> Result<Format, ConfigError> {
    let mut format = parse(text, at)?;
    for operator in format.operators_mut() {
        let late = matches!(
            operator,
            Operator::ResponseFlags
                | Operator::BytesReceived
                | Operator::BytesSent
                | Operator::Duration
                | Operator::RequestDuration
                | Operator::ResponseDuration
                | Operator::ResponseTxDuration
                | Operator::ResponseCodeDetails
                | Operator::ConnectionTerminationDetails
                | Operator::UpstreamTransportFailureReason
        );
        if late {
            return Err(
                at.error(format!("the operator {operator:?} is not implemented by mesh-proxy in headers"))
            );
        }
    }
    Ok(format)
}

/// Parses JSON whose texts hold operators.
pub(crate) fn parse_json(value: &Value, at: &At<'_>) -> Result<JsonNode, ConfigError> {
    Ok(match value {
        Value::Null => JsonNode::Null,
        Value::Bool(flag) => JsonNode::Bool(*flag),
        Value::Number(number) => JsonNode::Number(number.clone()),
        Value::String(text) => {
            let mut format = parse(text, at)?;
            match (format.0.pop(), format.0.is_empty()) {
                (Some(Piece::Operator(operator)), true) => JsonNode::Operator(operator),
                (last, _) => {
                    format.0.extend(last);
                    JsonNode::Text(format)
                }
            }
        }
        Value::Array(list) => {
            JsonNode::Array(list.iter().map(|value| parse_json(value, at)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => JsonNode::Object(
            map.iter()
                .map(|(key, value)| Ok((key.as_str().into(), parse_json(value, &at.field(key))?)))
                .collect::<Result<_, _>>()?,
        ),
    })
}

/// Parses an operator behind its percent sign, up to and with the second one.
fn operator<'a>(rest: &'a str, at: &At<'_>) -> Result<Option<(Operator, &'a str)>, ConfigError> {
    let name_end =
        rest.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_').unwrap_or(rest.len());
    let (name, mut rest) = rest.split_at(name_end);
    let mut operand = None;
    if let Some(after) = rest.strip_prefix('(') {
        let Some(end) = after.find(')') else { return Ok(None) };
        operand = Some(&after[..end]);
        rest = &after[end + 1..];
    }
    let mut max = None;
    if let Some(after) = rest.strip_prefix(':') {
        let end = after.find('%').unwrap_or(after.len());
        max = Some(
            after[..end]
                .parse::<usize>()
                .map_err(|_| at.error(format!("%{name}: {:?} is not a length", &after[..end])))?,
        );
        rest = &after[end..];
    }
    let Some(after) = rest.strip_prefix('%') else { return Ok(None) };
    let operator = named(name, operand, max, at)?;
    Ok(Some((operator, after)))
}

fn named(
    name: &str,
    operand: Option<&str>,
    max: Option<usize>,
    at: &At<'_>,
) -> Result<Operator, ConfigError> {
    use AddressPart::{Port, Whole, WithoutPort};
    let unknown = || at.error(format!("the operator %{name}% is not implemented by mesh-proxy"));
    let header = || {
        let Some(operand) = operand.filter(|operand| !operand.is_empty()) else {
            return Err(at.error(format!("%{name}% needs the name of a header in parentheses")));
        };
        let (main, alternative) =
            operand.split_once('?').map_or((operand, None), |(main, other)| (main, Some(other)));
        Ok(HeaderOperand {
            name: main.to_ascii_lowercase().into(),
            alternative: alternative.map(|name| name.to_ascii_lowercase().into()),
            max,
            slot: 0,
        })
    };
    let operator = match name {
        "REQ" | "REQUEST_HEADER" => return header().map(Operator::RequestHeader),
        "RESP" | "RESPONSE_HEADER" => return header().map(Operator::ResponseHeader),
        "START_TIME" => {
            if max.is_some() {
                return Err(unknown());
            }
            return time_format(operand.unwrap_or(""), at).map(Operator::StartTime);
        }
        "PROTOCOL" => Operator::Protocol,
        "RESPONSE_CODE" => Operator::ResponseCode,
        "RESPONSE_CODE_DETAILS" => Operator::ResponseCodeDetails,
        "CONNECTION_TERMINATION_DETAILS" => Operator::ConnectionTerminationDetails,
        "RESPONSE_FLAGS" => Operator::ResponseFlags,
        "BYTES_RECEIVED" => Operator::BytesReceived,
        "BYTES_SENT" => Operator::BytesSent,
        "DURATION" => Operator::Duration,
        "REQUEST_DURATION" => Operator::RequestDuration,
        "RESPONSE_DURATION" => Operator::ResponseDuration,
        "RESPONSE_TX_DURATION" => Operator::ResponseTxDuration,
        "UPSTREAM_HOST" => Operator::UpstreamHost,
        "UPSTREAM_CLUSTER" => Operator::UpstreamCluster,
        "UPSTREAM_CLUSTER_RAW" => Operator::UpstreamClusterRaw,
        "UPSTREAM_LOCAL_ADDRESS" => Operator::UpstreamLocalAddress,
        "UPSTREAM_TRANSPORT_FAILURE_REASON" => Operator::UpstreamTransportFailureReason,
        "UPSTREAM_REQUEST_ATTEMPT_COUNT" => Operator::AttemptCount,
        "DOWNSTREAM_LOCAL_ADDRESS" => Operator::DownstreamLocalAddress(Whole),
        "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" => Operator::DownstreamLocalAddress(WithoutPort),
        "DOWNSTREAM_LOCAL_PORT" => Operator::DownstreamLocalAddress(Port),
        "DOWNSTREAM_REMOTE_ADDRESS" => Operator::DownstreamRemoteAddress(Whole),
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => Operator::DownstreamRemoteAddress(WithoutPort),
        "DOWNSTREAM_REMOTE_PORT" => Operator::DownstreamRemoteAddress(Port),
        "DOWNSTREAM_DIRECT_REMOTE_ADDRESS" => Operator::DownstreamDirectRemoteAddress(Whole),
        "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" => {
            Operator::DownstreamDirectRemoteAddress(WithoutPort)
        }
        "DOWNSTREAM_DIRECT_REMOTE_PORT" => Operator::DownstreamDirectRemoteAddress(Port),
        "REQUESTED_SERVER_NAME" => Operator::RequestedServerName,
        "ROUTE_NAME" => Operator::RouteName,
        _ => return Err(unknown()),
    };
    if operand.is_some_and(|operand| !operand.is_empty()) || max.is_some() {
        return Err(at.error(format!("%{name}% takes no operand")));
    }
    Ok(operator)
}

/// Parses a format of times; without one, it is that of RFC 3339 with milliseconds.
fn time_format(format: &str, at: &At<'_>) -> Result<Box<[TimePart]>, ConfigError> {
    let format = if format.is_empty() { "%Y-%m-%dT%H:%M:%S.%3fZ" } else { format };
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            literal.push(c);
            continue;
        }
        let part = match chars.next() {
            Some('Y') => TimePart::Year,
            Some('m') => TimePart::Month,
            Some('d') => TimePart::Day,
            Some('H') => TimePart::Hour,
            Some('M') => TimePart::Minute,
            Some('S') => TimePart::Second,
            Some('s') => TimePart::Epoch,
            Some('f') => TimePart::Fraction(9),
            Some('%') => TimePart::Text("%".into()),
            Some(digit @ '1'..='9') if chars.next() == Some('f') => {
                TimePart::Fraction(digit as usize - '0' as usize)
            }
            _ => return Err(at.error(format!("the time format {format:?} is not implemented by mesh-proxy"))),
        };
        if !literal.is_empty() {
            parts.push(TimePart::Text(std::mem::take(&mut literal).into()));
        }
        parts.push(part);
    }
    if !literal.is_empty() {
        parts.push(TimePart::Text(literal.into()));
    }
    Ok(parts.into())
}
