//! Stock Envoy takes every bootstrap that is written for it: of the oracle's worlds, of the samples, and of meshes made by
//! chance. A part in every run, all of them with `cargo xtask validate`.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_testkit::meshes::{Style, mesh};
use meshc_testkit::parts;
use meshc_testkit::real::validate;
use meshc_xds::Writer;
use meshc_xds::bootstrap::bootstrap;
use serde_json::Value;

/// The bootstraps of all proxies of a tree. What a tree uses and this version does not model is left out, as by a command
/// that was told to go on.
fn bootstraps(label: &str, files: Vec<SourceFile>) -> Vec<(String, Value)> {
    let sources = SourceSet::new(files);
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let effective = meshc_effective::compile(&Mesh::new(&outcome.resources));
    let mut writer = Writer::new();
    let one = |proxy: &meshc_effective::model::Proxy| {
        let id = proxy.id.to_string();
        (format!("{label}/{id}"), bootstrap(&id, &writer.node(proxy)))
    };
    effective.proxies.iter().map(|proxy| &**proxy).map(one).collect()
}

/// Bootstraps on their way to Envoy. Proxies that differ in nothing but their name are one to it.
struct Batch {
    envoy: Option<PathBuf>,
    what: &'static str,
    trees: u64,
    /// Digests of what was seen.
    seen: HashSet<u64>,
    waiting: Vec<(String, Value)>,
    proxies: u64,
    refused: Vec<(String, String)>,
}

impl Batch {
    /// As many as are held at once.
    const MOST: usize = 160;

    fn new(what: &'static str) -> Self {
        let envoy = meshc_testkit::envoy(what);
        Self {
            envoy,
            what,
            trees: 0,
            seen: HashSet::new(),
            waiting: Vec::new(),
            proxies: 0,
            refused: Vec::new(),
        }
    }

    /// Adds all proxies of a tree.
    fn add(&mut self, bootstraps: Vec<(String, Value)>) {
        self.trees += 1;
        for (label, bootstrap) in bootstraps {
            self.proxies += 1;
            let mut digest = DefaultHasher::new();
            bootstrap["static_resources"].to_string().hash(&mut digest);
            if self.seen.insert(digest.finish()) {
                self.waiting.push((label, bootstrap));
            }
        }
        if self.waiting.len() >= Self::MOST {
            self.ask();
        }
    }

    fn ask(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        if let Some(envoy) = &self.envoy {
            self.refused.extend(validate(envoy, &waiting).expect("Envoy runs"));
        }
    }

    /// Asks Envoy about the rest, and tells what it refused, by reason.
    #[expect(clippy::print_stdout, reason = "the number is what this test is for")]
    fn judge(mut self) {
        self.ask();
        if self.envoy.is_none() {
            return;
        }
        let mut classes: BTreeMap<String, (usize, &str)> = BTreeMap::new();
        for (label, said) in &self.refused {
            let reason = said.lines().last().unwrap_or_default();
            let reason = reason.rsplit(".json': ").next().unwrap_or(reason).chars().take(300).collect();
            classes.entry(reason).or_insert((0, label)).0 += 1;
        }
        let (what, different, refused) = (self.what, self.seen.len() as u64, self.refused.len() as u64);
        println!("{what}: {} of {different} bootstraps taken", different - refused);
        parts::found(&[
            ("trees", self.trees),
            ("proxies", self.proxies),
            ("different bootstraps", different),
            ("refused", refused),
        ]);
        for (reason, (count, label)) in &classes {
            println!("{count:5}  {reason}  ({label})");
        }
        assert!(self.refused.is_empty(), "{what}: Envoy refuses {} bootstraps", self.refused.len());
    }
}

fn cases(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut cases: Vec<_> = entries.filter(|path| path.join("input.yaml").is_file()).collect();
    cases.sort();
    cases
}

#[test]
fn every_recorded_world() {
    let Some(oracle) = meshc_testkit::shared("every_recorded_world", "oracle") else { return };
    let mut batch = Batch::new("every_recorded_world");
    let kinds = ["requests", "meshes", "authz", "xds"].into_iter();
    let all = kinds.flat_map(|kind| cases(&oracle.join(kind))).collect();
    for case in parts::members(all, 43) {
        let name = case.strip_prefix(&oracle).unwrap_or(&case).display().to_string();
        let text = fs::read_to_string(case.join("input.yaml")).expect("the case has an input");
        batch.add(bootstraps(&name, vec![SourceFile::new("input.yaml", text)]));
    }
    batch.judge();
}

/// The folders below a root that hold YAML, each as a tree of its own.
fn trees(root: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    if files.iter().any(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        found.push(root.to_path_buf());
    }
    for folder in &folders {
        trees(folder, found);
    }
}

#[test]
fn every_sample() {
    let mut folders = Vec::new();
    trees(&meshc_testkit::workspace().join("testdata/bookshop"), &mut folders);
    if let Some(samples) = meshc_testkit::shared("every_sample", "samples/istio") {
        trees(&samples, &mut folders);
    }
    folders.sort();
    let mut batch = Batch::new("every_sample");
    for folder in parts::members(folders, 12) {
        let entries = fs::read_dir(&folder).expect("readable").flatten().map(|entry| entry.path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
        files.sort();
        let files = files.iter().filter_map(|file| {
            Some(SourceFile::new(file.display().to_string(), fs::read_to_string(file).ok()?))
        });
        batch.add(bootstraps(&folder.display().to_string(), files.collect()));
    }
    batch.judge();
}

#[test]
fn meshes_made_by_chance() {
    let mut batch = Batch::new("meshes_made_by_chance");
    for seed in parts::cases(8) {
        let text = mesh(seed, Style::Everything);
        batch.add(bootstraps(&format!("seed {seed}"), vec![SourceFile::new("mesh.yaml", text)]));
    }
    batch.judge();
}
