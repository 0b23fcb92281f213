//! SARIF 2.1.0, which code hosts show beside the lines of a change.

use std::fmt::Write as _;

use meshc_diagnostics::{Diagnostic, Fix, Rule, Severity};
use meshc_source::{SourceSet, Span};
use serde_json::{Value, json};

use crate::fingerprint::fingerprint;

/// One log with one run.
pub(crate) fn sarif(found: &[Diagnostic], sources: &SourceSet, rules: &[&Rule]) -> String {
    let results: Vec<Value> = found.iter().map(|finding| result(finding, sources, rules)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "meshc",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.code.to_string(),
        "name": rule.name,
        "shortDescription": { "text": rule.summary },
        "help": { "text": rule.markdown(), "markdown": rule.markdown() },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "tags": [rule.level.as_str()], "aliases": rule.aliases },
    })
}

fn result(finding: &Diagnostic, sources: &SourceSet, rules: &[&Rule]) -> Value {
    let text = match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": finding.code.to_string(),
        "level": level(finding.severity),
        "message": { "text": text },
        "locations": [{
            "physicalLocation": location(finding.span, sources),
            "logicalLocations": finding.resource.iter().map(|resource| json!({
                "name": resource.name,
                "fullyQualifiedName": resource.to_string(),
                "kind": "object",
            })).collect::<Vec<_>>(),
        }],
        "relatedLocations": finding.labels.iter().enumerate().map(|(id, label)| json!({
            "id": id,
            "physicalLocation": location(label.span, sources),
            "message": { "text": label.message },
        })).collect::<Vec<_>>(),
        "partialFingerprints": { "meshc/v1": fingerprint(finding, sources) },
        "properties": { "aliases": finding.aliases, "witness": finding.witness },
    });
    if let Some(index) = rules.iter().position(|rule| rule.code == finding.code) {
        result["ruleIndex"] = index.into();
    }
    if !finding.fixes.is_empty() {
        result["fixes"] = finding.fixes.iter().map(|fix| change(fix, sources)).collect();
    }
    result
}

/// A fix as replacements, grouped by file in the order in which files appear.
fn change(fix: &Fix, sources: &SourceSet) -> Value {
    let mut files = Vec::new();
    for edit in &fix.edits {
        if !files.contains(&edit.span.file) {
            files.push(edit.span.file);
        }
    }
    let changes = files.iter().map(|file| {
        let edits = fix.edits.iter().filter(|edit| edit.span.file == *file);
        json!({
            "artifactLocation": { "uri": uri(&sources.file(*file).path) },
            "replacements": edits.map(|edit| json!({
                "deletedRegion": region(edit.span, sources),
                "insertedContent": { "text": edit.text },
            })).collect::<Vec<_>>(),
        })
    });
    json!({ "description": { "text": fix.message }, "artifactChanges": changes.collect::<Vec<_>>() })
}

fn location(span: Span, sources: &SourceSet) -> Value {
    json!({
        "artifactLocation": { "uri": uri(&sources.file(span.file).path) },
        "region": region(span, sources),
    })
}

fn region(span: Span, sources: &SourceSet) -> Value {
    let (start, end) = sources.location(span);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "byteOffset": start.offset,
        "byteLength": end.offset - start.offset,
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'~') {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
