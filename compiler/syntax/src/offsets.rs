//! The parser counts in Unicode scalars; spans count in bytes.

/// Turns offsets in scalars of one document into offsets in bytes of its file.
pub(crate) struct Offsets {
    /// Where the document starts in the file.
    base: usize,
    /// Bytes of the document.
    len: usize,
    /// After so many scalars, so many bytes more than scalars: one pair for each scalar that is longer
    /// than a byte. Empty for ASCII.
    extra: Vec<(u32, u32)>,
}

// === impl Offsets ===

impl Offsets {
    pub(crate) fn new(text: &str, base: usize) -> Self {
        let mut extra = Vec::new();
        if !text.is_ascii() {
            let mut more = 0;
            for (index, scalar) in text.chars().enumerate() {
                if !scalar.is_ascii() {
                    more += scalar.len_utf8() - 1;
                    extra.push((index as u32 + 1, more as u32));
                }
            }
        }
        Self { base, len: text.len(), extra }
    }

    /// The offset in the file.
    pub(crate) fn byte(&self, scalars: usize) -> usize {
        let before = self.extra.partition_point(|&(index, _)| index as usize <= scalars);
        let more =
            before.checked_sub(1).and_then(|at| self.extra.get(at)).map_or(0, |&(_, more)| more as usize);
        self.base + (scalars + more).min(self.len)
    }
}
