//! The command line of the mesh compiler.
fn main() {}
