//! A compiled mesh that follows edits: what depends on what was edited is made anew, and nothing else.
//!
//! Every part of the effective configuration is one allocation that all proxies share which have it. An edit that changes
//! the contents of a part and nothing about who has it is followed by making that part again and putting it in the place
//! of the old one wherever that is met. Whatever else follows from an edit is not followed here, but said so: then the
//! mesh is compiled anew.

mod endpoints;
mod policies;
mod routes;

use std::sync::Arc;

use meshc_mesh::{Mesh, Service};
use meshc_resources::Edit;

use crate::clusters;
use crate::compile::compile_kept;
use crate::model::{Cluster, EffectiveMesh, RouteTable};

/// A compiled mesh with what it takes to follow edits.
#[derive(Debug)]
pub struct Kept {
    mesh: EffectiveMesh,
    clusters: clusters::Kept,
}

/// What an edit made of a compiled mesh: the new configuration of the proxies that it touches, as the parts that changed.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The places of the proxies that it touches, in [`EffectiveMesh::proxies`].
    pub proxies: Vec<usize>,
    /// The new route tables.
    pub tables: Vec<Arc<RouteTable>>,
    /// The new clusters.
    pub clusters: Vec<Arc<Cluster>>,
}

impl Kept {
    /// Compiles a mesh.
    pub fn new(mesh: &Mesh) -> Self {
        let (mesh, clusters) = compile_kept(mesh);
        Self { mesh, clusters }
    }

    /// The effective mesh.
    pub fn mesh(&self) -> &EffectiveMesh {
        &self.mesh
    }

    /// Follows an edit, which the resources have taken in: in the mesh, then here. None where more depends on it: then
    /// both are to be made anew, and what they are until then means nothing.
    pub fn follow(
        &mut self,
        mesh: &mut Mesh,
        resources: &meshc_resources::Resources,
        edit: &Edit,
    ) -> Option<Change> {
        let mut change = Change::default();
        let mut routes = Vec::new();
        for (before, after) in &edit.virtual_services {
            routes.push(mesh.replace_virtual_service(before, after)?);
        }
        if !routes.is_empty() {
            change.add(routes::follow(&mut self.mesh, mesh, &routes)?);
        }
        for (before, after) in &edit.endpoint_slices {
            let (old, new) = mesh.replace_endpoints(resources, before, after)?;
            change.add(self.endpoints(mesh, &old, &new)?);
        }
        if !edit.policies.is_empty() {
            mesh.replace_policies(resources)?;
            change.add(policies::follow(&mut self.mesh, mesh, &edit.policies)?);
        }
        Some(change)
    }

    fn endpoints(&mut self, mesh: &Mesh, old: &Arc<Service>, new: &Arc<Service>) -> Option<Change> {
        let made = self.clusters.follow(mesh, old, new)?;
        Some(endpoints::follow(&mut self.mesh, &made))
    }
}

impl Change {
    /// What a later edit made, too.
    pub(crate) fn add(&mut self, later: Self) {
        self.proxies.extend(later.proxies);
        self.proxies.sort_unstable();
        self.proxies.dedup();
        self.tables.extend(later.tables);
        self.clusters.extend(later.clusters);
    }
}
