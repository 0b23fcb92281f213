//! Where the configuration comes from: a bundle or a bootstrap.

use std::path::PathBuf;
use std::sync::Arc;

use mesh_proxy_config::Snapshot;
use meshc_envoy::{Bootstrap, NodeConfig, protojson};

use crate::error::ProxyError;
use crate::yaml;

/// Where the configuration comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A bundle, and which of its nodes this proxy is.
    Bundle {
        /// The directory.
        path: PathBuf,
        /// The name of the node.
        node: String,
    },
    /// An Envoy bootstrap with static resources.
    Bootstrap {
        /// The file, JSON or YAML.
        path: PathBuf,
    },
}

/// A configuration that was read, verified and compiled.
pub(crate) struct Loaded {
    /// The resources as they were read.
    pub(crate) resources: Arc<NodeConfig>,
    /// The bootstrap, where there is one.
    pub(crate) bootstrap: Option<Arc<Bootstrap>>,
    /// The snapshot, once for each worker.
    pub(crate) snapshot: Snapshot,
    /// What identifies the configuration; none for a bootstrap.
    pub(crate) digest: Option<String>,
    /// What identifies its endpoints; none for a bootstrap.
    pub(crate) endpoints_digest: Option<String>,
    /// Who this proxy is.
    pub(crate) node: String,
}

impl Loaded {
    /// Another copy of the snapshot that shares nothing with the first.
    pub(crate) fn compile(&self) -> Result<Snapshot, ProxyError> {
        Ok(match &self.bootstrap {
            Some(bootstrap) => Snapshot::from_bootstrap(bootstrap)?,
            None => Snapshot::new(&self.resources)?,
        })
    }
}

impl Source {
    /// Reads, verifies and compiles.
    pub(crate) fn load(&self) -> Result<Loaded, ProxyError> {
        match self {
            Self::Bundle { path, node } => {
                let failed = |source| ProxyError::Bundle { path: path.clone(), source };
                let bundle = meshc_bundle::read(path).map_err(failed)?;
                let resources =
                    bundle.node(node).map_err(failed)?.ok_or_else(|| ProxyError::UnknownNode {
                        path: path.clone(),
                        node: node.clone(),
                        known: bundle.nodes().take(10).collect::<Vec<_>>().join(", "),
                    })?;
                Ok(Loaded {
                    snapshot: Snapshot::new(&resources)?,
                    resources: Arc::new(resources),
                    bootstrap: None,
                    digest: Some(bundle.digest().to_string()),
                    endpoints_digest: Some(bundle.endpoints_digest().to_string()),
                    node: node.clone(),
                })
            }
            Self::Bootstrap { path } => {
                let bytes =
                    std::fs::read(path).map_err(|source| ProxyError::Read { path: path.clone(), source })?;
                let bootstrap = read_bootstrap(&bytes)
                    .map_err(|message| ProxyError::Bootstrap { path: path.clone(), message })?;
                let statics = bootstrap.static_resources.clone().unwrap_or_default();
                Ok(Loaded {
                    snapshot: Snapshot::from_bootstrap(&bootstrap)?,
                    resources: Arc::new(NodeConfig {
                        listeners: statics.listeners,
                        clusters: statics.clusters,
                        routes: Vec::new(),
                        endpoints: Vec::new(),
                    }),
                    node: bootstrap.node.as_ref().map_or_else(String::new, |node| node.id.clone()),
                    bootstrap: Some(Arc::new(bootstrap)),
                    digest: None,
                    endpoints_digest: None,
                })
            }
        }
    }
}

/// Reads a bootstrap in JSON or YAML.
pub(crate) fn read_bootstrap(bytes: &[u8]) -> Result<Bootstrap, String> {
    if bytes.len() > protojson::MAX_DOCUMENT_BYTES {
        return Err(format!("the file has more than {} bytes", protojson::MAX_DOCUMENT_BYTES));
    }
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let value = if first == Some(&b'{') {
        protojson::value_from_slice(bytes).map_err(|error| error.to_string())?
    } else {
        let text = std::str::from_utf8(bytes).map_err(|error| format!("neither JSON nor YAML: {error}"))?;
        yaml::parse(text)?
    };
    protojson::from_value(value).map_err(|error| format!("{error}{}", suffix(&error)))
}

/// What is said behind a refusal of a field: that it is mesh-proxy who refuses.
fn suffix(error: &protojson::Error) -> &'static str {
    if error.message().ends_with("is not implemented") { " by mesh-proxy" } else { "" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::read_bootstrap;

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_bootstrap(&bytes);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in r#"[-{}\[\]:,&*!|>'"%@`#?~a-c0-9 \n]{0,80}"#) {
            let _ = read_bootstrap(text.as_bytes());
        }
    }
}
