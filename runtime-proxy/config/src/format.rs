//! Texts with command operators (`%REQ(:METHOD)%`), as access logs and values of headers hold them.

use serde_json::Number;

/// What an operator stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// `REQ`: a header of the request.
    RequestHeader(HeaderOperand),
    /// `RESP`: a header of the response.
    ResponseHeader(HeaderOperand),
    /// `START_TIME`: when the request began.
    StartTime(Box<[TimePart]>),
    /// `PROTOCOL`.
    Protocol,
    /// `RESPONSE_CODE`.
    ResponseCode,
    /// `RESPONSE_CODE_DETAILS`.
    ResponseCodeDetails,
    /// `CONNECTION_TERMINATION_DETAILS`.
    ConnectionTerminationDetails,
    /// `RESPONSE_FLAGS`.
    ResponseFlags,
    /// `BYTES_RECEIVED`: of the request's body.
    BytesReceived,
    /// `BYTES_SENT`: of the response's body.
    BytesSent,
    /// `DURATION`: milliseconds to the end.
    Duration,
    /// `REQUEST_DURATION`: milliseconds until the request was read.
    RequestDuration,
    /// `RESPONSE_DURATION`: milliseconds until the upstream's headers.
    ResponseDuration,
    /// `RESPONSE_TX_DURATION`: milliseconds from the upstream's headers to the end.
    ResponseTxDuration,
    /// `UPSTREAM_HOST`: the endpoint.
    UpstreamHost,
    /// `UPSTREAM_CLUSTER`: the cluster's name in statistics.
    UpstreamCluster,
    /// `UPSTREAM_CLUSTER_RAW`: the cluster's name.
    UpstreamClusterRaw,
    /// `UPSTREAM_LOCAL_ADDRESS`.
    UpstreamLocalAddress,
    /// `UPSTREAM_TRANSPORT_FAILURE_REASON`.
    UpstreamTransportFailureReason,
    /// `UPSTREAM_REQUEST_ATTEMPT_COUNT`.
    AttemptCount,
    /// `DOWNSTREAM_LOCAL_ADDRESS`.
    DownstreamLocalAddress(AddressPart),
    /// `DOWNSTREAM_REMOTE_ADDRESS`.
    DownstreamRemoteAddress(AddressPart),
    /// `DOWNSTREAM_DIRECT_REMOTE_ADDRESS`.
    DownstreamDirectRemoteAddress(AddressPart),
    /// `REQUESTED_SERVER_NAME`.
    RequestedServerName,
    /// `ROUTE_NAME`.
    RouteName,
}

/// The operand of `REQ` and `RESP`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderOperand {
    /// The header, in lower case.
    pub name: Box<str>,
    /// The header that is taken where the first is absent.
    pub alternative: Option<Box<str>>,
    /// Characters at most.
    pub max: Option<usize>,
    /// Where an access log keeps the value from the time of the headers to the end of the request.
    pub slot: usize,
}

/// Which part of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressPart {
    /// `127.0.0.1:80`.
    Whole,
    /// `127.0.0.1`.
    WithoutPort,
    /// `80`.
    Port,
}

/// A part of a format of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimePart {
    /// Text as it stands.
    Text(Box<str>),
    /// `%Y`.
    Year,
    /// `%m`.
    Month,
    /// `%d`.
    Day,
    /// `%H`.
    Hour,
    /// `%M`.
    Minute,
    /// `%S`.
    Second,
    /// `%s`: seconds since 1970.
    Epoch,
    /// `%3f`: so many digits of the second's fraction.
    Fraction(usize),
}

impl Operator {
    /// Whether JSON shows it as a number.
    pub fn is_number(&self) -> bool {
        matches!(
            self,
            Self::ResponseCode
                | Self::BytesReceived
                | Self::BytesSent
                | Self::Duration
                | Self::RequestDuration
                | Self::ResponseDuration
                | Self::ResponseTxDuration
                | Self::AttemptCount
                | Self::DownstreamLocalAddress(AddressPart::Port)
                | Self::DownstreamRemoteAddress(AddressPart::Port)
                | Self::DownstreamDirectRemoteAddress(AddressPart::Port)
        )
    }
}

/// What the operators stand for at one moment of one request.
pub trait Values {
    /// Appends what an operator stands for; false where it stands for nothing.
    fn write(&self, operator: &Operator, out: &mut Vec<u8>) -> bool;
}

/// A text with operators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Format(pub(crate) Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(Box<[u8]>),
    Operator(Operator),
}

impl Format {
    /// Appends the text; `absent` stands for operators that stand for nothing.
    pub fn write(&self, values: &dyn Values, absent: &[u8], out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Operator(operator) => {
                    if !values.write(operator, out) {
                        out.extend_from_slice(absent);
                    }
                }
            }
        }
    }

    /// The text where it holds no operator.
    pub(crate) fn literal(&self) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        for piece in &self.0 {
            let Piece::Text(piece) = piece else { return None };
            text.extend_from_slice(piece);
        }
        Some(text)
    }

    pub(crate) fn operators_mut(&mut self) -> impl Iterator<Item = &mut Operator> {
        self.0.iter_mut().filter_map(|piece| match piece {
            Piece::Operator(operator) => Some(operator),
            Piece::Text(_) => None,
        })
    }
}

/// JSON whose texts hold operators.
#[derive(Debug, Clone)]
pub enum JsonNode {
    /// An object, in order.
    Object(Vec<(Box<str>, Self)>),
    /// A list.
    Array(Vec<Self>),
    /// One operator: its own type, null where it stands for nothing.
    Operator(Operator),
    /// A text with operators among other things.
    Text(Format),
    /// A number as it stands.
    Number(Number),
    /// A boolean as it stands.
    Bool(bool),
    /// Null as it stands.
    Null,
}

impl JsonNode {
    /// Appends the JSON.
    pub fn write(&self, values: &dyn Values, omit_empty: bool, out: &mut Vec<u8>) {
        match self {
            Self::Object(fields) => {
                out.push(b'{');
                let mut first = true;
                for (key, node) in fields {
                    let mark = out.len();
                    if !first {
                        out.push(b',');
                    }
                    write_json_text(key.as_bytes(), out);
                    out.push(b':');
                    let start = out.len();
                    node.write(values, omit_empty, out);
                    if omit_empty && &out[start..] == b"null" {
                        out.truncate(mark);
                    } else {
                        first = false;
                    }
                }
                out.push(b'}');
            }
            Self::Array(nodes) => {
                out.push(b'[');
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    node.write(values, omit_empty, out);
                }
                out.push(b']');
            }
            Self::Operator(operator) => {
                let mut text = Vec::new();
                if !values.write(operator, &mut text) {
                    out.extend_from_slice(b"null");
                } else if operator.is_number() {
                    out.extend_from_slice(&text);
                } else {
                    write_json_text(&text, out);
                }
            }
            Self::Text(format) => {
                let mut text = Vec::new();
                format.write(values, if omit_empty { b"" } else { b"-" }, &mut text);
                write_json_text(&text, out);
            }
            Self::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Self::Null => out.extend_from_slice(b"null"),
        }
    }

    pub(crate) fn operators_mut(&mut self) -> Vec<&mut Operator> {
        match self {
            Self::Object(fields) => fields.iter_mut().flat_map(|(_, node)| node.operators_mut()).collect(),
            Self::Array(nodes) => nodes.iter_mut().flat_map(Self::operators_mut).collect(),
            Self::Operator(operator) => vec![operator],
            Self::Text(format) => format.operators_mut().collect(),
            Self::Number(_) | Self::Bool(_) | Self::Null => Vec::new(),
        }
    }
}

/// A JSON text; bytes that are no UTF-8 become U+FFFD.
fn write_json_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            c if (c as u32) < 0x20 => out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes()),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}
