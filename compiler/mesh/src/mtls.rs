//! Mutual TLS of workloads: PeerAuthentications of mesh, namespace and workload into one answer for each port.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use meshc_resources::istio::{MutualTls, MutualTlsMode, PeerAuthentication};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::{Meta, Policy};

/// What a port takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MtlsMode {
    /// Plaintext only.
    Disable,
    /// Both: Istio's default.
    #[default]
    Permissive,
    /// Mutual TLS only.
    Strict,
}

impl fmt::Display for MtlsMode {
    /// As in a PeerAuthentication.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disable => "DISABLE",
            Self::Permissive => "PERMISSIVE",
            Self::Strict => "STRICT",
        })
    }
}

/// A mode with the policy that says so; none where it is Istio's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MtlsSetting {
    /// The mode.
    pub mode: MtlsMode,
    /// The policy, and where it says so.
    pub by: Option<(Meta, Span)>,
}

/// Which connections a workload takes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mtls {
    /// At all ports but these.
    pub all: MtlsSetting,
    /// By the pod's port.
    pub ports: BTreeMap<u16, MtlsSetting>,
}

impl Mtls {
    /// What one port of the pod takes.
    pub fn of(&self, port: u16) -> &MtlsSetting {
        self.ports.get(&port).unwrap_or(&self.all)
    }

    /// The mode of one port of the pod.
    pub fn mode(&self, port: u16) -> MtlsMode {
        self.of(port).mode
    }
}

/// Istio's `ComposePeerAuthentication` of the policies that hold, oldest first within a namespace: the oldest of a
/// scope wins, a narrower scope before a wider one, and what is not set is inherited.
pub(crate) fn compose(policies: &[&Arc<Policy<PeerAuthentication>>], root_namespace: &str) -> Mtls {
    let in_root = |policy: &&&Arc<Policy<PeerAuthentication>>| policy.meta.namespace == root_namespace;
    let of_all = |policy: &&&Arc<Policy<PeerAuthentication>>| policy.selector.is_empty();
    let mesh = policies.iter().find(|policy| in_root(policy) && of_all(policy));
    let namespace = policies.iter().find(|policy| !in_root(policy) && of_all(policy));
    // A selector in the root namespace selects nothing.
    let workload = policies.iter().find(|policy| !in_root(policy) && !of_all(policy));
    let mut mtls = Mtls::default();
    for policy in [mesh, namespace, workload].into_iter().flatten() {
        if let Some(setting) = setting(policy, policy.spec.mtls.as_ref()) {
            mtls.all = setting;
        }
    }
    for (port, written) in workload.into_iter().flat_map(|policy| &policy.spec.port_level_mtls) {
        if let (Ok(number), Some(policy)) = (port.parse(), workload) {
            let of_port = setting(policy, Some(written)).unwrap_or_else(|| mtls.all.clone());
            mtls.ports.insert(number, of_port);
        }
    }
    mtls
}

fn setting(policy: &Policy<PeerAuthentication>, written: Option<&Spanned<MutualTls>>) -> Option<MtlsSetting> {
    let written = written?.mode.as_ref()?;
    let mode = match written.value {
        MutualTlsMode::Unset => return None,
        MutualTlsMode::Disable => MtlsMode::Disable,
        MutualTlsMode::Permissive => MtlsMode::Permissive,
        MutualTlsMode::Strict => MtlsMode::Strict,
    };
    Some(MtlsSetting { mode, by: Some((policy.meta.clone(), written.span)) })
}

#[cfg(test)]
mod tests {
    use meshc_source::SourceSet;
    use meshc_syntax::Limits;

    use crate::Mesh;

    /// The modes of the pods `a` and `b` of the namespace `shop` at 80 and 81.
    fn modes(policies: &str) -> String {
        let pods = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, labels: {app: a}}\n---\n\
                    apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: shop, labels: {app: b}}\n";
        let text = format!("{pods}---\n{policies}");
        let outcome = meshc_resources::read(&SourceSet::of("mesh.yaml", &text), &Limits::default());
        let mesh = Mesh::new(&outcome.resources);
        let mode = |name: &str, port| {
            let pod = mesh.pods.iter().find(|pod| pod.name == name).expect("a pod");
            mesh.mtls_mode(pod, port).to_string()
        };
        format!("{} {} {} {}", mode("a", 80), mode("a", 81), mode("b", 80), mode("b", 81))
    }

    fn policy(name: &str, namespace: &str, spec: &str) -> String {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
             metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
        )
    }

    #[test]
    fn narrower_scopes_win_and_what_is_unset_is_inherited() {
        assert_eq!(modes(""), "PERMISSIVE PERMISSIVE PERMISSIVE PERMISSIVE");
        let mesh = policy("default", "istio-system", "{mtls: {mode: STRICT}}");
        assert_eq!(modes(&mesh), "STRICT STRICT STRICT STRICT");
        let namespace = policy("default", "shop", "{mtls: {mode: UNSET}}");
        assert_eq!(modes(&format!("{mesh}{namespace}")), "STRICT STRICT STRICT STRICT");
        let workload = policy(
            "w",
            "shop",
            "{selector: {matchLabels: {app: a}}, portLevelMtls: {80: {mode: DISABLE}, 81: {}}}",
        );
        assert_eq!(modes(&format!("{mesh}{namespace}{workload}")), "DISABLE STRICT STRICT STRICT");
    }

    #[test]
    fn the_first_of_a_scope_wins_and_selectors_of_the_root_namespace_select_nothing() {
        let two =
            policy("b", "shop", "{mtls: {mode: DISABLE}}") + &policy("a", "shop", "{mtls: {mode: STRICT}}");
        assert_eq!(modes(&two), "STRICT STRICT STRICT STRICT");
        let root = policy("r", "istio-system", "{selector: {matchLabels: {app: a}}, mtls: {mode: STRICT}}");
        assert_eq!(modes(&root), "PERMISSIVE PERMISSIVE PERMISSIVE PERMISSIVE");
    }
}
