//! YAML text to a spanned tree, and that tree to typed values.
