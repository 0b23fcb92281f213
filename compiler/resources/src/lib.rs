//! Every resource as a Rust type, and the rules that one document alone can break.
