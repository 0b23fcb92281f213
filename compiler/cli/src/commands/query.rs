//! `meshc query`: ask who can reach what, with which requests, and through which resources.

use meshc_analysis::{Graph, Question, query, render_answers};

use super::DONE;
use crate::args::{Query, TextFormat};
use crate::load::{Failure, Selected, Tree};
use crate::output;

pub(crate) fn run(args: &Query) -> Result<u8, Failure> {
    let headers = args.headers.iter().map(|header| match header.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        }
        _ => Err(Failure::new(format!("{header:?} is no header: write it as `name: value`"))),
    });
    let question = Question {
        from: args.from.clone(),
        to: args.to.clone(),
        method: args.method.clone(),
        path: args.path.clone(),
        headers: headers.collect::<Result<_, _>>()?,
    };
    let tree = Tree::read(&Selected::of(&args.tree))?;
    let mesh = tree.compile_to_look()?;
    let graph = Graph::new(&mesh, &tree.sources);
    let domains = tree.mesh.trust_domains();
    let domain = domains.first().map_or("cluster.local", String::as_str);
    let answers = query(&graph, domain, &question).map_err(Failure::new)?;
    match args.format {
        TextFormat::Human => output::out(&render_answers(&answers)),
        TextFormat::Json => output::json_pretty(&answers),
    }
    Ok(DONE)
}
