//! What `up` says on standard error while it works: lines in the manner of cargo, and a line that moves and goes.

use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

use crate::output;

/// Standard error.
#[derive(Debug)]
pub(super) struct Console {
    /// Lines are for people; machines get none.
    human: bool,
    moving: RefCell<Option<ProgressBar>>,
}

impl Console {
    pub(super) fn new(human: bool) -> Self {
        Self { human, moving: RefCell::new(None) }
    }

    /// A line that stays: a verb, right-aligned, and the rest.
    pub(super) fn status(&self, verb: &str, rest: &str) {
        if self.human {
            self.clear();
            output::note(&format!("{} {rest}", heading(verb)));
        }
    }

    /// A line that moves until the next one; only on a terminal.
    pub(super) fn working(&self, verb: &str, rest: &str) {
        if !self.human || !io::stderr().is_terminal() {
            return;
        }
        self.clear();
        let style = ProgressStyle::with_template("{prefix} {msg} {spinner}");
        let bar =
            ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_prefix(heading(verb));
        bar.set_message(rest.to_owned());
        bar.enable_steady_tick(Duration::from_millis(80));
        *self.moving.borrow_mut() = Some(bar);
    }

    /// Takes the moving line away.
    pub(super) fn clear(&self) {
        if let Some(bar) = self.moving.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }
}

fn heading(verb: &str) -> String {
    let verb = format!("{verb:>12}");
    if output::colour_err() { verb.green().bold().to_string() } else { verb }
}
