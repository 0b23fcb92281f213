//! `meshc rules`: the list of rules.

use std::fmt::Write;

use serde_json::json;

use super::DONE;
use crate::args::{Rules, TextFormat};
use crate::output;

pub(crate) fn run(args: &Rules) -> u8 {
    let all = crate::load::all_rules();
    match args.format {
        TextFormat::Json => {
            let list: Vec<_> = all
                .iter()
                .map(|rule| {
                    json!({
                        "code": rule.code.to_string(),
                        "name": rule.name,
                        "severity": rule.severity,
                        "level": rule.level,
                        "summary": rule.summary,
                        "aliases": rule.aliases,
                    })
                })
                .collect();
            output::json_pretty(&list);
        }
        TextFormat::Human => {
            let mut text = String::new();
            for rule in all {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{}  {:<24} {}", rule.code, rule.name, rule.summary);
            }
            output::out(&text);
        }
    }
    DONE
}
