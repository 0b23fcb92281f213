//! Kinds that the tree itself defines: their documents are checked against the definition.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use meshc_diagnostics::{Diagnostic, ResourceId};
use meshc_schema::{Nulls, Schema};
use meshc_source::{SourceSet, Span};
use meshc_syntax::{Limits, Node};
use rayon::prelude::*;

use crate::kubernetes::CustomResourceDefinition;
use crate::{DEFAULT_NAMESPACE, Object, Outcome, rules};

/// A document of a kind that is none of ours.
pub(crate) struct Foreign {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) place: Place,
}

/// Where it is: a document is read again if its kind turns out to be defined, an item of a list is kept.
pub(crate) enum Place {
    Document(Span),
    Item(Box<Node>),
}

/// A definition with the schemas of its versions, compiled when the first document asks.
struct Definition<'a> {
    object: &'a Object<CustomResourceDefinition>,
    schemas: Vec<OnceLock<Schema>>,
}

/// Checks the documents whose kind the tree defines; they count as foreign no more.
pub(crate) fn check(sources: &SourceSet, limits: &Limits, foreign: &[Foreign], all: &mut Outcome) {
    let mut definitions: BTreeMap<(&str, &str), Definition<'_>> = BTreeMap::new();
    for object in &all.resources.custom_resource_definitions {
        let kind = object.spec.names.as_ref().and_then(|names| names.kind.as_ref());
        if let (Some(group), Some(kind)) = (&object.spec.group, kind) {
            let schemas = object.spec.versions.iter().map(|_| OnceLock::new()).collect();
            definitions.entry((group.as_str(), kind.as_str())).or_insert(Definition { object, schemas });
        }
    }
    if definitions.is_empty() {
        return;
    }
    let found: Vec<(Vec<Diagnostic>, bool)> = foreign
        .par_iter()
        .map(|document| {
            let (group, _) = document.api_version.split_once('/').unwrap_or_default();
            match definitions.get(&(group, document.kind.as_str())) {
                Some(definition) => (definition.check(sources, limits, document), true),
                None => (Vec::new(), false),
            }
        })
        .collect();
    for (document, (found, is_defined)) in foreign.iter().zip(found) {
        all.diagnostics.extend(found);
        let key = format!("{} {}", document.api_version, document.kind);
        if is_defined && let Some(count) = all.resources.foreign.get_mut(&key) {
            *count -= 1;
        }
    }
    all.resources.foreign.retain(|_, count| *count > 0);
}

impl Definition<'_> {
    fn check(&self, sources: &SourceSet, limits: &Limits, document: &Foreign) -> Vec<Diagnostic> {
        match &document.place {
            Place::Item(root) => self.document(document, root),
            Place::Document(span) => {
                let text = &sources.file(span.file).text;
                meshc_syntax::parse_again(text, *span, limits)
                    .map(|again| self.document(document, &again.root))
                    .unwrap_or_default()
            }
        }
    }

    fn document(&self, document: &Foreign, root: &Node) -> Vec<Diagnostic> {
        let spec = &self.object.spec;
        let (_, version) = document.api_version.split_once('/').unwrap_or_default();
        let is_served =
            |index: &usize| spec.versions[*index].served.as_ref().is_none_or(|served| served.value);
        let name_of =
            |index: usize| spec.versions[index].name.as_ref().map_or("", |name| name.value.as_str());
        let served: Vec<usize> = (0..spec.versions.len()).filter(is_served).collect();
        let Some(index) = served.iter().copied().find(|index| name_of(*index) == version) else {
            let served: Vec<&str> = served.into_iter().map(name_of).collect();
            return vec![rules::unknown_version::check(root, &document.api_version, &document.kind, &served)];
        };
        let raw = spec.versions[index].schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref());
        let Some(raw) = raw else { return Vec::new() };
        let schema = self.schemas[index].get_or_init(|| Schema::compile(&raw.to_json()));
        let text = |key: &str| root.at(&["metadata", key]).and_then(Node::as_str);
        let is_namespaced = spec.scope.as_ref().is_none_or(|scope| scope.value != "Cluster");
        let id = ResourceId {
            kind: document.kind.clone(),
            namespace: is_namespaced.then(|| text("namespace").unwrap_or(DEFAULT_NAMESPACE).to_owned()),
            name: text("name").unwrap_or_default().to_owned(),
        };
        let violations = schema.validate(root, Nulls::Absent);
        let mut found: Vec<Diagnostic> =
            violations.iter().map(|violation| rules::violation(violation, &document.kind)).collect();
        rules::invalid_name::check(None, root, &mut found);
        if id.name.is_empty() {
            return found;
        }
        found.into_iter().map(|finding| finding.resource_id(id.clone())).collect()
    }
}
