//! The reference of rules in docs/rules is what `meshc explain` prints.
//!
//! After a rule has changed: `MESHC_UPDATE=1 cargo test -p meshc --test reference`.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use common::{bookshop, expect, json};

/// The pages by file name.
fn pages() -> BTreeMap<String, String> {
    let rules = json(&expect(&bookshop(), &["rules", "--format", "json"], 0));
    let mut index = String::from(
        "# Rules\n\nGenerated from the rules' own pages; `meshc explain CODE` prints the same.\n\n",
    );
    index.push_str("| code | name | severity | level | what it finds |\n|---|---|---|---|---|\n");
    let mut pages = BTreeMap::new();
    for rule in rules.as_array().expect("a list") {
        let text = |key: &str| rule[key].as_str().expect("a text").to_owned();
        let code = text("code");
        let row = (text("name"), text("severity"), text("level"), text("summary"));
        writeln!(index, "| [{code}]({code}.md) | {} | {} | {} | {} |", row.0, row.1, row.2, row.3)
            .expect("a String");
        pages.insert(format!("{code}.md"), expect(&bookshop(), &["explain", &code], 0));
    }
    pages.insert("README.md".to_owned(), index);
    pages
}

#[test]
fn the_reference_of_rules_is_up_to_date() {
    let directory = meshc_testkit::workspace().join("docs/rules");
    let pages = pages();
    if std::env::var_os("MESHC_UPDATE").is_some() {
        for (name, page) in &pages {
            fs::write(directory.join(name), page).expect("a file");
        }
    }
    for (name, page) in &pages {
        let written = fs::read_to_string(directory.join(name)).unwrap_or_default();
        assert!(written == *page, "docs/rules/{name} is not up to date; see the head of this test");
    }
    let there = fs::read_dir(&directory).expect("a directory").count();
    assert_eq!(there, pages.len(), "docs/rules has pages of rules that are no more");
}
