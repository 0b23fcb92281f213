//! `meshc explain`: the page of a rule.

use super::DONE;
use crate::args::Explain;
use crate::load::Failure;
use crate::{output, render};

pub(crate) fn run(args: &Explain) -> Result<u8, Failure> {
    let wanted = args.code.to_ascii_uppercase();
    let all = crate::load::all_rules();
    let named = |rule: &&&meshc_diagnostics::Rule| rule.code.to_string() == wanted || rule.name == args.code;
    let alias = |rule: &&&meshc_diagnostics::Rule| rule.aliases.contains(&wanted.as_str());
    let Some(rule) = all.iter().find(named).or_else(|| all.iter().find(alias)) else {
        return Err(Failure::new(format!("no rule is called {}; `meshc rules` lists them", args.code)));
    };
    output::out(&render::explain(rule));
    Ok(DONE)
}
