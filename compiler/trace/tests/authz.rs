//! Istio's security policies as real Envoy enforced them, beside what the tracer answers: 60 recorded cases with
//! identities and tokens.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;
use meshc_trace::{Answer, Tracer};
use serde_json::Value;

/// When the requests were recorded; tokens are valid until 2036.
const RECORDED: u64 = 1_798_000_000;

#[test]
#[expect(clippy::print_stdout, reason = "the number is what this test is for")]
fn policies_are_enforced_as_envoy_does() {
    let Some(folder) = meshc_testkit::shared("authz", "oracle/authz") else { return };
    let (mut right, mut total, mut wrong) = (0, 0, Vec::new());
    for case in folders(&folder) {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(case.join("input.yaml")).expect("the case has an input");
        let sources = SourceSet::new(vec![SourceFile::new("input.yaml", text)]);
        let outcome = meshc_resources::read(&sources, &Limits::default());
        let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
        let tracer = Tracer::new(&mesh, &sources).at(RECORDED);
        let requests = fs::read_to_string(case.join("requests.jsonl")).expect("the case has requests");
        for (index, line) in requests.lines().enumerate() {
            total += 1;
            let recorded: Value = serde_json::from_str(line).expect("the line is JSON");
            let difference = match tracer.trace_line(line) {
                Ok(answer) => differs(&recorded, &answer),
                Err(error) => Some(error.to_string()),
            };
            match difference {
                None => right += 1,
                Some(what) => wrong.push(format!("{name} {index} {}: {what}", recorded["token"])),
            }
        }
    }
    println!("authz: {right} of {total} equal");
    let shown = wrong.iter().take(20).fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    });
    assert!(wrong.is_empty(), "{} differ:\n{shown}", wrong.len());
}

/// What a client or the upstream sees otherwise.
fn differs(recorded: &Value, answer: &Answer) -> Option<String> {
    let expected = &recorded["expect"];
    let status = answer.status.map_or(Value::Null, Value::from);
    if status != expected["status"] {
        return Some(format!("status {} was {status}, {:?}", expected["status"], answer.body));
    }
    if let Some(body) = expected["body"].as_str()
        && answer.body.as_deref() != Some(body)
    {
        return Some(format!("body {body:?} was {:?}", answer.body));
    }
    if expected["upstream"].is_null() {
        return answer.upstream.is_some().then(|| "nothing arrived upstream".to_owned());
    }
    let upstream = serde_json::to_value(&answer.upstream).expect("an answer is JSON");
    let differs = |key: &&str| expected["upstream"][*key] != upstream[*key];
    let key = ["path", "authority", "headers"].into_iter().find(|key| differs(key))?;
    Some(format!("upstream {key} {} was {}", expected["upstream"][key], upstream[key]))
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
