//! Paths as text: relative to the current directory, with `/` between their parts.

use std::path::{Component, Path};

/// A path without detours: without `.`, and with `..` only at its start, where it leads out of the current directory.
pub(crate) fn normal(path: &str) -> String {
    let lexical = lexical(path);
    if !lexical.starts_with("..") {
        return lexical;
    }
    // The way out may come back in: `../here/a` is `a`.
    from(&super::current_directory().to_string_lossy(), &lexical)
}

/// A path that leads out of `directory`, as short as it can be.
fn from(directory: &str, path: &str) -> String {
    let absolute = lexical(&format!("{directory}/{path}"));
    let (here, there): (Vec<&str>, Vec<&str>) =
        (directory.split('/').collect(), absolute.split('/').collect());
    let common = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", here.len() - common);
    up.chain(there[common..].iter().copied()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

fn lexical(path: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if parts.last().is_some_and(|last| last != "..") => {
                if parts.last().is_some_and(|last| last != "/") {
                    parts.pop();
                }
            }
            Component::RootDir => parts.push("/".to_owned()),
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    match parts.split_first() {
        Some((root, rest)) if root == "/" => format!("/{}", rest.join("/")),
        _ => parts.join("/"),
    }
}

/// `path` as seen from `base`.
pub(crate) fn join(base: &str, path: &str) -> String {
    normal(&Path::new(base).join(path).to_string_lossy())
}

/// The directory of a file; empty for the current one.
pub(crate) fn parent(file: &str) -> String {
    normal(&Path::new(file).parent().unwrap_or(Path::new("")).to_string_lossy())
}

/// Whether a file is the directory (or file) or lies in it; both are normal. The empty path is the current directory.
pub(crate) fn is_in(file: &str, directory: &str) -> bool {
    if directory.is_empty() {
        return !file.starts_with("..") && !file.starts_with('/');
    }
    let above = |rest: &str| rest.is_empty() || rest.starts_with('/') || directory.ends_with('/');
    // Of `..` everything below it is a part, also what is not written with dots.
    if directory.split('/').all(|part| part == "..") {
        let ups = |path: &str| path.split('/').take_while(|part| *part == "..").count();
        return !file.starts_with('/') && ups(file) <= ups(directory);
    }
    file.strip_prefix(directory).is_some_and(above)
}

/// A file as seen from a directory; as it is where it lies elsewhere.
pub(crate) fn below<'f>(file: &'f str, directory: &str) -> &'f str {
    if directory.is_empty() {
        return file;
    }
    file.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/')).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_without_their_detours() {
        assert_eq!(lexical("./a/../b/./c"), "b/c");
        assert_eq!(lexical("../../a/.."), "../..");
        assert_eq!(lexical("/a/../../b"), "/b");
        assert_eq!(from("/w/base", "../base/x"), "x");
        assert_eq!(from("/w/base", "../base"), "");
        assert_eq!(from("/w/base", "../../w/over/x"), "../over/x");
        assert_eq!(parent("a.yaml"), "");
        assert!(is_in("a/b.yaml", "a") && is_in("a", "a") && !is_in("ab", "a"));
        assert!(is_in("x", "") && !is_in("../x", ""));
        assert!(is_in("x", "..") && is_in("../x", "..") && !is_in("../../x", ".."));
        assert_eq!(below("../a/b", ".."), "a/b");
    }
}
