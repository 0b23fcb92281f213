//! What an edit of one file changes among the objects of a tree.

use std::collections::BTreeSet;

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
    /// The namespaces whose AuthorizationPolicies or RequestAuthentications are others.
    pub policies: BTreeSet<String>,
}

impl Resources {
    /// Takes in that one file of the tree, whose objects were `before`, has the objects `after`. None, and nothing is
    /// taken in, where that is more than the same VirtualServices and EndpointSlices with other contents, and policies about
    /// requests.
    pub fn edit(&mut self, file: FileId, mut before: Self, mut after: Self) -> Option<Edit> {
        let routes = [&mut before, &mut after].map(|of| std::mem::take(&mut of.virtual_services));
        let slices = [&mut before, &mut after].map(|of| std::mem::take(&mut of.endpoint_slices));
        let rules = [&mut before, &mut after].map(|of| std::mem::take(&mut of.authorization_policies));
        let tokens = [&mut before, &mut after].map(|of| std::mem::take(&mut of.request_authentications));
        let documents = [&mut before, &mut after].map(|of| std::mem::take(&mut of.documents));
        if before != after {
            return None;
        }
        let at = place(&self.virtual_services, file, &routes)?;
        let slices_at = place(&self.endpoint_slices, file, &slices)?;
        let rules_at = start(&self.authorization_policies, file, &rules)?;
        let tokens_at = start(&self.request_authentications, file, &tokens)?;
        let mut policies = BTreeSet::new();
        splice(&mut self.authorization_policies, rules_at, rules, &mut policies);
        splice(&mut self.request_authentications, tokens_at, tokens, &mut policies);
        self.documents = (self.documents + documents[1]).saturating_sub(documents[0]);
        Some(Edit {
            policies,
            virtual_services: replace(&mut self.virtual_services, at, routes),
            endpoint_slices: replace(&mut self.endpoint_slices, slices_at, slices),
        })
    }
}

/// Where the objects of a file stand among all; none where they are not there as they were, or where it holds other ones
/// now.
fn place<T: PartialEq>(all: &[Object<T>], file: FileId, of_file: &[Vec<Object<T>>; 2]) -> Option<usize> {
    let [before, after] = of_file;
    let is_same = |(a, b): (&Object<T>, &Object<T>)| {
        a.kind == b.kind && a.name() == b.name() && a.namespace() == b.namespace()
    };
    if before.len() != after.len() || !before.iter().zip(after).all(is_same) {
        return None;
    }
    start(all, file, of_file)
}

/// Where the objects of a file begin among all; none where they are not there as they were.
fn start<T: PartialEq>(all: &[Object<T>], file: FileId, [before, _]: &[Vec<Object<T>>; 2]) -> Option<usize> {
    let at = all.partition_point(|object| object.span.file < file);
    (all.get(at..at + before.len())? == before.as_slice()).then_some(at)
}

/// Puts the objects of a file in the place of those that it had; the namespaces of those that differ join the others.
fn splice<T: PartialEq>(
    all: &mut Vec<Object<T>>,
    at: usize,
    [before, after]: [Vec<Object<T>>; 2],
    namespaces: &mut BTreeSet<String>,
) {
    if before == after {
        return;
    }
    namespaces.extend(before.iter().chain(&after).map(|object| object.namespace().to_owned()));
    all.splice(at..at + before.len(), after);
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
