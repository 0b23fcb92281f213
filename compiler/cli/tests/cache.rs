//! Answers that are kept: the same as those that are found anew, whatever becomes of the entries.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{edit, meshc, repository};

/// Status, standard output and standard error of `meshc check`.
fn check(tree: &Path, cache: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = meshc();
    command.current_dir(tree).env("MESHC_CACHE_DIR", cache).args(["check", "."]).args(args);
    let output = command.output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn entries(cache: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(cache).into_iter().flatten().map(|entry| entry.expect("an entry").path()).collect();
    all.sort();
    all
}

/// A tree with findings that carry all there is: labels, fixes, witnesses, aliases.
fn faulty() -> tempfile::TempDir {
    let tree = repository();
    edit(&tree.path().join("shop/routes.yaml"), "host: ratings", "host: ratngs");
    tree
}

#[test]
fn a_kept_answer_is_the_same_in_every_format() {
    let (tree, cache) = (faulty(), tempfile::tempdir().expect("a directory"));
    for format in ["human", "json", "sarif", "github", "junit"] {
        let args = ["--format", format];
        let anew = check(tree.path(), cache.path(), &["--no-cache", "--format", format]);
        assert_eq!(anew.0, Some(1), "{}", anew.2);
        assert_eq!(check(tree.path(), cache.path(), &args), anew, "{format}: first");
        assert_eq!(check(tree.path(), cache.path(), &args), anew, "{format}: kept");
        assert_eq!(entries(cache.path()).len(), 1, "one tree, whatever the format");
    }
    assert_eq!(
        check(tree.path(), cache.path(), &["-v"]),
        check(tree.path(), cache.path(), &["-v", "--no-cache"])
    );
}

#[test]
fn every_change_of_the_tree_is_judged() {
    let (tree, cache) = (faulty(), tempfile::tempdir().expect("a directory"));
    assert_eq!(check(tree.path(), cache.path(), &[]).0, Some(1));
    edit(&tree.path().join("shop/routes.yaml"), "host: ratngs", "host: ratings");
    let mended = check(tree.path(), cache.path(), &[]);
    assert_eq!((mended.0, entries(cache.path()).len()), (Some(0), 2), "{}", mended.1);
    fs::write(tree.path().join("meshc.yaml"), "levels: {MC1001: off}\n").expect("written");
    edit(&tree.path().join("shop/routes.yaml"), "host: ratings", "host: ratngs");
    let quiet = check(tree.path(), cache.path(), &[]);
    assert_eq!(quiet, check(tree.path(), cache.path(), &["--no-cache"]));
    assert_eq!(entries(cache.path()).len(), 3, "the settings count");
}

#[test]
fn damaged_and_deleted_entries_change_nothing() {
    let (tree, cache) = (faulty(), tempfile::tempdir().expect("a directory"));
    let first = check(tree.path(), cache.path(), &[]);
    let entry = entries(cache.path()).pop().expect("an entry");
    let text = fs::read(&entry).expect("readable");
    for damaged in [&text[..0], &text[..text.len() / 2], b"{}\n", b"\xff\xfe"] {
        fs::write(&entry, damaged).expect("written");
        assert_eq!(check(tree.path(), cache.path(), &[]), first);
        assert_eq!(fs::read(&entry).expect("readable"), text, "the entry is written again");
    }
    fs::remove_file(&entry).expect("removed");
    assert_eq!(check(tree.path(), cache.path(), &[]), first);
    // A place that cannot be written is no error.
    let blocked = tree.path().join("blocked");
    fs::write(&blocked, "a file").expect("written");
    assert_eq!(check(tree.path(), &blocked, &[]), first);
}

#[test]
fn what_is_asked_to_be_judged_anew_is_not_kept() {
    let (tree, cache) = (faulty(), tempfile::tempdir().expect("a directory"));
    check(tree.path(), cache.path(), &["--no-cache"]);
    assert!(entries(cache.path()).is_empty());
    check(tree.path(), Path::new(""), &[]);
    assert!(entries(tree.path()).iter().all(|path| path.extension().is_none_or(|end| end != "check")));
}
