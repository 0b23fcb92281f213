//! What README.md shows is what the program prints.
//!
//! After an output has changed: `MESHC_UPDATE=1 cargo test -p meshc --test readme`.

mod common;

use std::fs;

use common::{edit, expect, repository};

/// What `check` prints of a mistyped host.
fn diagnostic() -> String {
    let tree = repository();
    edit(&tree.path().join("edge/gateway.yaml"), "host: storefront\n", "host: storefrnt\n");
    let printed = expect(tree.path(), &["check"], 1);
    // The first finding alone: what follows counts all of them.
    let end = printed.find("\n\n\n").or_else(|| printed.rfind("\n\n")).unwrap_or(printed.len());
    printed[..end].trim().to_owned()
}

/// What `diff` prints of a canary's next step.
fn difference() -> String {
    let tree = repository();
    let routes = tree.path().join("shop/routes.yaml");
    edit(&routes, "weight: 75", "weight: 50");
    edit(&routes, "weight: 25", "weight: 50");
    format!("$ meshc diff HEAD\n{}", expect(tree.path(), &["diff", "HEAD"], 0).trim())
}

/// The README with `block` in the fence that follows a marker.
fn with(readme: &str, marker: &str, block: &str) -> String {
    let marker = format!("<!-- printed: {marker} -->\n```text\n");
    let start = readme.find(&marker).unwrap_or_else(|| panic!("README.md has no {marker:?}")) + marker.len();
    let end = readme[start..].find("```").expect("a fence has an end") + start;
    format!("{}{block}\n{}", &readme[..start], &readme[end..])
}

#[test]
fn the_first_screen_shows_what_is_printed() {
    let file = meshc_testkit::workspace().join("README.md");
    let readme = fs::read_to_string(&file).expect("a file");
    let wanted = with(&with(&readme, "check", &diagnostic()), "diff", &difference());
    if std::env::var_os("MESHC_UPDATE").is_some() {
        fs::write(&file, &wanted).expect("a file");
        return;
    }
    let differs = readme.lines().zip(wanted.lines()).find(|(is, should)| is != should);
    assert!(readme == wanted, "README.md shows {differs:?}: update it with MESHC_UPDATE=1");
}
