//! The files that were read, in one fixed order, with their texts and digests.

use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

use crate::{FileId, Position, Span};

/// One file as it was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// As a user names it: relative to the current directory, as given, with `/` between the parts.
    pub path: String,
    /// The whole text, a byte order mark included, so that offsets are those of the file.
    /// Empty for a file that could not be read; a [`LoadProblem`](crate::LoadProblem) says why.
    pub text: Arc<str>,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// Offsets at which lines start; built when the first position is asked for.
    lines: OnceLock<Arc<[u32]>>,
}

/// The files that a command reads, sorted by path.
#[derive(Clone, Debug, Default)]
pub struct SourceSet {
    files: Vec<SourceFile>,
}

// === impl SourceFile ===

impl SourceFile {
    /// A file with this text.
    pub fn new(path: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let sha256 = Sha256::digest(text.as_bytes()).into();
        Self { path: path.into(), text, sha256, lines: OnceLock::new() }
    }

    /// The same file by another name.
    pub(crate) fn named(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// The offset at which a line starts, from 1; the end of the text for lines that it does not have.
    pub fn line_start(&self, line: u32) -> usize {
        let lines = self.lines.get_or_init(|| line_starts(&self.text));
        let start = (line as usize).checked_sub(1).and_then(|line| lines.get(line));
        start.map_or(self.text.len(), |&start| start as usize)
    }

    /// The position of a byte offset. Past the end it is the end; inside a scalar it is that scalar.
    pub fn position(&self, offset: u32) -> Position {
        let lines = self.lines.get_or_init(|| line_starts(&self.text));
        let mut at = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let line = lines.partition_point(|&start| start as usize <= at).max(1);
        let start = lines.get(line - 1).map_or(0, |&start| start as usize);
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count());
        Position { line: line as u32, column: column as u32 + 1, offset: at as u32 }
    }
}

fn line_starts(text: &str) -> Arc<[u32]> {
    let after_breaks =
        text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at as u32 + 1);
    std::iter::once(0).chain(after_breaks).collect()
}

// === impl SourceSet ===

impl SourceSet {
    /// A set of these files, in this order.
    pub fn new(files: Vec<SourceFile>) -> Self {
        Self { files }
    }

    /// A set of one file; for tests and examples.
    pub fn of(path: &str, text: &str) -> Self {
        Self::new(vec![SourceFile::new(path, text)])
    }

    /// All files in order.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// All files in order with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// Adds a file at the end.
    pub fn push(&mut self, file: SourceFile) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files.push(file);
        id
    }

    /// The file of an id that this set gave.
    ///
    /// # Panics
    /// On an id of another set, which is a bug of the caller.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The same files under the same ids, of which those that are not kept have no text.
    #[must_use]
    pub fn masked(&self, keep: impl Fn(FileId) -> bool) -> Self {
        let file = |(id, file): (FileId, &SourceFile)| {
            if keep(id) { file.clone() } else { SourceFile::new(file.path.clone(), "") }
        };
        Self::new(self.iter().map(file).collect())
    }

    /// The same files, one of which has another text.
    #[must_use]
    pub fn with_text(&self, id: FileId, text: &str) -> Self {
        let mut set = self.clone();
        if let Some(file) = set.files.get_mut(id.0 as usize) {
            *file = SourceFile::new(file.path.clone(), text);
        }
        set
    }

    /// The file with this path, as a user names it.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.iter().find(|(_, file)| file.path == path).map(|(id, _)| id)
    }

    /// The text of a span; empty where the span does not fit the file.
    pub fn slice(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Where a span starts and where it ends (exclusive).
    pub fn location(&self, span: Span) -> (Position, Position) {
        let file = self.file(span.file);
        (file.position(span.start), file.position(span.end.max(span.start)))
    }

    /// SHA-256 over the files' digests in order. Paths are no part of it: two clones in two places, or
    /// one clone named absolutely and relatively, have the same digest.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for file in &self.files {
            hasher.update(file.sha256);
        }
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &SourceFile, offset: u32) -> (u32, u32) {
        let position = file.position(offset);
        (position.line, position.column)
    }

    #[test]
    fn columns_count_scalars_and_lines_end_at_newlines() {
        let file = SourceFile::new("a.yaml", "名: 值\r\n😀x: y\n");
        assert_eq!(at(&file, 0), (1, 1));
        assert_eq!(at(&file, 3), (1, 2));
        assert_eq!(at(&file, 5), (1, 4));
        assert_eq!(at(&file, 6), (1, 4), "inside a scalar: its start");
        assert_eq!(at(&file, 10), (2, 1));
        assert_eq!(at(&file, 14), (2, 2));
        assert_eq!(at(&file, 9999), (3, 1));
    }

    #[test]
    fn a_slice_off_the_boundaries_is_empty() {
        let set = SourceSet::of("a.yaml", "é");
        assert_eq!(set.slice(Span::new(FileId(0), 1, 2)), "");
        assert_eq!(set.slice(Span::new(FileId(0), 0, 2)), "é");
        assert_eq!(set.slice(Span::new(FileId(0), 0, 20)), "");
    }
}
