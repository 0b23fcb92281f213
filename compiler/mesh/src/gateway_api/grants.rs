//! ReferenceGrants: which references to objects of other namespaces are allowed.

use std::collections::BTreeSet;

use meshc_resources::Resources;
use meshc_resources::gateway_api::GATEWAY_GROUP;

/// Kinds of the API that may refer to others, as Istio knows them.
const FROM: [&str; 6] = ["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"];

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Grants {
    /// Kind and namespace of who refers; group, kind and namespace of what is referred to; its name, or none for all.
    allowed: BTreeSet<Grant>,
}

type Grant = (String, String, String, String, String, Option<String>);

impl Grants {
    pub(super) fn new(resources: &Resources) -> Self {
        let mut allowed = BTreeSet::new();
        let text = |value: &Option<meshc_syntax::de::Spanned<String>>| {
            value.as_ref().map(|value| value.value.clone()).unwrap_or_default()
        };
        for grant in &resources.reference_grants {
            for from in grant.spec.from.iter().filter(|from| text(&from.group) == GATEWAY_GROUP) {
                let kind = text(&from.kind);
                if !FROM.contains(&kind.as_str()) {
                    continue;
                }
                for to in &grant.spec.to {
                    allowed.insert((
                        kind.clone(),
                        text(&from.namespace),
                        text(&to.group),
                        text(&to.kind),
                        grant.namespace().to_owned(),
                        to.name.as_ref().map(|name| name.value.clone()),
                    ));
                }
            }
        }
        Self { allowed }
    }

    /// Whether an object of `kind` in `namespace` may refer to `to` (group, kind, namespace, name).
    pub(super) fn allow(&self, kind: &str, namespace: &str, to: (&str, &str, &str, &str)) -> bool {
        let key = |name: Option<&str>| {
            (
                kind.to_owned(),
                namespace.to_owned(),
                to.0.to_owned(),
                to.1.to_owned(),
                to.2.to_owned(),
                name.map(ToOwned::to_owned),
            )
        };
        self.allowed.contains(&key(None)) || self.allowed.contains(&key(Some(to.3)))
    }
}
