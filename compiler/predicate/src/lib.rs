//! Pure algebra of request sets: languages per field, atoms, decision diagrams.
