//! The one place that writes to the terminal. Output for machines goes to standard output, the rest to standard
//! error.

#![expect(clippy::print_stderr, reason = "this is the printer")]

use std::io::{self, IsTerminal, Write};
use std::path::Path;

/// Writes to standard output. A reader that went away (a closed pipe) is no error: nobody is left to tell.
pub(crate) fn out(text: &str) {
    write(text.as_bytes());
}

fn write(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Writes a value as one line of JSON.
pub(crate) fn json_line(value: &impl serde::Serialize) {
    let mut lines = JsonLines::default();
    lines.push(value);
    lines.flush();
}

/// Values as lines of JSON that are written together.
#[derive(Default)]
pub(crate) struct JsonLines(Vec<u8>);

impl JsonLines {
    /// Adds a value.
    pub(crate) fn push(&mut self, value: &impl serde::Serialize) {
        // Our types have string keys only, which is all that can fail.
        let _ = serde_json::to_writer(&mut self.0, value);
        self.0.push(b'\n');
    }

    /// Writes what was added.
    pub(crate) fn flush(&mut self) {
        write(&self.0);
        self.0.clear();
    }

    /// Whether so much was added that it should go out.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() > 64 << 10
    }
}

/// Writes a value as indented JSON.
pub(crate) fn json_pretty(value: &impl serde::Serialize) {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    out(&text);
}

/// Writes a file whole or not at all, with the permissions that it had; through a link, where that leads.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    if let Ok(metadata) = path.metadata() {
        file.as_file().set_permissions(metadata.permissions())?;
    } else {
        #[cfg(unix)]
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a line for people.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// Writes text for people, as it is.
pub(crate) fn err(text: &str) {
    eprint!("{text}");
}

/// Whether standard output shows colours: a terminal, unless `NO_COLOR` says otherwise.
pub(crate) fn colour_out() -> bool {
    io::stdout().is_terminal() && !no_color()
}

/// Whether standard error shows colours.
pub(crate) fn colour_err() -> bool {
    io::stderr().is_terminal() && !no_color()
}

fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
