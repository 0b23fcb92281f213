//! The protocol of a port, as Istio selects it: by `appProtocol`, else by the port's name, else unknown
//! and found out from the first bytes (`pkg/config/protocol` and `pkg/config/kube`).

use std::fmt;

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// HTTP/1.1, plaintext.
    Http,
    /// HTTP/2, plaintext.
    Http2,
    /// gRPC.
    Grpc,
    /// gRPC-Web.
    GrpcWeb,
    /// A generic outbound proxy port of a `Sidecar`.
    HttpProxy,
    /// HTTP over TLS: opaque bytes to a sidecar.
    Https,
    /// Bytes.
    Tcp,
    /// TLS with SNI.
    Tls,
    /// Datagrams, which the mesh leaves alone.
    Udp,
    /// MongoDB.
    Mongo,
    /// Redis.
    Redis,
    /// MySQL.
    MySql,
    /// Not said: proxies look at the first bytes.
    Auto,
}

/// Ports whose servers speak first, so that looking at the first bytes would break them.
const SERVER_FIRST_PORTS: [u16; 4] = [25, 53, 3306, 27017];

impl Protocol {
    /// The protocol with this name, case ignored; `Auto` for any other text.
    pub fn parse(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            "grpc" => Self::Grpc,
            "grpc-web" => Self::GrpcWeb,
            "http" => Self::Http,
            "http_proxy" => Self::HttpProxy,
            "http2" => Self::Http2,
            "https" => Self::Https,
            "tls" => Self::Tls,
            "mongo" => Self::Mongo,
            "redis" => Self::Redis,
            "mysql" => Self::MySql,
            _ => Self::Auto,
        }
    }

    /// The protocol of a Kubernetes Service's port. `transport` is `TCP`, `UDP` or `SCTP`.
    pub fn of_service_port(
        port: u16,
        name: &str,
        transport: Option<&str>,
        app_protocol: Option<&str>,
    ) -> Self {
        if transport == Some("UDP") {
            return Self::Udp;
        }
        match app_protocol {
            Some("kubernetes.io/h2c") => return Self::Http2,
            Some("kubernetes.io/ws") => return Self::Http,
            Some("kubernetes.io/wss") => return Self::Https,
            Some(_) | None => {}
        }
        let name = app_protocol.unwrap_or(name);
        if name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("grpc-web")) {
            return Self::GrpcWeb;
        }
        let before_hyphen = name.split_once('-').map_or(name, |(before, _)| before);
        match Self::parse(before_hyphen) {
            Self::Auto if SERVER_FIRST_PORTS.contains(&port) => Self::Tcp,
            found => found,
        }
    }

    /// Whether it is HTTP for certain.
    pub fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Http2 | Self::HttpProxy | Self::Grpc | Self::GrpcWeb)
    }

    /// Whether it is HTTP or may turn out to be.
    pub fn may_be_http(self) -> bool {
        self.is_http() || self == Self::Auto
    }

    /// Whether it is HTTP/2 for certain.
    pub fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// Whether it is gRPC.
    pub fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::GrpcWeb)
    }

    /// Whether it is forwarded as bytes.
    pub fn is_tcp(self) -> bool {
        matches!(self, Self::Tcp | Self::Https | Self::Tls | Self::Mongo | Self::Redis | Self::MySql)
    }

    /// Whether it runs over TLS.
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Http2 => "HTTP2",
            Self::Grpc => "GRPC",
            Self::GrpcWeb => "GRPC-Web",
            Self::HttpProxy => "HTTP_PROXY",
            Self::Https => "HTTPS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Udp => "UDP",
            Self::Mongo => "Mongo",
            Self::Redis => "Redis",
            Self::MySql => "MySQL",
            Self::Auto => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ports_name_says_its_protocol_up_to_the_hyphen() {
        let by_name = |name| Protocol::of_service_port(9080, name, None, None);
        assert_eq!(by_name("http"), Protocol::Http);
        assert_eq!(by_name("HTTP-admin"), Protocol::Http);
        assert_eq!(by_name("grpc-web-ui"), Protocol::GrpcWeb);
        assert_eq!(by_name("grpc-orders"), Protocol::Grpc);
        assert_eq!(by_name("tcp-feed"), Protocol::Tcp);
        assert_eq!(by_name("web"), Protocol::Auto);
        assert_eq!(by_name("http2foo"), Protocol::Auto);
        assert_eq!(by_name(""), Protocol::Auto);
    }

    #[test]
    fn app_protocol_wins_over_the_name() {
        let of = |app| Protocol::of_service_port(80, "tcp-x", None, Some(app));
        assert_eq!(of("http"), Protocol::Http);
        assert_eq!(of("kubernetes.io/h2c"), Protocol::Http2);
        assert_eq!(of("kubernetes.io/wss"), Protocol::Https);
        assert_eq!(of("example.com/own"), Protocol::Auto);
        assert_eq!(Protocol::of_service_port(53, "http", Some("UDP"), None), Protocol::Udp);
    }

    #[test]
    fn well_known_server_first_ports_are_tcp() {
        assert_eq!(Protocol::of_service_port(3306, "db", None, None), Protocol::Tcp);
        assert_eq!(Protocol::of_service_port(3306, "http", None, None), Protocol::Http);
    }
}
