//! What an edit of one file changes among the objects of a tree.

use meshc_source::FileId;

use crate::istio::VirtualService;
use crate::kubernetes::EndpointSlice;
use crate::{Object, Resources};

/// The objects of one file that say something else than before, in place of those that did. All others are as they were,
/// the places of their text included.
#[derive(Debug, Default)]
pub struct Edit {
    /// Each as it was and as it is.
    pub virtual_services: Vec<(Object<VirtualService>, Object<VirtualService>)>,
    /// Each as it was and as it is.
    pub endpoint_slices: Vec<(Object<EndpointSlice>, Object<EndpointSlice>)>,
}

impl Resources {
    /// Takes in that one file of the tree, whose objects were `before`, has the objects `after`. None, and nothing is
    /// taken in, where that is more than the same VirtualServices and EndpointSlices with other contents.
    pub fn edit(&mut self, file: FileId, mut before: Self, mut after: Self) -> Option<Edit> {
        let routes = [&mut before, &mut after].map(|of| std::mem::take(&mut of.virtual_services));
        let slices = [&mut before, &mut after].map(|of| std::mem::take(&mut of.endpoint_slices));
        if before != after {
            return None;
        }
        let at = place(&self.virtual_services, file, &routes)?;
        let slices_at = place(&self.endpoint_slices, file, &slices)?;
        Some(Edit {
            virtual_services: replace(&mut self.virtual_services, at, routes),
            endpoint_slices: replace(&mut self.endpoint_slices, slices_at, slices),
        })
    }
}

/// Where the objects of a file stand among all; none where they are not there as they were, or where it holds other ones
/// now.
fn place<T: PartialEq>(
    all: &[Object<T>],
    file: FileId,
    [before, after]: &[Vec<Object<T>>; 2],
) -> Option<usize> {
    let is_same = |(a, b): (&Object<T>, &Object<T>)| {
        a.kind == b.kind && a.name() == b.name() && a.namespace() == b.namespace()
    };
    if before.len() != after.len() || !before.iter().zip(after).all(is_same) {
        return None;
    }
    let at = all.partition_point(|object| object.span.file < file);
    (all.get(at..at + before.len())? == before.as_slice()).then_some(at)
}

/// Puts the objects in their place; those that differ.
fn replace<T: Clone + PartialEq>(
    all: &mut [Object<T>],
    at: usize,
    [before, after]: [Vec<Object<T>>; 2],
) -> Vec<(Object<T>, Object<T>)> {
    let mut changed = Vec::new();
    for (place, (old, new)) in all.iter_mut().skip(at).zip(before.into_iter().zip(after)) {
        if old != new {
            *place = new.clone();
            changed.push((old, new));
        }
    }
    changed
}
