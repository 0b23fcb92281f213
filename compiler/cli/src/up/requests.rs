//! `--requests`: the lines of `meshc trace`, sent through the real proxies.

use std::io::{self, Read};
use std::path::Path;

use futures_util::StreamExt;
use futures_util::stream;
use meshc_trace::{Query, Tracer};
use serde_json::json;

use super::args::UpFormat;
use super::compare;
use super::console::Console;
use super::error::UpError;
use super::observed::{Observed, ask};
use super::world::World;
use crate::commands::{DONE, FAILED, FINDINGS};
use crate::output;

/// Requests that are under way at once.
const AT_ONCE: usize = 32;

/// The status of a request that took longer than its route allows.
const TIMED_OUT: u16 = 504;

/// The lines of a file, or of standard input where it is `-`; empty ones are left out.
pub(super) fn read(path: &Path) -> Result<Vec<String>, UpError> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(path).map(|all| bytes = all)
    };
    read.map_err(|e| UpError::io(path.display(), e))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect())
}

/// Sends every line and prints its answer, in order; how one differs from what the compiler says of it goes to standard
/// error. The exit status: 2 where a line has no answer, else 1 where one differs.
pub(super) async fn answer(world: &World, lines: &[String], format: UpFormat, console: &Console) -> u8 {
    let tracer = Tracer::new(&world.mesh, &world.sources);
    let one = async |line: &String| {
        let query = Query::from_line(line).map_err(|error| error.to_string())?;
        let observed = ask(world, &query).await?;
        let differences = against_prediction(world, &tracer, &query, &observed);
        if observed.status != Some(TIMED_OUT) || differences.is_empty() {
            return Ok((query, observed, differences));
        }
        // On a busy machine many at once may take longer than a route allows: once more.
        let observed = ask(world, &query).await?;
        let differences = against_prediction(world, &tracer, &query, &observed);
        Ok::<_, String>((query, observed, differences))
    };
    let mut answers = stream::iter(lines.iter().map(one)).buffered(AT_ONCE);
    let (mut unanswered, mut differing) = (0_usize, 0_usize);
    while let Some(answer) = answers.next().await {
        match (&answer, format) {
            (Ok((_, observed, _)), UpFormat::Json) => output::json_line(observed),
            (Err(error), UpFormat::Json) => output::json_line(&json!({"error": error})),
            (Ok((query, observed, _)), UpFormat::Human) => {
                output::out(&format!("{}\n", human(query, observed)));
            }
            (Err(error), UpFormat::Human) => output::out(&format!("error: {error}\n")),
        }
        let Ok((query, observed, differences)) = answer else {
            unanswered += 1;
            continue;
        };
        if !differences.is_empty() {
            differing += 1;
            output::note(&format!("{}: {}", human(&query, &observed), differences.join("; ")));
        }
    }
    let verdict = if differing == 0 { "all".to_owned() } else { format!("{differing} not") };
    console.status("Answered", &format!("{} requests, {verdict} as the compiler says", lines.len()));
    match (unanswered, differing) {
        (0, 0) => DONE,
        (0, _) => FINDINGS,
        _ => FAILED,
    }
}

/// How an answer differs from what the compiler says; a question that the compiler cannot answer is such a difference.
fn against_prediction(world: &World, tracer: &Tracer<'_>, query: &Query, observed: &Observed) -> Vec<String> {
    match (tracer.trace(query), tracer.proxy(&query.proxy)) {
        (Ok(predicted), Ok(proxy)) => compare::in_mesh(world, tracer, (query, proxy), &predicted, observed),
        (Err(error), _) | (_, Err(error)) => vec![error.to_string()],
    }
}

fn human(query: &Query, observed: &Observed) -> String {
    let request = query.request.as_ref();
    let asked =
        request.map_or_else(|| "TCP".to_owned(), |r| format!("{} {}{}", r.method, r.authority, r.path));
    format!("{}: {asked}: {}", query.proxy, super::trial::outcome(observed))
}
