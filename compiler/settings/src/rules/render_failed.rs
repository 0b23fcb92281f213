//! MC3006 render-failed: a directory that does not render.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports what `kustomize` or `helm` said when it could not render a directory.
    ///
    /// ## What happens to traffic
    /// The directory cannot be deployed as it is; nothing of it was checked.
    ///
    /// ## Use instead
    /// Run the command that the finding names, and mend what it says.
    pub RENDER_FAILED = "MC3006", "render-failed", Error, Document,
    "A directory that does not render",
    []
}
