//! Kubernetes Pod: the parts of it that a mesh reads. A pod has many others; they are left alone.

use meshc_syntax::de::{IntOrString, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::forms;
use crate::{Ignored, Metadata};

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// What it runs.
    pub spec: Option<Spanned<PodSpec>>,
    /// What has become of it.
    pub status: Option<Spanned<PodStatus>>,
}

/// Kubernetes's `PodSpec`; what no mesh reads is accepted by name and left alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// The identity; `default` when absent.
    #[schemars(transform = forms::dns_name)]
    pub service_account_name: Option<Spanned<String>>,
    /// Deprecated name of the same.
    pub service_account: Option<Spanned<String>>,
    /// Containers.
    #[schemars(
        length(min = 1),
        extend(
            "x-meshc-required" = true,
            "x-kubernetes-list-type" = "map",
            "x-kubernetes-list-map-keys" = ["name"],
        )
    )]
    pub containers: Vec<Spanned<Container>>,
    /// Run before the others, or, with `restartPolicy: Always`, beside them.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub init_containers: Vec<Spanned<Container>>,
    /// The node's own network: no sidecar.
    pub host_network: Option<Spanned<bool>>,
    /// The node.
    pub node_name: Option<Spanned<String>>,
    /// Its name in DNS, under `subdomain`.
    #[schemars(transform = forms::dns_label)]
    pub hostname: Option<Spanned<String>>,
    /// The headless Service under which it has a name in DNS.
    #[schemars(transform = forms::dns_label)]
    pub subdomain: Option<Spanned<String>>,
    /// Who its containers run as.
    pub security_context: Option<Spanned<SecurityContext>>,
    volumes: Ignored,
    ephemeral_containers: Ignored,
    restart_policy: Ignored,
    termination_grace_period_seconds: Ignored,
    active_deadline_seconds: Ignored,
    dns_policy: Ignored,
    node_selector: Ignored,
    automount_service_account_token: Ignored,
    #[serde(rename = "hostPID")]
    host_pid: Ignored,
    #[serde(rename = "hostIPC")]
    host_ipc: Ignored,
    share_process_namespace: Ignored,
    image_pull_secrets: Ignored,
    affinity: Ignored,
    scheduler_name: Ignored,
    tolerations: Ignored,
    host_aliases: Ignored,
    priority_class_name: Ignored,
    priority: Ignored,
    dns_config: Ignored,
    readiness_gates: Ignored,
    runtime_class_name: Ignored,
    enable_service_links: Ignored,
    preemption_policy: Ignored,
    overhead: Ignored,
    topology_spread_constraints: Ignored,
    #[serde(rename = "setHostnameAsFQDN")]
    set_hostname_as_fqdn: Ignored,
    os: Ignored,
    host_users: Ignored,
    scheduling_gates: Ignored,
    resource_claims: Ignored,
    resources: Ignored,
    hostname_override: Ignored,
    workload_ref: Ignored,
    scheduling_group: Ignored,
    eviction_responders: Ignored,
}

/// Kubernetes's `PodSecurityContext` and `SecurityContext`, in part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::open)]
pub struct SecurityContext {
    /// The number of the user.
    #[schemars(range(min = 0))]
    pub run_as_user: Option<Spanned<i64>>,
}

/// Kubernetes's `EnvVar`, in part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::open)]
pub struct EnvVar {
    /// Its name.
    #[schemars(required)]
    pub name: Option<Spanned<String>>,
    /// What it is, unless it comes from elsewhere.
    pub value: Option<Spanned<String>>,
}

/// Kubernetes's `Container`; what no mesh reads is accepted by name and left alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    #[schemars(required, transform = forms::dns_label)]
    pub name: Option<Spanned<String>>,
    /// What it runs.
    pub image: Option<Spanned<String>>,
    /// Its environment.
    pub env: Vec<Spanned<EnvVar>>,
    /// Who it runs as.
    pub security_context: Option<Spanned<SecurityContext>>,
    /// Ports that it says it listens on.
    #[schemars(transform = forms::holds(
        "self.all(p, !has(p.name) || self.exists_one(o, has(o.name) && o.name == p.name))",
        "the names of a container's ports must differ"
    ))]
    pub ports: Vec<Spanned<ContainerPort>>,
    /// Whether requests may come.
    pub readiness_probe: Option<Spanned<Probe>>,
    /// Whether it lives.
    pub liveness_probe: Option<Spanned<Probe>>,
    /// Whether it has begun.
    pub startup_probe: Option<Spanned<Probe>>,
    command: Ignored,
    args: Ignored,
    working_dir: Ignored,
    env_from: Ignored,
    resources: Ignored,
    resize_policy: Ignored,
    restart_policy: Ignored,
    restart_policy_rules: Ignored,
    volume_mounts: Ignored,
    volume_devices: Ignored,
    lifecycle: Ignored,
    termination_message_path: Ignored,
    termination_message_policy: Ignored,
    image_pull_policy: Ignored,
    stdin: Ignored,
    stdin_once: Ignored,
    tty: Ignored,
}

/// A port of a container.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// For `targetPort` by name.
    #[schemars(transform = forms::port_name)]
    pub name: Option<Spanned<String>>,
    /// The port.
    #[schemars(required, transform = forms::port)]
    pub container_port: Option<Spanned<u32>>,
    /// `TCP`, `UDP`, `SCTP`.
    #[schemars(transform = forms::protocol)]
    pub protocol: Option<Spanned<String>>,
    /// The node's port.
    #[schemars(range(min = 0, max = 65535))]
    pub host_port: Option<Spanned<i32>>,
    /// The node's address.
    #[serde(rename = "hostIP")]
    pub host_ip: Option<Spanned<String>>,
}

/// Kubernetes's `Probe`, in part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(
    transform = forms::open,
    extend("x-meshc-one-of" = [["exec", "httpGet", "tcpSocket", "grpc"]])
)]
pub struct Probe {
    /// A request.
    pub http_get: Option<Spanned<HttpGetAction>>,
    /// A connection.
    pub tcp_socket: Option<Spanned<TcpSocketAction>>,
}

/// Kubernetes's `HTTPGetAction`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpGetAction {
    /// The path.
    pub path: Option<Spanned<String>>,
    /// The port, by number or name.
    #[schemars(required, transform = forms::port_or_name)]
    pub port: Option<Spanned<IntOrString>>,
    /// The pod's own address when absent.
    pub host: Option<Spanned<String>>,
    /// `HTTP` or `HTTPS`.
    #[schemars(extend("enum" = ["HTTP", "HTTPS"]))]
    pub scheme: Option<Spanned<String>>,
    http_headers: Ignored,
}

/// Kubernetes's `TCPSocketAction`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpSocketAction {
    /// The port, by number or name.
    #[schemars(required, transform = forms::port_or_name)]
    pub port: Option<Spanned<IntOrString>>,
    /// The pod's own address when absent.
    pub host: Option<Spanned<String>>,
}

/// Kubernetes's `PodStatus`, in part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Running`…
    pub phase: Option<Spanned<String>>,
    /// Its address.
    #[serde(rename = "podIP")]
    pub pod_ip: Option<Spanned<String>>,
    /// All its addresses.
    #[serde(rename = "podIPs")]
    pub pod_ips: Vec<Spanned<PodIp>>,
}

/// One address of a pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodIp {
    /// IPv4 or IPv6.
    pub ip: Option<Spanned<String>>,
}
