//! docs/proofs.md: each output on the page is what the command above it prints. `MESHC_UPDATE=1` writes them anew.

mod common;

use std::fs;

const BEGIN: &str = "<!-- run: ";
const FENCE: &str = "```";

/// The page with the output of each command behind it.
fn written_anew(page: &str) -> (String, usize) {
    let root = meshc_testkit::workspace();
    let mut out = String::new();
    let mut lines = page.lines().peekable();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(command) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        commands += 1;
        let args: Vec<&str> = command.split(' ').collect();
        let output =
            common::meshc().current_dir(&root).env("COLUMNS", "100").args(&args).output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.code().is_some_and(|code| code < 2), "{command}: {text}");
        let kind = if command.ends_with("mermaid") { "mermaid" } else { "console" };
        let prompt = if kind == "mermaid" { String::new() } else { format!("$ meshc {command}\n") };
        out.push_str(&format!("\n{FENCE}{kind}\n{prompt}{}\n{FENCE}\n", text.trim_end()));
        // What stood there before.
        if lines.peek().is_some_and(|line| line.is_empty()) {
            let mut rest = lines.clone();
            rest.next();
            if rest.peek().is_some_and(|line| *line == "```console" || *line == "```mermaid") {
                lines = rest;
                lines.next();
                lines.by_ref().find(|line| *line == FENCE);
            }
        }
    }
    (out, commands)
}

#[test]
fn the_page_shows_what_the_program_prints() {
    let path = meshc_testkit::workspace().join("docs/proofs.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (anew, commands) = written_anew(&page);
    assert_eq!(commands, 7);
    if std::env::var_os("MESHC_UPDATE").is_some() {
        fs::write(&path, anew).expect("written");
        return;
    }
    assert_eq!(page, anew, "run MESHC_UPDATE=1 cargo test -p meshc --test proofs");
}
