//! The packs that come with the program: the files of `policies/` beside the workspace.

use meshc_source::{SourceFile, SourceSet};

use crate::Pack;

macro_rules! packs {
    ($($pack:literal: $($name:literal)*, mesh: $($promise:literal)*;)*) => {
        /// Each pack with its files.
        static PACKS: &[(&str, &[(&str, &str)])] = &[$(($pack, &[
            $(
                packs!(@file $pack, $name, ".yaml"),
                packs!(@file $pack, "tests/", $name, ".pass.yaml"),
                packs!(@file $pack, "tests/", $name, ".fail.yaml"),
            )*
            $(
                packs!(@file $pack, "mesh/", $promise, ".yaml"),
                packs!(@file $pack, "tests/", $promise, ".pass.yaml"),
                packs!(@file $pack, "tests/", $promise, ".fail.yaml"),
            )*
        ])),*];
    };
    (@file $pack:literal, $($part:literal),+) => {
        (
            concat!("policies/", $pack, "/", $($part),+),
            include_str!(concat!("../../../policies/", $pack, "/", $($part),+)),
        )
    };
}

packs! {
    "baseline": "mesh-hosts-are-named" "gateway-hosts-are-named" "ports-name-their-protocol" "faults-are-scoped",
        mesh: ;
    "strict-security": "mtls-is-strict" "clients-use-tls" "upstream-tls-is-verified" "gateways-use-tls"
        "gateway-tls-is-modern" "allow-rules-ask-something" "identities-are-named",
        mesh: "workloads-take-mtls-alone";
    "resilience": "routes-have-timeouts" "retries-are-bounded" "endpoints-are-ejected" "pools-are-bounded",
        mesh: "entries-have-timeouts";
    "multi-tenancy": "exports-are-named" "routes-stay-at-home" "sidecars-are-narrow" "gateway-hosts-have-owners"
        "entries-stay-outside" "filters-are-the-platforms",
        mesh: "control-plane-is-inside";
}

/// The names of all bundled packs.
pub fn names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}

/// A bundled pack by its name.
pub fn bundled(name: &str) -> Option<Pack> {
    let (name, files) = PACKS.iter().find(|(own, _)| *own == name)?;
    let files = files.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect();
    Some(Pack::read(name, SourceSet::new(files)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::try_fixtures;

    #[test]
    fn every_policy_lets_pass_and_refuses_what_its_fixtures_say() {
        let trials: Vec<_> =
            names().flat_map(|name| try_fixtures(&bundled(name).expect("bundled"))).collect();
        let broken: Vec<_> = trials.iter().filter(|trial| trial.problem.is_some()).collect();
        assert!(broken.is_empty(), "{broken:#?}");
        assert_eq!(trials.len(), 2 * (21 + 3), "each policy and Invariant has two fixtures");
    }

    #[test]
    fn every_policy_tells_why() {
        for name in names() {
            let pack = bundled(name).expect("bundled");
            let silent = |text: &str| !text.ends_with('.') || text.len() < 40;
            let policies = pack.policies.iter().map(|policy| (&policy.name, &policy.description));
            let invariants = pack.invariants.iter().map(|promised| (&promised.name, &promised.description));
            for (policy, description) in policies.chain(invariants) {
                assert!(!silent(description), "{name}/{policy}: {description:?}");
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_bundled() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
        let mut there = BTreeSet::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("readable") {
                let path = entry.expect("readable").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "yaml") {
                    let below = path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
                    there.insert(format!("policies/{below}"));
                }
            }
        }
        let bundled: BTreeSet<String> =
            PACKS.iter().flat_map(|(_, files)| *files).map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(there, bundled);
    }
}
