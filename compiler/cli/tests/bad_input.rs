//! No input makes it panic, hang or use memory out of proportion, and none hides what its neighbours say.

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use common::{expect, json, run};

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {slector: {app: a}, ports: [{port: 80, name: http}]}\n";

/// The codes that are found in one file with these bytes, in order; nothing takes long.
fn codes(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let tree = tempfile::tempdir().expect("a directory");
    fs::write(tree.path().join("mesh.yaml"), bytes).expect("a file");
    let began = Instant::now();
    let output = run(tree.path(), &["check", "--only", "document", "--format", "json", "."]);
    assert!(began.elapsed() < Duration::from_secs(300), "{:?}", began.elapsed());
    assert!(output.status.code().is_some_and(|code| code <= 1), "{output:?}");
    let out = json(&String::from_utf8_lossy(&output.stdout));
    let list = out["diagnostics"].as_array().expect("a list");
    list.iter().map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn encodings_and_line_ends() {
    assert_eq!(codes(format!("\u{feff}{SERVICE}")), ["MC0101"], "a byte order mark is no part of the text");
    assert_eq!(codes(SERVICE.replace('\n', "\r\n")), ["MC0101"]);
    assert_eq!(codes(SERVICE.replace('\n', "\r")), ["MC0101"], "old Macintoshes");
    assert_eq!(codes(SERVICE.replace("  ", "\t").replace("kind", "\tkind")), ["MC0001"]);
    assert_eq!(codes(b"a: \xe9\n"), ["MC0005"]);
    assert_eq!(codes(b"a: \0\n"), ["MC0005"]);
    assert_eq!(codes(b"\xff\xfea\0:\0"), ["MC0005"]);
    assert_eq!(codes(""), [""; 0]);
    assert_eq!(codes("\n# nothing\n---\n...\n"), [""; 0]);
}

#[test]
fn a_hundred_thousand_documents_are_read_and_one_more_is_not() {
    let document = "a: 1\n---\n";
    assert_eq!(codes(document.repeat(99_999) + SERVICE), ["MC0101"]);
    assert_eq!(codes(document.repeat(100_001)), ["MC0008"]);
}

#[test]
fn each_limit_has_its_own_message_and_leaves_the_neighbours() {
    let beside = |document: &str| codes(format!("{document}\n---\n{SERVICE}"));
    assert_eq!(beside(&"[".repeat(100_000)), ["MC0006", "MC0101"]);
    assert_eq!(beside(&"- ".repeat(100_000)), ["MC0006", "MC0101"]);
    assert_eq!(beside(&"{a: ".repeat(100_000)), ["MC0006", "MC0101"]);
    assert_eq!(beside(&format!("a: [{}]", "1, ".repeat(1_000_000))), ["MC0101"]);
    assert_eq!(beside(&format!("a:\n{}", "- 1\n".repeat(2_000_001))), ["MC0007", "MC0101"]);
    assert_eq!(beside(&format!("a: {}", "x".repeat(5 << 20))), ["MC0018", "MC0101"]);
    assert_eq!(
        beside(&format!("a: |\n{}", format!("  {}\n", "x".repeat(1 << 20)).repeat(9))),
        ["MC0009", "MC0101"]
    );
    let laughs: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
        .chain((1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))))
        .collect();
    assert_eq!(beside(&laughs), ["MC0010", "MC0101"]);
    assert_eq!(codes("x".repeat((16 << 20) + 1)), ["MC0004"]);
    assert_eq!(beside("a: &a [*a]"), ["MC0001", "MC0101"]);
    assert_eq!(beside("{{ if .Values.x }}\na: {{ .b }}\n{{ end }}"), ["MC0012", "MC0101"]);
}

#[cfg(unix)]
#[test]
fn links_in_circles_files_without_permission_and_pipes() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    fs::create_dir(root.join("deep")).expect("a directory");
    fs::write(root.join("deep/a.yaml"), SERVICE).expect("a file");
    symlink("..", root.join("deep/up")).expect("a link");
    symlink("self.yaml", root.join("self.yaml")).expect("a link");
    symlink("gone.yaml", root.join("lost.yaml")).expect("a link");
    fs::write(root.join("secret.yaml"), SERVICE).expect("a file");
    fs::set_permissions(root.join("secret.yaml"), fs::Permissions::from_mode(0o0)).expect("permissions");
    let readable = fs::read(root.join("secret.yaml")).is_ok();
    let out = json(&expect(root, &["check", "--format", "json", "--only", "document", "."], 1));
    let list = out["diagnostics"].as_array().expect("a list");
    let of = |file: &str| {
        list.iter().find(|finding| finding["file"] == file).map(|finding| finding["code"].clone())
    };
    assert_eq!(of("deep/a.yaml"), Some("MC0101".into()));
    assert_eq!(of("deep/up"), Some("MC0003".into()), "{out}");
    assert_eq!(of("self.yaml"), Some("MC0003".into()), "{out}");
    assert_eq!(of("lost.yaml"), Some("MC0003".into()), "{out}");
    // Root may read everything.
    assert_eq!(of("secret.yaml"), Some(if readable { "MC0101" } else { "MC0003" }.into()), "{out}");
    let made = std::process::Command::new("mkfifo").arg(root.join("pipe.yaml")).status();
    if made.is_ok_and(|status| status.success()) {
        // A pipe in a directory is no file; nobody will ever write to it.
        expect(root, &["check", "--format", "json", "--only", "document", "."], 1);
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_read_at_some_moment() {
    let tree = tempfile::tempdir().expect("a directory");
    let file = tree.path().join("a.yaml");
    let (short, long) = (SERVICE.to_owned(), SERVICE.to_owned() + &"# more\n".repeat(100_000));
    fs::write(&file, &short).expect("a file");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                fs::write(&file, &long).expect("a file");
                fs::write(&file, &short).expect("a file");
            }
        });
        for _ in 0..20 {
            let output = run(tree.path(), &["check", "--only", "document", "--format", "json", "."]);
            let out = json(&String::from_utf8_lossy(&output.stdout));
            let list = out["diagnostics"].as_array().expect("a list").clone();
            // Writing begins by emptying the file: nothing is found at that moment.
            let known = |finding: &serde_json::Value| {
                ["MC0101", "MC0003", "MC0001"].iter().any(|code| finding["code"] == **code)
            };
            assert!(output.status.code().is_some_and(|code| code <= 1) && list.iter().all(known), "{out}");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(Path::new(&file).exists());
}
