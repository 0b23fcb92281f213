//! The bookshop, compiled and laid out, for the tests of `up`.

use std::collections::{BTreeMap, BTreeSet};

use meshc_effective::model::{EffectiveMesh, Proxy};
use meshc_source::{Limits, Selection, SourceSet};

use super::layout::{Layout, Terms};
use super::localize::localize;
use super::world::World;
use crate::standin::spec::Listening;

/// The terms of every test.
pub(super) const TERMS: Terms = Terms { subnet: 10, replicas: 2, port_offset: 0 };

/// The bookshop as every command sees it.
pub(super) fn bookshop() -> (SourceSet, EffectiveMesh) {
    let paths = vec!["testdata/bookshop".into()];
    let selection = Selection::worktree(meshc_testkit::workspace(), paths);
    let (sources, problems) = meshc_source::load(&selection, &Limits::default()).expect("the bookshop");
    assert!(problems.is_empty());
    compiled(sources)
}

/// A mesh of one text.
pub(super) fn mesh(yaml: &str) -> (SourceSet, EffectiveMesh) {
    compiled(SourceSet::of("mesh.yaml", yaml))
}

fn compiled(sources: SourceSet) -> (SourceSet, EffectiveMesh) {
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let mesh = meshc_effective::compile(&meshc_mesh::Mesh::new(&outcome.resources));
    (sources, mesh)
}

/// Applications that listen on ports from 40000 on, in order.
pub(super) fn listening(layout: &Layout) -> Listening {
    let mut next = 40_000;
    let mut ports = |app: &crate::standin::spec::App| -> BTreeMap<u16, u16> {
        let taken = app.ports.keys().map(|&port| {
            next += 1;
            (port, next)
        });
        taken.collect()
    };
    Listening { apps: layout.apps.iter().map(|(key, app)| (key.clone(), ports(app))).collect() }
}

/// A mesh as it would run.
pub(super) fn world((sources, mesh): (SourceSet, EffectiveMesh), terms: Terms, refused: &[u16]) -> World {
    let refused: BTreeSet<u16> = refused.iter().copied().collect();
    let layout = Layout::plan(&mesh, terms, &refused, None).expect("a layout");
    let local = localize(&mesh, &layout, &listening(&layout));
    World { sources, mesh, local, layout }
}

/// A proxy of the world as it runs.
pub(super) fn local<'w>(world: &'w World, name: &str) -> &'w Proxy {
    world.local.find(name).expect("a proxy")
}
