//! What an edit of one file changes among the objects of a tree.

use std::collections::BTreeSet;

use meshc_source::FileId;

use crate::istio::{AuthorizationPolicy, RequestAuthentication, VirtualService};
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

impl Edit {
    /// What another file changes, too.
    pub fn add(&mut self, other: Self) {
        self.virtual_services.extend(other.virtual_services);
        self.endpoint_slices.extend(other.endpoint_slices);
        self.policies.extend(other.policies);
    }
}

/// What of a file can be followed: of each kind, what was and what is there.
struct Followed {
    routes: [Vec<Object<VirtualService>>; 2],
    slices: [Vec<Object<EndpointSlice>>; 2],
    rules: [Vec<Object<AuthorizationPolicy>>; 2],
    tokens: [Vec<Object<RequestAuthentication>>; 2],
    documents: [usize; 2],
}

impl Followed {
    /// None where the rest of the file differs.
    fn new(mut before: Resources, mut after: Resources) -> Option<Self> {
        let followed = Self {
            routes: [&mut before, &mut after].map(|of| std::mem::take(&mut of.virtual_services)),
            slices: [&mut before, &mut after].map(|of| std::mem::take(&mut of.endpoint_slices)),
            rules: [&mut before, &mut after].map(|of| std::mem::take(&mut of.authorization_policies)),
            tokens: [&mut before, &mut after].map(|of| std::mem::take(&mut of.request_authentications)),
            documents: [&mut before, &mut after].map(|of| std::mem::take(&mut of.documents)),
        };
        (before == after && same_names(&followed.routes) && same_names(&followed.slices)).then_some(followed)
    }
}

/// Whether what two versions of a file hold, where they differ at all, is no more than what [`Resources::edit`] takes in.
pub fn may_be_edit(before: Resources, after: Resources) -> bool {
    Followed::new(before, after).is_some()
}

impl Resources {
    /// Takes in that one file of the tree, whose objects were `before`, has the objects `after`. None, and nothing is
    /// taken in, where that is more than the same VirtualServices and EndpointSlices with other contents, and policies about
    /// requests.
    pub fn edit(&mut self, file: FileId, before: Self, after: Self) -> Option<Edit> {
        let Followed { routes, slices, rules, tokens, documents } = Followed::new(before, after)?;
        let at = start(&self.virtual_services, file, &routes)?;
        let slices_at = start(&self.endpoint_slices, file, &slices)?;
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

/// Whether both are the same objects, whatever these say.
fn same_names<T>([before, after]: &[Vec<Object<T>>; 2]) -> bool {
    let is_same = |(a, b): (&Object<T>, &Object<T>)| {
        a.kind == b.kind && a.name() == b.name() && a.namespace() == b.namespace()
    };
    before.len() == after.len() && before.iter().zip(after).all(is_same)
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
