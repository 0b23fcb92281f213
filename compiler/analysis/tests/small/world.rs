//! A mesh from YAML, in which a table can be replaced by one made by chance.

use std::sync::Arc;

use meshc_effective::model::{EffectiveMesh, Proxy, RouteTable};
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};

/// A mesh with its sources.
pub(crate) struct World {
    pub(crate) sources: SourceSet,
    pub(crate) mesh: EffectiveMesh,
}

impl World {
    /// Compiles YAML.
    pub(crate) fn new(text: &str) -> Self {
        let sources = SourceSet::new(vec![SourceFile::new("world.yaml", text)]);
        let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
        let refused =
            outcome.diagnostics.iter().find(|found| found.severity == meshc_diagnostics::Severity::Error);
        assert!(refused.is_none(), "{refused:?}");
        let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
        Self { sources, mesh }
    }

    /// The same with one table at the first proxy.
    pub(crate) fn with_table(&self, table: RouteTable) -> EffectiveMesh {
        let first: &Proxy = self.mesh.proxies.first().expect("a proxy");
        let mut proxy = first.clone();
        proxy.tables = Arc::new([(table.name.clone(), Arc::new(table))].into());
        EffectiveMesh { proxies: vec![Arc::new(proxy)], diagnostics: Vec::new() }
    }
}
