//! What is read, under which names, and what is said of the rest.

use std::path::{Path, PathBuf};
use std::process::Command;

use meshc_source::{Limits, ProblemKind, Selection, SourceError, load, resolve};

fn write(root: &Path, path: &str, text: impl AsRef<[u8]>) {
    let file = root.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// Runs Git without the configuration of whoever runs the tests.
fn git(root: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@b"), ("GIT_COMMITTER_NAME", "a")])
        .env("GIT_COMMITTER_EMAIL", "a@b")
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn paths(list: &[&str]) -> Vec<PathBuf> {
    list.iter().map(PathBuf::from).collect()
}

/// The names that are read, each problem behind its file.
fn names(selection: &Selection) -> Vec<String> {
    let (sources, problems) = load(selection, &Limits { file_bytes: 1000, ..Limits::default() }).unwrap();
    sources
        .iter()
        .map(|(id, file)| {
            let problem = problems.iter().find(|problem| problem.file == id);
            problem.map_or_else(|| file.path.clone(), |problem| format!("{}: {:?}", file.path, problem.kind))
        })
        .collect()
}

fn sample() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let at = root.path();
    write(at, "mesh/b.yaml", "kind: B\n");
    write(at, "mesh/a.yml", "kind: A\n");
    write(at, "mesh/deep/c.json", "{}");
    write(at, "mesh/notes.txt", "x: 1\n");
    write(at, "mesh/.hidden/d.yaml", "x: 1\n");
    write(at, "mesh/ignored.yaml", "x: 1\n");
    write(at, ".gitignore", "ignored.yaml\n");
    root
}

#[test]
fn directories_and_files_are_read_together_in_order_and_once() {
    let root = sample();
    let read = |list: &[&str]| names(&Selection::worktree(root.path(), paths(list)));
    assert_eq!(read(&["mesh"]), ["mesh/a.yml", "mesh/b.yaml", "mesh/deep/c.json"]);
    assert_eq!(
        read(&["mesh/notes.txt", "./mesh/b.yaml", "mesh/deep/"]),
        ["./mesh/b.yaml", "mesh/deep/c.json", "mesh/notes.txt"]
    );
    assert_eq!(read(&["mesh/b.yaml", "mesh"]), ["mesh/a.yml", "mesh/b.yaml", "mesh/deep/c.json"]);
    assert_eq!(
        names(&Selection::worktree(root.path().join("mesh"), paths(&["."]))),
        ["a.yml", "b.yaml", "deep/c.json"]
    );
}

#[test]
fn without_paths_it_is_the_tree_around_the_directory() {
    let root = sample();
    std::fs::create_dir(root.path().join(".git")).unwrap();
    let read = |directory: &str| names(&Selection::worktree(root.path().join(directory), Vec::new()));
    assert_eq!(read("mesh/deep"), ["../a.yml", "../b.yaml", "c.json"]);
    write(root.path(), "mesh/deep/meshc.yaml", "x: 1\n");
    assert_eq!(read("mesh/deep"), ["c.json", "meshc.yaml"]);
    assert_eq!(read(""), ["mesh/a.yml", "mesh/b.yaml", "mesh/deep/c.json", "mesh/deep/meshc.yaml"]);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_read() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path();
    write(at, "binary.yaml", b"a\0b");
    write(at, "latin.yaml", b"a: \xe9\n");
    write(at, "utf16.yaml", b"\xff\xfea\0");
    write(at, "large.yaml", vec![b'#'; 2000]);
    write(at, "lfs.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    write(at, "bom.yaml", "\u{feff}a: 1\n");
    write(at, "chart/Chart.yaml", "name: c\n");
    write(at, "chart/templates/a.yaml", "a: {{ .x }}\n");
    write(at, "chart/templates/sub/b.yaml", "a: {{ .x }}\n");
    let found = names(&Selection::worktree(at, paths(&["."])));
    assert_eq!(
        found,
        [
            "binary.yaml: NotText(\"it is binary: byte 1 is NUL\")",
            "bom.yaml",
            "chart/Chart.yaml",
            "chart/templates: HelmTemplates { files: 2 }",
            "large.yaml: TooLarge { bytes: 2000, limit: 1000 }",
            "latin.yaml: NotText(\"it is not UTF-8: byte 3 begins no character\")",
            "lfs.yaml: LfsPointer",
            "utf16.yaml: NotText(\"it is UTF-16: save it as UTF-8\")",
        ]
    );
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_followed_and_circles_named() {
    let root = sample();
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.path().join(name)).unwrap();
    link("..", "mesh/deep/up");
    link("nowhere", "mesh/lost.txt");
    link("nowhere", "mesh/lost.yaml");
    link("../b.yaml", "mesh/deep/again.yaml");
    let found = names(&Selection::worktree(root.path(), paths(&["mesh"])));
    assert_eq!(
        found,
        [
            "mesh/a.yml",
            "mesh/b.yaml",
            "mesh/deep/c.json",
            "mesh/deep/up: Unreadable(\"the symbolic link leads in a circle to a directory above it\")",
            "mesh/lost.yaml: Unreadable(\"the symbolic link leads nowhere\")",
        ]
    );
}

#[test]
fn nothing_to_read_is_an_error_that_says_so() {
    let root = tempfile::tempdir().unwrap();
    let error =
        |list: &[&str]| load(&Selection::worktree(root.path(), paths(list)), &Limits::default()).unwrap_err();
    std::fs::create_dir(root.path().join("empty")).unwrap();
    assert_eq!(error(&["gone/x"]).to_string(), "`gone/x` does not exist");
    assert!(matches!(error(&["empty"]), SourceError::Empty { place } if place == "`empty`"));
}

#[test]
fn revisions_and_the_index_are_read_without_a_checkout() {
    let root = sample();
    let at = root.path();
    git(at, &["init", "-q", "-b", "main"]);
    git(at, &["add", "-A"]);
    git(at, &["commit", "-qm", "one"]);
    git(at, &["tag", "-a", "v1", "-m", "v1"]);
    write(at, "mesh/b.yaml", "kind: B2\n");
    git(at, &["commit", "-qam", "two"]);
    write(at, "mesh/new.yaml", "kind: N\n");
    git(at, &["add", "mesh/new.yaml"]);
    write(at, "mesh/b.yaml", "kind: B3\n");

    let text = |selection: Selection, name: &str| {
        let (sources, problems) = load(&selection, &Limits::default()).unwrap();
        assert_eq!(problems, []);
        sources.files().iter().find(|file| file.path == name).map(|file| file.text.to_string())
    };
    let rev = |rev: &str, list: &[&str]| Selection::rev(at, rev, paths(list));
    assert_eq!(text(rev("HEAD", &["mesh"]), "mesh/b.yaml").as_deref(), Some("kind: B2\n"));
    assert_eq!(text(rev("v1", &["mesh/b.yaml"]), "mesh/b.yaml").as_deref(), Some("kind: B\n"));
    assert_eq!(text(rev("HEAD~1", &[]), "mesh/b.yaml").as_deref(), Some("kind: B\n"));
    assert_eq!(text(Selection::staged(at, paths(&["mesh"])), "mesh/b.yaml").as_deref(), Some("kind: B2\n"));
    assert_eq!(text(Selection::staged(at, Vec::new()), "mesh/new.yaml").as_deref(), Some("kind: N\n"));
    assert_eq!(names(&rev("main", &["mesh/notes.txt", "mesh/deep"])), ["mesh/deep/c.json", "mesh/notes.txt"]);
    assert_eq!(
        names(&Selection::rev(at.join("mesh/deep"), "HEAD", paths(&[".."]))),
        ["../a.yml", "../b.yaml", "../deep/c.json"]
    );
    assert_eq!(
        names(&Selection::rev(at.join("mesh/deep"), "HEAD", Vec::new())),
        ["../a.yml", "../b.yaml", "c.json"]
    );
    assert_eq!(resolve(at, "v1").unwrap(), resolve(at, "HEAD~1").unwrap());

    let error = |selection: Selection| load(&selection, &Limits::default()).unwrap_err().to_string();
    assert_eq!(error(rev("HEAD", &["mesh/new.yaml"])), "`mesh/new.yaml` does not exist in `HEAD`");
    assert!(error(rev("gone", &["mesh"])).starts_with("`gone` is no revision of this repository: "));
    assert_eq!(error(rev("HEAD", &["../x"])), "`../x` is outside of the Git repository");
    let outside = tempfile::tempdir().unwrap();
    assert!(error(Selection::rev(outside.path(), "HEAD", Vec::new())).contains("is not in a Git repository"));
}

#[test]
fn linked_worktrees_bare_clones_and_submodules_are_read() {
    let root = sample();
    let at = root.path();
    git(at, &["init", "-q", "-b", "main"]);
    git(at, &["add", "-A"]);
    git(at, &["commit", "-qm", "one"]);
    let other = tempfile::tempdir().unwrap();
    let (linked, bare) = (other.path().join("linked"), other.path().join("bare.git"));
    git(at, &["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap()]);
    git(other.path(), &["clone", "-q", "--bare", at.to_str().unwrap(), bare.to_str().unwrap()]);
    let expected = ["mesh/a.yml", "mesh/b.yaml", "mesh/deep/c.json"];
    for directory in [&linked, &bare] {
        assert_eq!(names(&Selection::rev(directory, "main", paths(&["mesh"]))), expected);
        assert_eq!(names(&Selection::rev(directory, "main", Vec::new())), expected);
    }
    git(
        at,
        &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", bare.to_str().unwrap(), "sub"],
    );
    git(at, &["commit", "-qm", "two"]);
    for selection in [Selection::rev(at, "HEAD", Vec::new()), Selection::staged(at, Vec::new())] {
        assert!(names(&selection).contains(&"sub: Submodule".to_owned()));
    }
}

#[cfg(unix)]
#[test]
fn links_within_a_revision_are_followed() {
    let root = sample();
    let at = root.path();
    for (target, name) in [
        ("b.yaml", "mesh/link.yaml"),
        ("/etc/passwd", "mesh/out.yaml"),
        ("deep", "mesh/more"),
        ("..", "mesh/up"),
    ] {
        std::os::unix::fs::symlink(target, at.join(name)).unwrap();
    }
    git(at, &["init", "-q", "-b", "main"]);
    git(at, &["add", "-A"]);
    git(at, &["commit", "-qm", "one"]);
    let (sources, problems) =
        load(&Selection::rev(at, "HEAD", paths(&["mesh"])), &Limits::default()).unwrap();
    let found: Vec<_> = sources.files().iter().map(|file| file.path.as_str()).collect();
    assert_eq!(found, ["mesh/a.yml", "mesh/b.yaml", "mesh/deep/c.json", "mesh/out.yaml"]);
    assert!(matches!(&problems[..], [problem] if matches!(problem.kind, ProblemKind::Unreadable(_))));
}

#[test]
fn the_digest_does_not_depend_on_where_the_tree_is() {
    let (one, two) = (sample(), sample());
    let digest = |root: &Path, list: &[PathBuf]| {
        load(&Selection::worktree(root, list.to_vec()), &Limits::default()).unwrap().0.digest()
    };
    let first = digest(one.path(), &paths(&["mesh"]));
    assert_eq!(first, digest(Path::new("/"), &[two.path().join("mesh")]));
    write(two.path(), "mesh/a.yml", "kind: Other\n");
    assert_ne!(first, digest(two.path(), &paths(&["mesh"])));
}
