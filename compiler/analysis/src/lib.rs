//! Mesh and route rules, reachability and the semantic diff.
