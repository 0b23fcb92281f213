//! `meshc init`: a first `meshc.yaml` and the hook, for a repository that was looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use meshc_mesh::hostname::qualify_gateway;
use meshc_source::{ProblemKind, Selection};

use super::DONE;
use crate::args::{Init, RevisionArgs};
use crate::load::{Failure, Selected, Workspace, current_directory};
use crate::output;

/// The hook's configuration of the pre-commit framework.
const HOOKS: &str = ".pre-commit-config.yaml";

/// What a repository holds, as far as a first `meshc.yaml` is concerned.
#[derive(Default)]
struct Seen {
    /// Namespaces that hosts are in and of which there is no Service.
    namespaces: BTreeSet<String>,
    /// Gateways that are named and not there.
    gateways: BTreeSet<String>,
    /// Charts with templates.
    charts: BTreeSet<String>,
    /// Overlays: directories that are rendered, each a mesh of its own.
    overlays: Vec<String>,
    /// How many resources a mesh reads.
    resources: usize,
    /// How many findings of each severity there are, with all of that set.
    errors: usize,
}

pub(crate) fn run(args: &Init) -> Result<u8, Failure> {
    let here = current_directory();
    let root = args.directory.clone().unwrap_or_else(|| root_of(&here));
    let seen = look(&root)?;
    let settings = settings(&seen);
    let path = root.join(meshc_settings::FILE);
    if args.dry_run {
        output::out(&settings);
        return Ok(DONE);
    }
    if path.exists() {
        output::note(&format!("{} is there already: it is left as it is", path.display()));
    } else {
        write(&path, &settings)?;
    }
    hook(&root)?;
    output::note(&format!(
        "{} resources seen; `meshc check` has {} errors today",
        seen.resources, seen.errors
    ));
    if seen.errors > 0 {
        output::note(
            "`meshc check --baseline .meshc-baseline.json` records them, and reports only what is new",
        );
    }
    Ok(DONE)
}

/// The nearest directory upward with a repository, else the directory itself.
fn root_of(directory: &Path) -> PathBuf {
    let repository = directory.ancestors().find(|ancestor| ancestor.join(".git").exists());
    repository.unwrap_or(directory).to_owned()
}

fn look(root: &Path) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let selected = Selected::new(&[root.to_owned()], &RevisionArgs::default());
    let mut workspace = match Workspace::read(&selected) {
        Ok(workspace) => workspace,
        // A repository may begin with its settings.
        Err(failure) if failure.is_nothing() => return Ok(seen),
        Err(failure) => return Err(failure),
    };
    for (view, tree) in workspace.trees() {
        seen.resources += tree.resources.len();
        seen.overlays.extend(view.map(str::to_owned));
        seen.namespaces.extend(meshc_analysis::unseen_namespaces(&tree.resources, &tree.mesh));
        for route in &tree.resources.virtual_services {
            let named = route.spec.gateways.iter().map(|gateway| qualify_gateway(gateway, route.namespace()));
            let missing = named.filter(|key| key.contains('/') && tree.mesh.gateway(key).is_none());
            // A gateway of the tree's own namespaces is a mistake, not another repository's.
            let elsewhere = missing.filter(|key| {
                key.split_once('/').is_some_and(|(namespace, _)| !tree.mesh.is_inhabited(namespace))
            });
            seen.gateways.extend(elsewhere);
        }
    }
    let found = workspace.check(&[]);
    seen.errors = found.iter().filter(|f| f.severity == meshc_diagnostics::Severity::Error).count();
    let loaded = meshc_source::load(
        &Selection::worktree(root, vec![PathBuf::from(".")]),
        &meshc_source::Limits::default(),
    );
    if let Ok((sources, problems)) = loaded {
        for problem in problems {
            let path = &sources.file(problem.file).path;
            if matches!(problem.kind, ProblemKind::HelmTemplates { .. }) {
                seen.charts.insert(path.trim_end_matches("/templates").to_owned());
            }
        }
    }
    Ok(seen)
}

/// The text of a first `meshc.yaml`: what was seen, and a word about the rest.
fn settings(seen: &Seen) -> String {
    let mut text = String::from(
        "# The mesh begins at this directory. Everything here is optional; paths count from here.\n",
    );
    let mut add = |line: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    };
    let list = |names: &mut dyn Iterator<Item = &String>| {
        names.map(|name| serde_json::to_string(name).unwrap_or_default()).collect::<Vec<_>>().join(", ")
    };
    add("");
    add("# What lives elsewhere: it is not reported as missing. `*` stands for any characters.");
    if seen.namespaces.is_empty() && seen.gateways.is_empty() {
        add("# external:");
        add("#   services: [\"payments.prod\", \"*.example.com\"]");
        add("#   snapshot: cluster.yaml    # kubectl get services,gateways -A -o yaml");
    } else {
        add("external:");
        if !seen.namespaces.is_empty() {
            add("  # No Service of these namespaces is in this repository.");
            add(&format!("  namespaces: [{}]", list(&mut seen.namespaces.iter())));
        }
        if !seen.gateways.is_empty() {
            add(&format!("  gateways: [{}]", list(&mut seen.gateways.iter())));
        }
        add("  # services: [\"*.example.com\"]");
        add("  # snapshot: cluster.yaml    # kubectl get services,gateways -A -o yaml");
    }
    add("");
    if seen.overlays.is_empty() {
        add("# Environments or clusters of one repository: each is a mesh of its own.");
        add("# views:");
        add("#   prod: {paths: [base, overlays/prod]}");
    } else {
        add("# Each is rendered, and a mesh of its own.");
        add("views:");
        for (name, overlay) in names(&seen.overlays) {
            add(&format!("  {name}: {{paths: [{}]}}", list(&mut [overlay].into_iter())));
        }
    }
    if !seen.charts.is_empty() {
        add("");
        add("# Charts are rendered by `helm template`, once for each release.");
        add("helm:");
        for chart in &seen.charts {
            add(&format!("  - {{chart: {}, values: []}}", list(&mut [chart].into_iter())));
        }
    }
    add("");
    add("# How loud rules are: ignore, info, warning or error; `meshc rules` lists them.");
    add("# levels: {idle-service: info}");
    add("# overrides:");
    add("#   - {paths: [legacy], levels: {unknown-host: warning}}");
    text
}

/// A short name for each overlay: its last part, or all of it where that is not enough.
fn names(overlays: &[String]) -> BTreeMap<String, &String> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let unique = overlays.iter().map(|path| last(path)).collect::<BTreeSet<_>>().len() == overlays.len();
    overlays.iter().map(|path| (if unique { last(path) } else { path.replace('/', "-") }, path)).collect()
}

/// Adds the hook to the configuration of the pre-commit framework.
fn hook(root: &Path) -> Result<(), Failure> {
    let path = root.join(HOOKS);
    let ours = "  - repo: local\n    hooks:\n      - id: meshc\n        name: meshc\n        \
                entry: meshc check --staged --changed-since HEAD\n        language: system\n        \
                files: '(\\.(ya?ml|json)|Kustomization)$'\n        pass_filenames: false\n";
    match fs::read_to_string(&path) {
        Ok(text) if text.contains("meshc") => {
            output::note(&format!("{} has the hook already", path.display()));
            Ok(())
        }
        Ok(text) if text.trim_end().ends_with("repos: []") => {
            let before = text.trim_end().trim_end_matches("[]").trim_end();
            write(&path, &format!("{before}\n{ours}"))
        }
        // A list at the end of the file takes one more item as it is indented; anything else is a person's to mend.
        Ok(text) if text.lines().any(|line| line.trim_end() == "repos:") => {
            let dash = text.lines().find(|line| line.trim_start().starts_with("- repo:"));
            let indent = dash.map_or(2, |line| line.len() - line.trim_start().len());
            let item: String =
                ours.lines().map(|line| format!("{}{}\n", " ".repeat(indent), &line[2..])).collect();
            let newline = if text.ends_with('\n') { "" } else { "\n" };
            write(&path, &format!("{text}{newline}{item}"))
        }
        Ok(_) => {
            output::note(&format!("add the hook to {} by hand:\n{ours}", path.display()));
            Ok(())
        }
        Err(_) => write(&path, &format!("repos:\n{ours}")),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    output::replace(path, text.as_bytes())
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    output::note(&format!("wrote {}", path.display()));
    Ok(())
}
