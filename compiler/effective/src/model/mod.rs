//! The intermediate representation: one [`Proxy`] for each sidecar and gateway, made of shared,
//! immutable parts. Shapes follow Envoy's where Envoy decides, with the choices made explicit as types.

mod chain;
mod cluster;
mod cluster_settings;
mod clusters;
mod endpoint;
mod extension;
mod find;
mod headers;
mod listener;
mod matching;
mod origin;
mod patch;
mod proxy;
mod route;
mod security;
mod settings;
mod telemetry;
mod tls;

pub use chain::{ClientValidation, HttpChain, Secret, ServerTls, TcpForward, TlsVersion, Tunnel};
pub use cluster::{Cluster, ClusterKind, LoadBalancer};
pub use cluster_settings::{
    Balancing, Dns, DnsFamily, HttpOptions, Limits, LocalityBalancing, Lookup, OutlierDetection,
    ProxyProtocol, RetryBudget, ServiceName, TcpKeepalive, Telemetry, UpstreamProtocol, Warmup,
};
pub use clusters::{ByName, Clusters};
pub use endpoint::{Address, Endpoint, EndpointGroup, Health};
pub use extension::{Extension, ExtensionCode, ExtensionMatch, ExtensionPhase, Wasm, WasmFailure};
pub use find::{FindError, ProxyNames};
pub use headers::{AppendAction, HeaderAddition, HeaderOps};
pub use listener::{
    Binding, Chain, ChainAction, ChainMatch, Direction, Inspector, Listener, Ports, Transport,
};
pub use matching::{
    HeaderCondition, HeaderMatch, PathMatch, QueryCondition, QueryMatch, RouteMatch, StringMatch,
};
pub use origin::Origin;
pub use patch::{
    Patch, PatchChain, PatchCluster, PatchHost, PatchKind, PatchListener, PatchMatch, PatchOperation,
    PatchRoute, PatchRoutes, PatchSide, Patches,
};
pub use proxy::{EffectiveMesh, Proxy, ProxyId, ProxyKind, Reader};
pub use route::{
    Action, Backoff, Cors, DirectResponse, Fault, FaultAbort, FaultDelay, Forward, HashPolicy, Mirror,
    Percent, Redirect, RedirectPath, RegexRewrite, RetryPolicy, Rewrite, Route, RouteTable, Routes,
    VirtualHost, WeightedDestination,
};
pub use security::{
    Cidr, ExternalAuthorization, ExternalBody, ExternalHttp, ExternalService, JwtAuthentication, JwtKeys,
    JwtProvider, MetadataMatch, Mtls, MtlsMode, MtlsSetting, Permission, Principal, Rbac, RbacAction,
    RbacPolicy, RuleSet, Security, SecurityFilter, ValueMatch, spiffe,
};
pub use settings::{
    CertificateDetails, ConnectionLimits, EscapedSlashes, ForwardedCertificate, HeaderSettings,
    PathNormalization, ProxySettings, Reading, ServerHeader, Underscores,
};
pub use telemetry::{
    AccessLog, GrpcLog, LogBody, LogFormat, LogTarget, Metric, ProxyTelemetry, ReportHeader, Reports,
    Sampler, Statistics, Tag, Tracer, TracerKind, Tracing,
};
pub use tls::{Certificates, ClientTls, Tls};
