//! Objects that lie in files of their own, as those of the latest commits mostly do. Each is read in one go: asking the
//! library for its size, which is not to be trusted to be small, and then for its bytes opens and unpacks it twice.

use std::path::Path;

use gix::ObjectId;
use gix::objs::{Kind, decode};
use gix::zlib::{Inflate, Status};

use crate::Limits;
use crate::gather::Bytes;
use crate::problem::ProblemKind;

/// More than the type and the size of an object take.
const HEAD: usize = 64;

/// The bytes of a blob that lies in a file of its own below Git's directory of objects. None where it lies elsewhere (in a
/// pack, in another repository), or its file is not as it should be: then it is looked for, and judged, in the usual way.
pub(super) fn read(objects: &Path, blob: ObjectId, limits: &Limits) -> Option<Bytes> {
    let name = blob.to_string();
    let (directory, file) = name.split_at_checked(2)?;
    let path = objects.join(directory).join(file);
    // What is packed is no larger than what it is of, but for a few bytes.
    if path.metadata().ok()?.len() > limits.file_bytes.saturating_mul(2) {
        return None;
    }
    let packed = std::fs::read(path).ok()?;
    let mut inflate = Inflate::default();
    let mut head = [0; HEAD];
    let (status, read, written) = inflate.prefix(&packed, &mut head).ok()?;
    let head = head.get(..written)?;
    let (kind, size, skip) = decode::loose_header(head).ok()?;
    if kind != Kind::Blob || status == Status::BufError {
        return None;
    }
    if size > limits.file_bytes {
        return Some(Err(ProblemKind::TooLarge { bytes: size, limit: limits.file_bytes }));
    }
    let size = usize::try_from(size).ok()?;
    let mut bytes = Vec::with_capacity(size);
    if status == Status::StreamEnd {
        bytes.extend_from_slice(head.get(skip..)?);
    } else {
        inflate.rest(packed.get(read..)?, head, skip, &mut bytes, size).ok()?;
    }
    (bytes.len() == size).then_some(Ok(bytes))
}
