//! One object: what it is, what it is called, what it says, and where it stands.

use meshc_diagnostics::{Diagnostic, ResourceId, Rule};
use meshc_source::Span;
use meshc_syntax::de::{Raw, Spanned};
use serde::Deserialize;

use crate::kubernetes::{
    ConfigMap, EndpointSlice, Endpoints, MutatingWebhookConfiguration, Namespace, Node, Pod, PodSpec,
    PodStatus, Secret, Service, ServiceAccount, ServiceSpec, ValidatingWebhookConfiguration, Workload,
    WorkloadSpec,
};
use crate::{Ignored, Kind, Metadata};

/// One object of a tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Object<T> {
    /// Its kind.
    pub kind: Kind,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// What it says.
    pub spec: T,
    /// What became of it, where a controller writes conditions of interest to a mesh.
    pub status: Option<Raw>,
    /// The whole document, or the item of a list.
    pub span: Span,
}

impl<T> Object<T> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.metadata.name()
    }

    /// Its namespace, `default` where none is written; empty for kinds without namespaces.
    pub fn namespace(&self) -> &str {
        if self.kind.is_namespaced() { self.metadata.namespace() } else { "" }
    }

    /// The name's node, or the document where it has none: where findings about the object as a whole point.
    pub fn name_span(&self) -> Span {
        self.metadata.name.as_ref().map_or(self.span, |name| name.span)
    }

    /// For findings.
    pub fn id(&self) -> ResourceId {
        ResourceId {
            kind: self.kind.as_str().to_owned(),
            namespace: self.kind.is_namespaced().then(|| self.namespace().to_owned()),
            name: self.name().to_owned(),
        }
    }

    /// A finding about this object.
    pub fn finding(&self, rule: &Rule, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(rule, span, message).resource_id(self.id())
    }
}

/// A document as it is written: its metadata and what is left of it.
pub(crate) trait Root: Default + serde::de::DeserializeOwned {
    /// What the object says.
    type Spec;

    /// Takes it apart.
    fn split(self) -> (Metadata, Self::Spec);
}

/// The shape of all of Istio's resources.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[serde(bound = "T: Deserialize<'de> + Default")]
pub(crate) struct Manifest<T> {
    api_version: Ignored,
    kind: Ignored,
    metadata: Metadata,
    spec: Option<Spanned<T>>,
    status: Ignored,
}

impl<T: Default + serde::de::DeserializeOwned> Root for Manifest<T> {
    type Spec = T;

    fn split(self) -> (Metadata, T) {
        (self.metadata, self.spec.map(|spec| spec.value).unwrap_or_default())
    }
}

/// What an object of a kind says whose fields are not typed yet: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Untyped;

/// An object of which only the name is read.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Bare {
    metadata: Metadata,
}

impl Root for Bare {
    type Spec = Untyped;

    fn split(self) -> (Metadata, Untyped) {
        (self.metadata, Untyped)
    }
}

impl Root for Namespace {
    type Spec = ();

    fn split(self) -> (Metadata, ()) {
        (self.metadata, ())
    }
}

impl Root for Node {
    type Spec = ();

    fn split(self) -> (Metadata, ()) {
        (self.metadata, ())
    }
}

macro_rules! whole {
    ($($kind:ident)*) => {$(
        /// All but the metadata stands at the root.
        impl Root for $kind {
            type Spec = Self;

            fn split(mut self) -> (Metadata, Self) {
                (std::mem::take(&mut self.metadata), self)
            }
        }
    )*};
}

whole! { ConfigMap EndpointSlice Endpoints MutatingWebhookConfiguration Secret ValidatingWebhookConfiguration }

impl Root for ServiceAccount {
    type Spec = ();

    fn split(self) -> (Metadata, ()) {
        (self.metadata, ())
    }
}

impl Root for Service {
    type Spec = ServiceSpec;

    fn split(self) -> (Metadata, ServiceSpec) {
        (self.metadata, self.spec.map(|spec| spec.value).unwrap_or_default())
    }
}

impl Root for Pod {
    type Spec = PodParts;

    fn split(self) -> (Metadata, PodParts) {
        let spec = self.spec.map(|spec| spec.value).unwrap_or_default();
        let status = self.status.map(|status| status.value).unwrap_or_default();
        (self.metadata, PodParts { spec, status })
    }
}

impl Root for Workload {
    type Spec = WorkloadSpec;

    fn split(self) -> (Metadata, WorkloadSpec) {
        (self.metadata, self.spec.map(|spec| spec.value).unwrap_or_default())
    }
}

/// A pod's intent and facts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PodParts {
    /// What it runs.
    pub spec: PodSpec,
    /// What has become of it.
    pub status: PodStatus,
}
