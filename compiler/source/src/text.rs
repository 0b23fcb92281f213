//! Bytes to text: what is no text is named.

use std::sync::Arc;

use crate::ProblemKind;

/// How a Git LFS pointer begins (its specification, version 1).
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The text of a file's bytes.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<Arc<str>, ProblemKind> {
    if bytes.starts_with(LFS) && bytes.len() < 1024 {
        return Err(ProblemKind::LfsPointer);
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(ProblemKind::NotText("it is UTF-16: save it as UTF-8".to_owned()));
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(ProblemKind::NotText(format!("it is binary: byte {at} is NUL")));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(ProblemKind::NotText(format!("it is not UTF-8: byte {at} begins no character")))
        }
    }
}
