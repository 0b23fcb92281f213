//! `meshc init`, the hook, completions and manual pages: what a team does on its first day.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{edit, expect, git, repository, run};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_first_meshc_yaml_names_what_is_not_here() {
    let tree = repository();
    let root = tree.path();
    let route = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: pay, namespace: shop}\nspec:\n  hosts: [pay.example.com]\n  gateways: [platform/public]\n  http:\n    - route:\n        - destination: {host: pay.payments.svc.cluster.local}\n";
    fs::write(root.join("shop/pay.yaml"), route).expect("a file");
    let shown = expect(root, &["init", "--dry-run"], 0);
    assert!(
        shown.contains("namespaces: [\"payments\"]") && shown.contains("gateways: [\"platform/public\"]"),
        "{shown}"
    );
    assert!(!root.join("meshc.yaml").exists());
    let done = run(&root.join("shop"), &["init"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert_eq!(fs::read_to_string(root.join("meshc.yaml")).expect("a file"), shown);
    let hooks = fs::read_to_string(root.join(".pre-commit-config.yaml")).expect("a file");
    assert!(hooks.contains("meshc check --staged --changed-since HEAD"), "{hooks}");
    expect(root, &["check", "--fail-on", "warning"], 0);
    let again = run(root, &["init"]);
    assert!(stderr(&again).contains("left as it is") && stderr(&again).contains("has the hook already"));
}

#[test]
fn the_hook_joins_those_that_are_there() {
    for (before, after) in [
        (
            "repos:\n- repo: local\n  hooks: []\n",
            "repos:\n- repo: local\n  hooks: []\n- repo: local\n  hooks:\n    - id: meshc\n",
        ),
        ("repos: []\n", "repos:\n  - repo: local\n    hooks:\n      - id: meshc\n"),
        (
            "repos:\n  - repo: local\n    hooks: []",
            "    hooks: []\n  - repo: local\n    hooks:\n      - id: meshc\n",
        ),
    ] {
        let tree = repository();
        let file = tree.path().join(".pre-commit-config.yaml");
        fs::write(&file, before).expect("a file");
        let done = run(tree.path(), &["init"]);
        assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
        let text = fs::read_to_string(&file).expect("a file");
        assert!(text.contains(after), "{text}");
    }
}

#[test]
fn an_empty_repository_can_begin_with_its_settings() {
    let tree = tempfile::tempdir().expect("a directory");
    git(tree.path(), &["init", "--quiet"]);
    let done = run(tree.path(), &["init"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(tree.path().join("meshc.yaml").exists());
}

#[test]
fn shells_and_manuals_know_every_command() {
    let tree = tempfile::tempdir().expect("a directory");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = expect(tree.path(), &["completions", shell], 0);
        assert!(script.contains("changed-since"), "{shell}");
    }
    expect(tree.path(), &["man", "pages"], 0);
    let page = fs::read_to_string(tree.path().join("pages/meshc-check.1")).expect("a page");
    assert!(page.contains("changed\\-since") && page.contains(".TH meshc-check"), "{page}");
    assert!(tree.path().join("pages/meshc.1").exists());
}

/// The framework itself, in an environment of its own under `target/`; none where pip cannot install it.
fn pre_commit() -> Option<PathBuf> {
    let home = meshc_testkit::workspace().join("target/pre-commit");
    let program = home.join("bin/pre-commit");
    if !program.exists() {
        let ran = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
        let made = ran(Command::new("python3").args(["-m", "venv"]).arg(&home))
            && ran(Command::new(home.join("bin/pip")).args(["install", "--quiet", "pre-commit"]));
        if !made || !program.exists() {
            meshc_testkit::skip("the real pre-commit stops a bad commit", "no pre-commit");
            return None;
        }
    }
    Some(program)
}

/// Runs the framework with the built program first on the path.
fn with_meshc(program: &Path, directory: &Path, home: &Path) -> Command {
    let built = Path::new(env!("CARGO_BIN_EXE_meshc")).parent().expect("a directory");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(built.to_owned()).chain(std::env::split_paths(&path)));
    let mut command = Command::new(program);
    command.current_dir(directory).env("PATH", path.expect("a path")).env("PRE_COMMIT_HOME", home);
    command
}

/// What the hook's repository is to the framework: this one's hooks, as a commit.
fn hooks() -> tempfile::TempDir {
    let hooks = tempfile::tempdir().expect("a directory");
    let file = ".pre-commit-hooks.yaml";
    fs::copy(meshc_testkit::workspace().join(file), hooks.path().join(file)).expect("a copy");
    git(hooks.path(), &["init", "--quiet"]);
    git(hooks.path(), &["add", "."]);
    git(hooks.path(), &["commit", "--quiet", "--message=Hooks"]);
    hooks
}

#[test]
fn the_real_framework_stops_a_commit_and_shows_the_diagnostic() {
    let Some(program) = pre_commit() else { return };
    let (tree, hooks, home) = (repository(), hooks(), tempfile::tempdir().expect("a directory"));
    let root = tree.path();
    let at = hooks.path().to_str().expect("UTF-8");
    let attempt = || {
        with_meshc(&program, root, home.path())
            .args(["try-repo", at, "meshc-system"])
            .output()
            .expect("pre-commit runs")
    };
    edit(&root.join("shop/routes.yaml"), "subset: v3", "subset: v2");
    git(root, &["add", "."]);
    let good = attempt();
    assert!(good.status.success(), "{}{}", String::from_utf8_lossy(&good.stdout), stderr(&good));
    edit(&root.join("edge/gateway.yaml"), "host: storefront", "host: storefrnt");
    git(root, &["add", "."]);
    let bad = attempt();
    let out = String::from_utf8_lossy(&bad.stdout).into_owned();
    assert!(!bad.status.success(), "{out}");
    assert!(
        out.contains("MC1001") && out.contains("edge/gateway.yaml") && out.contains("storefront"),
        "{out}"
    );

    // And what `meshc init` writes stops the commit itself.
    assert_eq!(run(root, &["init"]).status.code(), Some(0));
    let installed = with_meshc(&program, root, home.path()).arg("install").output().expect("pre-commit runs");
    assert!(installed.status.success(), "{}", stderr(&installed));
    let mut commit = with_meshc(Path::new("git"), root, home.path());
    commit.args([
        "-c",
        "user.name=Test",
        "-c",
        "user.email=test@example.com",
        "commit",
        "--message=Break it",
    ]);
    let refused = commit.output().expect("git runs");
    let said = stderr(&refused) + &String::from_utf8_lossy(&refused.stdout);
    assert!(!refused.status.success() && said.contains("MC1001"), "{said}");
}

#[test]
fn the_ci_templates_say_what_the_program_takes() {
    let workspace = meshc_testkit::workspace();
    let help = ["check", "diff"].map(|command| expect(&workspace, &[command, "--help"], 0)).concat();
    for file in ["deploy/ci/github/action.yml", "deploy/ci/gitlab.yml", ".pre-commit-hooks.yaml"] {
        let text = fs::read_to_string(workspace.join(file)).expect("a file");
        let parsed = meshc_syntax::parse(meshc_source::FileId(0), &text, &meshc_syntax::Limits::default());
        assert_eq!((parsed.documents.len(), parsed.diagnostics), (1, Vec::new()), "{file}");
        // What other programs in the templates are told is theirs.
        let ours = text.lines().filter(|line| {
            ["meshc check ", "meshc diff ", "narrow=", "alarms="].iter().any(|part| line.contains(part))
        });
        for flag in ours.flat_map(|line| line.split([' ', '(', '"'])).filter(|word| word.starts_with("--")) {
            assert!(help.contains(flag), "{file}: {flag}");
        }
    }
}
