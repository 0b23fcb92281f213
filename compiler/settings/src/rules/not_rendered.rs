//! MC3005 not-rendered: a directory that was not checked, because what renders it is not here.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Says that a Kustomize directory or a Helm chart was not checked, because no program that renders it was found.
    /// A directory with a `kustomization.yaml` is rendered by `kustomize build`, else by `kubectl kustomize`; a chart
    /// that `meshc.yaml` names by `helm template`.
    ///
    /// ## What happens to traffic
    /// meshc does not know: nothing of the directory was read, and what other files name in it may be reported as
    /// missing.
    ///
    /// ## Use instead
    /// Install the program, or name another one in `meshc.yaml`:
    /// ```yaml
    /// kustomize: {command: [kubectl, kustomize]}
    /// ```
    pub NOT_RENDERED = "MC3005", "not-rendered", Info, Document,
    "A directory that was not checked, because what renders it is not here",
    []
}
