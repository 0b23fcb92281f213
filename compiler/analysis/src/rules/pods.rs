//! Pods by their labels, so that a selector asks only the few that it may select.

use std::collections::{BTreeMap, HashMap};

use meshc_mesh::{Pod, selects};
use meshc_syntax::de::Spanned;

/// Labels as they are written.
pub(super) type Labels = indexmap::IndexMap<Spanned<String>, Spanned<String>>;

/// The index.
pub(super) struct Pods<'a> {
    all: &'a [Pod],
    by_pair: HashMap<(&'a str, &'a str), Vec<usize>>,
    by_namespace: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Pods<'a> {
    pub(super) fn new(all: &'a [Pod]) -> Self {
        let mut by_pair: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        let mut by_namespace: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, pod) in all.iter().enumerate() {
            by_namespace.entry(&pod.namespace).or_default().push(index);
            for (key, value) in pod.labels.iter() {
                by_pair.entry((key, value)).or_default().push(index);
            }
        }
        Self { all, by_pair, by_namespace }
    }

    /// The pods with these labels, in order; those of one namespace if it is given.
    pub(super) fn selected(
        &self,
        namespace: Option<&str>,
        selector: &BTreeMap<String, String>,
    ) -> std::vec::IntoIter<&'a Pod> {
        self.places(namespace, selector)
            .filter_map(|index| self.all.get(index))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Whether there is a pod with these labels, in one namespace if it is given.
    pub(super) fn any(&self, namespace: Option<&str>, selector: &BTreeMap<String, String>) -> bool {
        self.places(namespace, selector).next().is_some()
    }

    /// As [`Pods::selected`], their places among all pods.
    pub(super) fn places<'s>(
        &'s self,
        namespace: Option<&'s str>,
        selector: &'s BTreeMap<String, String>,
    ) -> impl Iterator<Item = usize> + 's {
        let pairs = selector
            .iter()
            .map(|(k, v)| self.by_pair.get(&(k.as_str(), v.as_str())).map_or(&[][..], Vec::as_slice));
        let of_namespace = namespace.map(|n| self.by_namespace.get(n).map_or(&[][..], Vec::as_slice));
        let fits = move |index: &usize| {
            self.all.get(*index).is_some_and(|pod| {
                namespace.is_none_or(|n| n == pod.namespace) && selects(selector, &pod.labels)
            })
        };
        let narrowest = pairs.chain(of_namespace).min_by_key(|indices| indices.len());
        let all = if narrowest.is_some() { 0..0 } else { 0..self.all.len() };
        narrowest.unwrap_or_default().iter().copied().chain(all).filter(fits)
    }

    /// A pod that has the labels of two selectors, of one namespace if it is given.
    pub(super) fn met(&self, namespace: Option<&str>, one: &Labels, other: &Labels) -> Option<&'a Pod> {
        let both = one.iter().chain(other).map(|(key, value)| (key.value.clone(), value.value.clone()));
        let contradicts = one.iter().any(|(key, value)| other.get(key).is_some_and(|of| of != value));
        if contradicts { None } else { self.selected(namespace, &both.collect()).next() }
    }

    /// All pods of a namespace.
    pub(super) fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = &'a Pod> + '_ {
        let indices = self.by_namespace.get(namespace).into_iter().flatten();
        let all = self.all;
        indices.filter_map(move |&index| all.get(index))
    }
}
