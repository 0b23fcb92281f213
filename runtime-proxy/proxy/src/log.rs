//! What the process says about itself, on standard error.

use std::fmt::Display;
use std::io::Write as _;

/// Something happened that an operator wants to see.
pub(crate) fn info(message: impl Display) {
    line("info", &message);
}

/// Something is wrong; traffic goes on.
pub(crate) fn warn(message: impl Display) {
    line("warning", &message);
}

fn line(level: &str, message: &dyn Display) {
    // One write a line, so that the lines of several processes do not mix; a closed terminal is no reason to end.
    let text = format!("mesh-proxy: {level}: {message}\n");
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
