//! Standard input as one file.

use std::io::Read as _;

use crate::Limits;
use crate::gather::{self, Content};
use crate::problem::{LoadProblem, ProblemKind, SourceError};
use crate::set::SourceSet;

/// The name of standard input in paths and messages.
pub(crate) const NAME: &str = "-";

/// Reads standard input to its end, or to one byte past the limit.
pub(crate) fn load(limits: &Limits) -> Result<(SourceSet, Vec<LoadProblem>), SourceError> {
    // A rendered tree comes in one piece: the limit is that of all files together.
    let limit = limits.total_bytes.min(u64::from(u32::MAX));
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(SourceError::Stdin)?;
    let read = if bytes.len() as u64 > limit {
        Err(ProblemKind::TooLarge { bytes: bytes.len() as u64, limit })
    } else {
        Ok(Content::Bytes(bytes))
    };
    gather::assemble(vec![(NAME.to_owned(), read)], limits)
}
