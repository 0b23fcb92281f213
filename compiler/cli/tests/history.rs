//! `meshc bisect` and `meshc log` in a repository with commits that change behaviour and others that do not.

mod common;

use std::fs;
use std::path::Path;

use common::{bookshop, copy, expect};

fn git(directory: &Path, args: &[&str]) {
    let done = std::process::Command::new("git")
        .current_dir(directory)
        .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"])
        .args(args)
        .output()
        .expect("git runs");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn edit(directory: &Path, from: &str, to: &str, title: &str) {
    let file = directory.join("shop/routes.yaml");
    let text = fs::read_to_string(&file).expect("readable");
    assert_eq!(text.matches(from).count(), 1, "{from}");
    fs::write(&file, text.replace(from, to)).expect("written");
    git(directory, &["commit", "-qam", title]);
}

/// Seven commits: the third changes a timeout, the fifth weights.
fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    copy(&bookshop(), root);
    git(root, &["init", "-q", "-b", "main"]);
    git(root, &["add", "-A"]);
    git(root, &["commit", "-qm", "The bookshop"]);
    edit(root, "# Who gets which version of reviews.", "# Versions.", "Shorten a comment");
    edit(root, "timeout: 2s", "timeout: 3s", "Give the API more time");
    edit(root, "name: api-v2", "name: second", "Rename a route");
    edit(root, "weight: 75", "weight: 50", "Move the canary on");
    edit(root, "# Versions.", "# Versions of reviews.", "Mend the comment");
    edit(root, "name: second", "name: api-v2", "Name the route back");
    directory
}

#[test]
fn the_commit_that_changed_an_answer_is_found() {
    let directory = repository();
    let ask = |more: &[&str]| {
        let mut args = vec!["bisect", "HEAD~6", "--from", "storefront-v1.shop", "--request"];
        args.extend(more);
        expect(directory.path(), &args, 0)
    };
    let timeout = ask(&["http://reviews:9080/api/v2/x"]);
    assert!(timeout.contains("Give the API more time (Ann)"), "{timeout}");
    let weights = ask(&["http://reviews:9080/"]);
    assert!(weights.contains("Move the canary on (Ann)"), "{weights}");
    let none = common::complaint(
        directory.path(),
        &[
            "bisect",
            "HEAD~6",
            "--from",
            "storefront-v1.shop",
            "--request",
            "http://reviews:9080/",
            "--reaches",
            "reviews/v2",
        ],
        2,
    );
    assert!(none.contains("holds at neither end"), "{none}");
}

#[test]
fn the_log_of_a_host_leaves_out_what_changed_no_behaviour() {
    let directory = repository();
    let log = expect(directory.path(), &["log", "--effective", "reviews"], 0);
    let titles: Vec<&str> = log
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|l| l.split_once(' '))
        .map(|(_, t)| t)
        .collect();
    assert_eq!(titles, ["Move the canary on (Ann)", "Give the API more time (Ann)"], "{log}");
    assert_eq!(expect(directory.path(), &["log", "--effective", "payments"], 0), "");
}
