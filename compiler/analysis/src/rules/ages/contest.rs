//! Two resources of which the older decides.

use meshc_mesh::Meta;

/// Two resources of which the older decides.
#[derive(Debug)]
pub(super) struct Contest {
    /// The one that is taken.
    pub(super) first: Meta,
    /// The other.
    pub(super) second: Meta,
    /// What they meet in: `are for host `reviews` in the mesh`.
    pub(super) meeting: String,
}

impl Contest {
    /// The two in Istio's order.
    pub(super) fn new(a: &Meta, b: &Meta, meeting: impl Into<String>) -> Self {
        let (first, second) = if a.by_age(b).is_le() { (a, b) } else { (b, a) };
        Self { first: first.clone(), second: second.clone(), meeting: meeting.into() }
    }

    /// Whether their ages are equal, or one of them is not known.
    pub(super) fn is_open(&self) -> bool {
        let (a, b) = (self.first.created, self.second.created);
        self.first.span != self.second.span && (a == b || a.is_none() || b.is_none())
    }
}

/// Every two of a list that meet in something. Each is set against those before it until one meets it: what loses to
/// several is told of the first.
pub(super) fn pairs<T>(
    list: &[T],
    mut meet: impl FnMut(&T, &T) -> Option<Contest>,
    found: &mut Vec<Contest>,
) {
    for (place, second) in list.iter().enumerate() {
        found.extend(list.iter().take(place).find_map(|first| meet(first, second)));
    }
}
