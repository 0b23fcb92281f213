//! The project's own chores: tests, benchmarks, generated files.
fn main() {}
