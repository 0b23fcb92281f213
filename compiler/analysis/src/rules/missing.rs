//! Something that is written in the tree and that nothing in it declares.

use meshc_diagnostics::Severity;

use super::context::Context;

/// What is missing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Missing<'a> {
    /// A namespace.
    Namespace(&'a str),
    /// Namespace and name.
    ServiceAccount(&'a str, &'a str),
    /// Namespace and name.
    Secret(&'a str, &'a str),
}

impl Missing<'_> {
    /// How bad it is, if it is this bad in a tree that holds its surroundings: only worth knowing where the tree holds
    /// nothing of them, and nothing where the settings say that it lives elsewhere.
    pub(super) fn severity(self, context: &Context<'_>, certain: Severity) -> Option<Severity> {
        let external = &context.mesh.external;
        let (elsewhere, unseen) = match self {
            Self::Namespace(name) => (external.has_namespace(name), context.resources.namespaces.is_empty()),
            Self::ServiceAccount(namespace, name) => {
                (external.has_service_account(namespace, name), !context.has_workloads(namespace))
            }
            Self::Secret(namespace, name) => (external.has_secret(namespace, name), !context.has_secrets),
        };
        match (elsewhere, unseen) {
            (true, _) => None,
            (false, true) => Some(Severity::Info.min(certain)),
            (false, false) => Some(certain),
        }
    }
}
