//! `meshc trace`: say what the mesh does with requests, without running it.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use meshc_trace::{MAX_LINE_BYTES, Query, Tracer};
use serde_json::json;

use super::{DONE, FAILED};
use crate::args::Trace;
use crate::load::{Failure, Selected, Tree};
use crate::output;

pub(crate) fn run(args: &Trace) -> Result<u8, Failure> {
    let tree = Tree::read(&Selected::of(&args.tree))?;
    let mesh = tree.compile_to_look()?;
    let input: Box<dyn Read> = if args.requests.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        let opened = File::open(&args.requests);
        Box::new(opened.map_err(|e| Failure::new(format!("{}: {e}", args.requests.display())))?)
    };
    let tracer = Tracer::new(&mesh, &tree.sources);
    let mut all_answered = true;
    let mut answers = output::JsonLines::default();
    let mut lines = Lines { input: BufReader::new(input), text: Vec::new() };
    while let Some(line) =
        lines.next().map_err(|e| Failure::new(format!("{}: {e}", args.requests.display())))?
    {
        match Query::from_line(&line).and_then(|query| tracer.trace(&query)) {
            Ok(answer) => answers.push(&answer),
            Err(error) => {
                all_answered = false;
                answers.push(&json!({"error": error.to_string()}));
            }
        }
        // Who asks one question at a time waits for its answer.
        if answers.is_full() || !lines.has_more() {
            answers.flush();
        }
    }
    answers.flush();
    Ok(if all_answered { DONE } else { FAILED })
}

/// Lines of bounded length. A longer one is given cut off, long enough to be refused for its length; bytes that are
/// no UTF-8 are replaced, so that the line is refused and those after it are read.
struct Lines<R> {
    input: BufReader<R>,
    text: Vec<u8>,
}

impl<R: Read> Lines<R> {
    /// Whether a line can be had without waiting for it.
    fn has_more(&self) -> bool {
        self.input.buffer().contains(&b'\n')
    }

    /// The next line that is not empty.
    fn next(&mut self) -> io::Result<Option<Cow<'_, str>>> {
        loop {
            self.text.clear();
            let limit = MAX_LINE_BYTES as u64 + 2;
            if self.input.by_ref().take(limit).read_until(b'\n', &mut self.text)? == 0 {
                return Ok(None);
            }
            if self.text.last() != Some(&b'\n') && self.text.len() as u64 == limit {
                self.skip_rest()?;
            }
            if !String::from_utf8_lossy(&self.text).trim().is_empty() {
                break;
            }
        }
        Ok(Some(match String::from_utf8_lossy(&self.text) {
            Cow::Borrowed(line) => Cow::Borrowed(line.trim()),
            Cow::Owned(line) => Cow::Owned(line.trim().to_owned()),
        }))
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let (used, done) = {
                let buffer = self.input.fill_buf()?;
                let end = buffer.iter().position(|byte| *byte == b'\n');
                (end.map_or(buffer.len(), |end| end + 1), end.is_some() || buffer.is_empty())
            };
            self.input.consume(used);
            if done {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{Lines, MAX_LINE_BYTES};

    #[test]
    fn a_line_that_is_too_long_does_not_hide_the_next() {
        let mut text = vec![b'x'; MAX_LINE_BYTES * 2];
        text.extend(b"\n\nsecond\n");
        let mut lines = Lines { input: BufReader::new(text.as_slice()), text: Vec::new() };
        assert!(lines.next().is_ok_and(|line| line.is_some_and(|line| line.len() > MAX_LINE_BYTES)));
        assert_eq!(lines.next().ok().flatten().as_deref(), Some("second"));
        assert_eq!(lines.next().ok().flatten(), None);
    }
}
