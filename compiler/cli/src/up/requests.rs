//! `--requests`: the lines of `meshc trace`, sent through the real proxies.

use std::io::{self, Read};
use std::path::Path;

use futures_util::StreamExt;
use futures_util::stream;
use meshc_trace::Query;
use serde_json::json;

use super::args::UpFormat;
use super::console::Console;
use super::error::UpError;
use super::observed::{Observed, ask};
use super::world::World;
use crate::commands::{DONE, FAILED};
use crate::output;

/// Requests that are under way at once.
const AT_ONCE: usize = 32;

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

/// Sends every line and prints its answer, in order. The exit status: 2 where a line has none.
pub(super) async fn answer(world: &World, lines: &[String], format: UpFormat, console: &Console) -> u8 {
    let one = async |line: &String| {
        let query = Query::from_line(line).map_err(|error| error.to_string())?;
        let observed = ask(world, &query).await?;
        Ok::<_, String>((query, observed))
    };
    let mut answers = stream::iter(lines.iter().map(one)).buffered(AT_ONCE);
    let mut code = DONE;
    while let Some(answer) = answers.next().await {
        match (&answer, format) {
            (Ok((_, observed)), UpFormat::Json) => output::json_line(observed),
            (Err(error), UpFormat::Json) => output::json_line(&json!({"error": error})),
            (Ok((query, observed)), UpFormat::Human) => output::out(&format!("{}\n", human(query, observed))),
            (Err(error), UpFormat::Human) => output::out(&format!("error: {error}\n")),
        }
        if answer.is_err() {
            code = FAILED;
        }
    }
    console.status("Answered", &format!("{} requests", lines.len()));
    code
}

fn human(query: &Query, observed: &Observed) -> String {
    let request = query.request.as_ref();
    let asked =
        request.map_or_else(|| "TCP".to_owned(), |r| format!("{} {}{}", r.method, r.authority, r.path));
    format!("{}: {asked}: {}", query.proxy, super::trial::outcome(observed))
}
