//! Istio's recorded resources beside ours: read, brought into one form, compared one resource at a time.

mod compare;
mod mesh_log;
mod normal;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use meshc_mesh::Mesh;
use meshc_resources::rules::is_refusal;
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;
use meshc_xds::{Target, Writer};
use rayon::prelude::*;
use serde_json::Value;

pub(crate) use compare::Tally;

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Listeners.
    Lds,
    /// Route tables.
    Rds,
    /// Clusters.
    Cds,
    /// Endpoints.
    Eds,
}

impl Kind {
    /// As its file is called.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Lds => "lds",
            Self::Rds => "rds",
            Self::Cds => "cds",
            Self::Eds => "eds",
        }
    }

    /// The field that names a resource.
    pub(crate) fn key(self) -> &'static str {
        if self == Self::Eds { "cluster_name" } else { "name" }
    }
}

/// All that Istio sent one proxy, and what we make for it.
pub(crate) struct Proxy {
    /// `CASE/POD`
    pub(crate) label: String,
    folder: PathBuf,
    /// By kind, in the order of [`Kind`]; the reason where the tree is refused or the proxy is missing.
    made: Result<[Value; 4], String>,
}

impl Proxy {
    /// What Istio sent.
    pub(crate) fn recorded(&self, kind: Kind) -> Value {
        let text = fs::read_to_string(self.folder.join(format!("{}.json", kind.as_str())));
        serde_json::from_str(&text.expect("the file is there")).expect("it is JSON")
    }

    /// What we make.
    pub(crate) fn made(&self, kind: Kind) -> Result<&Value, &str> {
        let [lds, rds, cds, eds] = self.made.as_ref().map_err(String::as_str)?;
        Ok(match kind {
            Kind::Lds => lds,
            Kind::Rds => rds,
            Kind::Cds => cds,
            Kind::Eds => eds,
        })
    }
}

/// Every proxy of every case, made once for all tests.
static PROXIES: LazyLock<Vec<Proxy>> = LazyLock::new(|| {
    let Some(folder) = meshc_testkit::shared("istio", "oracle/xds") else { return Vec::new() };
    folders(&folder).par_iter().flat_map_iter(|case| proxies(case)).collect()
});

/// Compares one kind of resource for every proxy and prints what was found.
pub(crate) fn tally(kind: Kind) -> Option<Tally> {
    let all: &[Proxy] = &PROXIES;
    (!all.is_empty()).then(|| compare::tally(all, kind))
}

/// Whether trees are compared though they are refused: `MESHC_ANYWAY=1`, for whoever implements what they use.
fn anyway() -> bool {
    std::env::var_os("MESHC_ANYWAY").is_some()
}

fn proxies(case: &Path) -> Vec<Proxy> {
    let text = fs::read_to_string(case.join("input.yaml")).expect("the case has an input");
    let sources = SourceSet::new(vec![SourceFile::new("input.yaml", text)]);
    let outcome = meshc_resources::read(&sources, &Limits::default());
    let refusal = outcome.diagnostics.iter().find(|finding| is_refusal(finding) && !anyway());
    let refusal = refusal.map(|finding| format!("refused: {}", finding.message));
    let mesh = refusal.map_or_else(|| Ok(meshc_effective::compile(&Mesh::new(&outcome.resources))), Err);
    let mut writer = Writer::for_target(Target::IstioProxy);
    let case_name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut proxies = Vec::new();
    for folder in folders(case) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let made = mesh.as_ref().map_err(Clone::clone).and_then(|mesh| {
            let proxy = mesh.find(&name).map_err(|error| error.to_string())?;
            let node = writer.node(proxy);
            let mut listeners = serde_json::to_value(&node.listeners).expect("listeners are JSON");
            mesh_log::forget(&mut listeners, proxy);
            let json = [
                Ok(listeners),
                serde_json::to_value(&node.routes),
                serde_json::to_value(&node.clusters),
                serde_json::to_value(&node.endpoints),
            ];
            Ok(json.map(|value| value.expect("resources are JSON")))
        });
        proxies.push(Proxy { label: format!("{case_name}/{name}"), folder, made });
    }
    proxies
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
