//! WasmPlugins and TrafficExtensions of each proxy (`extensions.go` of `pilot/pkg/model`; Istio turns a WasmPlugin into
//! a TrafficExtension).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{Mesh, Meta, Pod};
use meshc_resources::istio::{
    EnvValueSource, ExtensionPhase as Written, FailStrategy, PluginPhase, PluginType, PullPolicy,
    TrafficMode, TrafficSelector, VmConfig,
};
use meshc_syntax::de::{Raw, Spanned};

use crate::model::{Extension, ExtensionCode, ExtensionMatch, ExtensionPhase, Origin, Wasm, WasmFailure};
use crate::rules;

/// What Istio adds to the name of a WasmPlugin.
const OF_WASM_PLUGIN: &str = "~istio-translated-wasmplugin";
/// Before Istio's names of extensions.
const PREFIX: &str = "extensions.istio.io/trafficextension/";
/// The scheme of a URL without one.
const OCI: &str = "oci://";

/// What was made before, by the resources that hold.
#[derive(Default)]
pub(crate) struct Cache(HashMap<Vec<usize>, Arc<Vec<Extension>>>);

/// An extension with what it is ordered by.
struct Ranked {
    created: Option<i64>,
    priority: Option<i32>,
    extension: Extension,
}

impl Cache {
    /// The extensions of the proxy of a pod, in the order in which they run within a phase.
    pub(crate) fn of(&mut self, mesh: &Mesh, pod: &Pod, found: &mut Vec<Diagnostic>) -> Arc<Vec<Extension>> {
        let plugins = mesh.policies.wasm_plugins(&pod.namespace, &pod.labels);
        let others = mesh.policies.traffic_extensions(&pod.namespace, &pod.labels);
        let places = plugins.iter().map(|plugin| Arc::as_ptr(plugin).addr());
        let places = places.chain(others.iter().map(|other| Arc::as_ptr(other).addr())).collect();
        let new = || {
            let plugins = plugins.iter().filter_map(|plugin| wasm_plugin(&plugin.meta, &plugin.spec));
            let others = others.iter().filter_map(|other| traffic_extension(&other.meta, &other.spec));
            let mut all: Vec<_> = plugins.chain(others).collect();
            // The proxy's own namespace comes first, then the root's; each oldest first.
            let key = |ranked: &Ranked, name: &str| (ranked.created, name.to_owned());
            all.sort_by(|(a, of_a), (b, of_b)| {
                let own = |of: &Meta| of.namespace != pod.namespace;
                own(of_a)
                    .cmp(&own(of_b))
                    .then_with(|| key(a, &a.extension.name).cmp(&key(b, &b.extension.name)))
            });
            all.sort_by_key(|(ranked, _)| std::cmp::Reverse(ranked.priority.unwrap_or(i32::MIN)));
            found.extend(all.iter().map(|(_, meta)| rules::unknown_code(meta)));
            Arc::new(all.into_iter().map(|(ranked, _)| ranked.extension).collect())
        };
        Arc::clone(self.0.entry(places).or_insert_with(new))
    }
}

fn wasm_plugin<'a>(meta: &'a Meta, spec: &meshc_resources::istio::WasmPlugin) -> Option<(Ranked, &'a Meta)> {
    let name = format!("{}.{}{OF_WASM_PLUGIN}", meta.namespace, meta.name);
    let module = Module {
        url: spec.url.as_ref(),
        sha256: spec.sha256.as_ref(),
        policy: spec.image_pull_policy.as_ref().map(|policy| policy.value),
        secret: spec.image_pull_secret.as_ref(),
        config: spec.plugin_config.as_ref(),
        root_id: spec.plugin_name.as_ref(),
        on_failure: spec.fail_strategy.as_ref().map(|strategy| strategy.value),
        vm: spec.vm_config.as_deref(),
    };
    let phase = match spec.phase.as_ref().map(|phase| phase.value).unwrap_or_default() {
        PluginPhase::Authn => ExtensionPhase::Authentication,
        PluginPhase::Authz => ExtensionPhase::Authorization,
        PluginPhase::Stats => ExtensionPhase::Statistics,
        PluginPhase::UnspecifiedPhase => ExtensionPhase::Unspecified,
    };
    let extension = Extension {
        name: format!("{PREFIX}{name}"),
        phase,
        matches: matches(&spec.matches),
        of_connections: spec.kind.as_ref().is_some_and(|kind| kind.value == PluginType::Network),
        code: ExtensionCode::Wasm(Box::new(module.made(&name, &meta.namespace)?)),
        origins: vec![Origin::new(meta.span, meta.to_string())],
    };
    let priority = spec.priority.as_ref().map(|priority| priority.value);
    Some((Ranked { created: meta.created, priority, extension }, meta))
}

fn traffic_extension<'a>(
    meta: &'a Meta,
    spec: &meshc_resources::istio::TrafficExtension,
) -> Option<(Ranked, &'a Meta)> {
    let name = format!("{}.{}", meta.namespace, meta.name);
    let code = match (&spec.wasm, &spec.lua) {
        (Some(wasm), _) => {
            let module = Module {
                url: wasm.url.as_ref(),
                sha256: wasm.sha256.as_ref(),
                policy: wasm.image_pull_policy.as_ref().map(|policy| policy.value),
                secret: wasm.image_pull_secret.as_ref(),
                config: wasm.plugin_config.as_ref(),
                root_id: wasm.plugin_name.as_ref(),
                on_failure: wasm.fail_strategy.as_ref().map(|strategy| strategy.value),
                vm: wasm.vm_config.as_deref(),
            };
            ExtensionCode::Wasm(Box::new(module.made(&name, &meta.namespace)?))
        }
        (None, Some(lua)) => {
            let script = lua.inline_code.as_ref().filter(|script| !script.is_empty())?;
            ExtensionCode::Lua(script.value.clone())
        }
        (None, None) => return None,
    };
    let phase = match spec.phase.as_ref().map(|phase| phase.value).unwrap_or_default() {
        Written::Authn => ExtensionPhase::Authentication,
        Written::Authz => ExtensionPhase::Authorization,
        Written::Stats => ExtensionPhase::Statistics,
        Written::Unspecified => ExtensionPhase::Unspecified,
    };
    let kind = spec.wasm.as_ref().and_then(|wasm| wasm.kind.as_ref());
    let extension = Extension {
        name: format!("{PREFIX}{name}"),
        phase,
        matches: matches(&spec.matches),
        of_connections: kind.is_some_and(|kind| kind.value == PluginType::Network),
        code,
        origins: vec![Origin::new(meta.span, meta.to_string())],
    };
    let priority = spec.priority.as_ref().map(|priority| priority.value);
    Some((Ranked { created: meta.created, priority, extension }, meta))
}

fn matches(written: &[Spanned<TrafficSelector>]) -> Vec<ExtensionMatch> {
    let inbound = |mode: TrafficMode| match mode {
        TrafficMode::Client => Some(false),
        TrafficMode::Server => Some(true),
        TrafficMode::Undefined | TrafficMode::ClientAndServer => None,
    };
    let one = |selector: &Spanned<TrafficSelector>| ExtensionMatch {
        inbound: selector.mode.as_ref().and_then(|mode| inbound(mode.value)),
        ports: selector
            .ports
            .iter()
            .filter_map(|port| u16::try_from(port.number.as_ref()?.value).ok())
            .collect(),
    };
    written.iter().map(one).collect()
}

/// What both kinds say about a module.
struct Module<'a> {
    url: Option<&'a Spanned<String>>,
    sha256: Option<&'a Spanned<String>>,
    policy: Option<PullPolicy>,
    secret: Option<&'a Spanned<String>>,
    config: Option<&'a Spanned<Raw>>,
    root_id: Option<&'a Spanned<String>>,
    on_failure: Option<FailStrategy>,
    vm: Option<&'a VmConfig>,
}

impl Module<'_> {
    /// None without an address.
    fn made(self, name: &str, namespace: &str) -> Option<Wasm> {
        let text =
            |value: Option<&Spanned<String>>| value.map(|value| value.value.clone()).unwrap_or_default();
        let url = self.url.filter(|url| !url.is_empty())?;
        let url = if url.contains("://") { url.value.clone() } else { format!("{OCI}{}", url.value) };
        let mut env = BTreeMap::new();
        let mut host_env = Vec::new();
        // Istio's agent reads these and fetches the module.
        if let Some(secret) = self.secret.filter(|secret| !secret.is_empty()) {
            let secret = secret.rsplit('/').next().unwrap_or(secret);
            env.insert(
                "ISTIO_META_WASM_IMAGE_PULL_SECRET".to_owned(),
                format!("kubernetes://{namespace}/{secret}"),
            );
        }
        match self.policy.unwrap_or_default() {
            PullPolicy::Unspecified => {}
            PullPolicy::IfNotPresent => {
                env.insert("ISTIO_META_WASM_IMAGE_PULL_POLICY".to_owned(), "IfNotPresent".to_owned());
            }
            PullPolicy::Always => {
                env.insert("ISTIO_META_WASM_IMAGE_PULL_POLICY".to_owned(), "Always".to_owned());
            }
        }
        env.insert("ISTIO_META_WASM_PLUGIN_RESOURCE_VERSION".to_owned(), String::new());
        for variable in self.vm.map(|vm| vm.env.as_slice()).unwrap_or_default() {
            let name = text(variable.name.as_ref());
            match variable.value_from.as_ref().map(|from| from.value).unwrap_or_default() {
                EnvValueSource::Inline => {
                    env.insert(name, text(variable.value.value.as_ref()));
                }
                EnvValueSource::Host => host_env.push(name),
            }
        }
        let config = self.config.filter(|config| !config.node().entries().is_empty());
        Some(Wasm {
            name: name.to_owned(),
            root_id: text(self.root_id),
            config: config.map(|config| config.to_json().to_string()),
            url,
            sha256: text(self.sha256),
            on_failure: match self.on_failure.unwrap_or_default() {
                FailStrategy::FailClose => WasmFailure::FailClosed,
                FailStrategy::FailOpen => WasmFailure::FailOpen,
                FailStrategy::FailReload => WasmFailure::FailReload,
            },
            env,
            host_env,
        })
    }
}
