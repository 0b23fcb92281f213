//! Pods by their labels, so that a selector asks only the few that it may select.

use std::collections::{BTreeMap, HashMap};

use meshc_mesh::{Pod, selects};

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
            for (key, value) in &pod.labels {
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
    ) -> impl Iterator<Item = &'a Pod> {
        let pairs = selector
            .iter()
            .map(|(k, v)| self.by_pair.get(&(k.as_str(), v.as_str())).map_or(&[][..], Vec::as_slice));
        let of_namespace = namespace.map(|n| self.by_namespace.get(n).map_or(&[][..], Vec::as_slice));
        let narrowest = pairs.chain(of_namespace).min_by_key(|indices| indices.len());
        let indices: Vec<usize> = narrowest.map_or_else(|| (0..self.all.len()).collect(), <[usize]>::to_vec);
        let namespace = namespace.map(ToOwned::to_owned);
        let selector = selector.clone();
        let all = self.all;
        indices.into_iter().filter_map(move |index| all.get(index)).filter(move |pod| {
            namespace.as_ref().is_none_or(|n| *n == pod.namespace) && selects(&selector, &pod.labels)
        })
    }

    /// All pods of a namespace.
    pub(super) fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = &'a Pod> + '_ {
        let indices = self.by_namespace.get(namespace).into_iter().flatten();
        let all = self.all;
        indices.filter_map(move |&index| all.get(index))
    }
}
