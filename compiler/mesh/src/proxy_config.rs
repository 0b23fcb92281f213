//! How the proxy of a workload runs: the mesh's settings, `ProxyConfig` resources and the pod's annotation together (Istio's
//! `EffectiveProxyConfig`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meshc_resources::istio::ProxyConfig;
use meshc_resources::istio::mesh::MeshProxyConfig;
use meshc_resources::{Object, Resources};

use crate::meta::{plain, selects};
use crate::{MeshConfig, Meta};

/// What decides how a pod's proxy runs: the `ProxyConfig`s of the root namespace, of its own and of its labels, by their
/// places, and its annotation.
type Key = ([Option<usize>; 3], Option<String>);

/// All that says how proxies run.
pub(crate) struct ProxyConfigs<'a> {
    resources: &'a Resources,
    of_mesh: MeshProxyConfig,
    root_namespace: String,
    /// Oldest first.
    by_namespace: BTreeMap<String, Vec<&'a Object<ProxyConfig>>>,
    known: HashMap<Key, Arc<MeshProxyConfig>>,
}

impl<'a> ProxyConfigs<'a> {
    pub(crate) fn new(resources: &'a Resources, config: &MeshConfig) -> Self {
        let mut all: Vec<_> = resources
            .proxy_configs
            .iter()
            .map(|object| (Meta::new("ProxyConfig", &object.metadata, object.span), object))
            .collect();
        all.sort_by(|(a, _), (b, _)| a.by_age(b));
        let mut by_namespace: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (meta, object) in all {
            by_namespace.entry(meta.namespace).or_default().push(object);
        }
        let of_mesh = config.written.default_config.as_ref();
        Self {
            resources,
            of_mesh: of_mesh.map(|config| config.value.clone()).unwrap_or_default(),
            root_namespace: config.root_namespace().to_owned(),
            by_namespace,
            known: HashMap::new(),
        }
    }

    /// How the proxy of a pod runs: what is said for its labels, then by its annotation, for its namespace, for the root
    /// namespace, for the mesh.
    pub(crate) fn of(
        &mut self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
        annotation: Option<&str>,
    ) -> Arc<MeshProxyConfig> {
        let all = |namespace: &str| self.by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default();
        let of_all = |object: &&&Object<ProxyConfig>| object.spec.selector.is_none();
        let root = all(&self.root_namespace).iter().find(of_all);
        let own = all(namespace).iter().filter(|_| namespace != self.root_namespace).find(of_all);
        let of_labels = all(namespace).iter().find(|object| {
            let wanted = object.spec.selector.as_ref().map(|selector| plain(&selector.match_labels));
            wanted.is_some_and(|wanted| !wanted.is_empty() && selects(&wanted, labels))
        });
        let place = |object: Option<&&'a Object<ProxyConfig>>| {
            object.map(|object| std::ptr::from_ref(*object).addr())
        };
        let key = ([place(root), place(own), place(of_labels)], annotation.map(ToOwned::to_owned));
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let mut made = self.of_mesh.clone();
        for wider in [root, own].into_iter().flatten() {
            made = of_resource(&wider.spec).over(&made);
        }
        if let Some(written) = annotation.and_then(|text| self.resources.proxy_annotations.get(text)) {
            made = written.over(&made);
        }
        if let Some(narrowest) = of_labels {
            made = of_resource(&narrowest.spec).over(&made);
        }
        let made = Arc::new(made);
        self.known.insert(key, Arc::clone(&made));
        made
    }
}

/// What the resource can say.
fn of_resource(written: &ProxyConfig) -> MeshProxyConfig {
    MeshProxyConfig {
        concurrency: written.concurrency,
        proxy_metadata: written.environment_variables.clone(),
        image: written.image.clone(),
        ..MeshProxyConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use meshc_source::SourceSet;
    use meshc_syntax::Limits;

    use crate::{Interception, Mesh};

    #[test]
    fn narrower_settings_win_field_by_field() {
        let text = r"
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultConfig: {concurrency: 1, interceptionMode: TPROXY, proxyMetadata: {A: mesh, B: mesh}}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: all, namespace: shop}
spec: {concurrency: 2, environmentVariables: {B: namespace}}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: some, namespace: shop}
spec: {selector: {matchLabels: {app: a}}, environmentVariables: {C: labels}}
---
apiVersion: v1
kind: Pod
metadata:
  name: a
  namespace: shop
  labels: {app: a}
  annotations:
    proxy.istio.io/config: |
      interceptionMode: NONE
      proxyMetadata: {C: pod, D: pod}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: elsewhere}
spec: {containers: [{name: c, image: x}]}
";
        let outcome = meshc_resources::read(&SourceSet::of("mesh.yaml", text), &Limits::default());
        assert_eq!(outcome.diagnostics, []);
        let mesh = Mesh::new(&outcome.resources);
        let told = |name: &str| {
            let pod = mesh.pods.iter().find(|pod| pod.name == name).expect("a pod");
            let variables = pod.proxy_config.proxy_metadata.iter();
            let variables: Vec<_> =
                variables.map(|(key, value)| format!("{}={}", key.value, value.value)).collect();
            let threads = pod.proxy_config.concurrency.as_ref().map_or(0, |threads| threads.value);
            (pod.interception, threads, variables.join(" "))
        };
        assert_eq!(told("a"), (Interception::None, 2, "A=mesh B=namespace C=labels D=pod".to_owned()));
        assert_eq!(told("b"), (Interception::Tproxy, 2, "A=mesh B=namespace".to_owned()));
        assert_eq!(told("c"), (Interception::Tproxy, 1, "A=mesh B=mesh".to_owned()));
    }
}
