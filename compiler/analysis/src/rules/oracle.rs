//! Istio's own analyzer cases: every message that `istioctl analyze` has, or that the analyzer of the case must report, is
//! reported on the same resource under its alias, and no code that can be judged is reported too often.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use serde_json::Value;

use super::check_mesh;

/// Codes that `istioctl` without a cluster reports wherever they apply, so that one too many can be told.
const COMPLETE: [&str; 24] = [
    "IST0002", "IST0106", "IST0109", "IST0128", "IST0129", "IST0130", "IST0131", "IST0132", "IST0133",
    "IST0134", "IST0138", "IST0151", "IST0152", "IST0153", "IST0154", "IST0155", "IST0157", "IST0160",
    "IST0163", "IST0164", "IST0165", "IST0175", "IST0176", "IST0177",
];

/// What no file of its case shows: Istio's own test hands the mesh's networks to the analyzer itself.
const UNSEEN: [&str; 1] =
    ["IST0126 MeshNetworks istio-system/meshnetworks (unknown-service-registry-in-mesh-networks)"];

/// When the cases are judged: 2026-08-01.
const NOW: i64 = 1_785_542_400;

/// A case: what was fed and what came out.
struct Case {
    expected: Value,
    sources: SourceSet,
}

fn read(directory: &Path) -> Option<Case> {
    let expected = std::fs::read_to_string(directory.join("expected.json")).ok()?;
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    let names = expected["inputs"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let text = |name: &str| std::fs::read_to_string(directory.join(name)).ok();
    let mut files: Vec<SourceFile> =
        names.filter_map(|name| Some(SourceFile::new(name, text(name)?))).collect();
    if let Some(config) = expected["meshConfig"].as_str().and_then(text) {
        let indented: String = config.lines().map(|line| format!("    {line}\n")).collect();
        files.push(SourceFile::new(
            "istio-config-map.yaml",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata:\n  mesh: |\n{indented}"
            ),
        ));
    }
    Some(Case { expected, sources: SourceSet::new(files) })
}

/// The code of each of Istio's messages by name, as the rules' aliases give it.
const CODES: &[(&str, &str)] = &[
    ("InternalError", "IST0001"),
    ("Deprecated", "IST0002"),
    ("ReferencedResourceNotFound", "IST0101"),
    ("NamespaceNotInjected", "IST0102"),
    ("PodMissingProxy", "IST0103"),
    ("SchemaValidationError", "IST0106"),
    ("MisplacedAnnotation", "IST0107"),
    ("UnknownAnnotation", "IST0108"),
    ("ConflictingMeshGatewayVirtualServiceHosts", "IST0109"),
    ("ConflictingSidecarWorkloadSelectors", "IST0110"),
    ("MultipleSidecarsWithoutWorkloadSelectors", "IST0111"),
    ("VirtualServiceDestinationPortSelectorRequired", "IST0112"),
    ("DeploymentAssociatedToMultipleServices", "IST0116"),
    ("PortNameIsNotUnderNamingConvention", "IST0118"),
    ("NamespaceMultipleInjectionLabels", "IST0123"),
    ("InvalidAnnotation", "IST0125"),
    ("UnknownMeshNetworksServiceRegistry", "IST0126"),
    ("NoMatchingWorkloadsFound", "IST0127"),
    ("NoServerCertificateVerificationDestinationLevel", "IST0128"),
    ("NoServerCertificateVerificationPortLevel", "IST0129"),
    ("VirtualServiceUnreachableRule", "IST0130"),
    ("VirtualServiceIneffectiveMatch", "IST0131"),
    ("VirtualServiceHostNotFoundInGateway", "IST0132"),
    ("SchemaWarning", "IST0133"),
    ("ServiceEntryAddressesRequired", "IST0134"),
    ("DeprecatedAnnotation", "IST0135"),
    ("AlphaAnnotation", "IST0136"),
    ("DeploymentConflictingPorts", "IST0137"),
    ("GatewayDuplicateCertificate", "IST0138"),
    ("InvalidWebhook", "IST0139"),
    ("IngressRouteRulesNotAffected", "IST0140"),
    ("InsufficientPermissions", "IST0141"),
    ("UnsupportedKubernetesVersion", "IST0142"),
    ("LocalhostListener", "IST0143"),
    ("InvalidApplicationUID", "IST0144"),
    ("ConflictingGateways", "IST0145"),
    ("ImageAutoWithoutInjectionWarning", "IST0146"),
    ("ImageAutoWithoutInjectionError", "IST0147"),
    ("NamespaceInjectionEnabledByDefault", "IST0148"),
    ("JwtClaimBasedRoutingWithoutRequestAuthN", "IST0149"),
    ("ExternalNameServiceTypeInvalidPortName", "IST0150"),
    ("EnvoyFilterUsesRelativeOperation", "IST0151"),
    ("EnvoyFilterUsesReplaceOperationIncorrectly", "IST0152"),
    ("EnvoyFilterUsesAddOperationIncorrectly", "IST0153"),
    ("EnvoyFilterUsesRemoveOperationIncorrectly", "IST0154"),
    ("EnvoyFilterUsesRelativeOperationWithProxyVersion", "IST0155"),
    ("UnsupportedGatewayAPIVersion", "IST0156"),
    ("FutureUnsupportedGatewayAPIVersion", "IST0172"),
    ("InvalidTelemetryProvider", "IST0157"),
    ("PodsIstioProxyImageMismatchInNamespace", "IST0158"),
    ("ConflictingTelemetryWorkloadSelectors", "IST0159"),
    ("MultipleTelemetriesWithoutWorkloadSelectors", "IST0160"),
    ("InvalidGatewayCredential", "IST0161"),
    ("GatewayPortNotDefinedOnService", "IST0162"),
    ("InvalidExternalControlPlaneConfig", "IST0163"),
    ("ExternalControlPlaneAddressIsNotAHostname", "IST0164"),
    ("ReferencedInternalGateway", "IST0165"),
    ("IneffectiveSelector", "IST0166"),
    ("IneffectivePolicy", "IST0167"),
    ("UnknownUpgradeCompatibility", "IST0168"),
    ("UpdateIncompatibility", "IST0169"),
    ("MultiClusterInconsistentService", "IST0170"),
    ("NegativeConditionStatus", "IST0171"),
    ("DestinationRuleSubsetNotSelectPods", "IST0173"),
    ("UnknownDestinationRuleHost", "IST0174"),
    ("JwksUriFetchUnrestricted", "IST0175"),
    ("GatewayAPICRDVersionBelowMinimum", "IST0176"),
    ("ConflictingServiceEntryProtocol", "IST0177"),
];

fn code(message: &str) -> &'static str {
    CODES.iter().find(|(name, _)| *name == message).map_or("?", |(_, code)| code)
}

/// `IST0101 VirtualService default/reviews`; kinds without a namespace have none.
fn named(code: &str, resource: &str) -> String {
    let cluster = [
        "Namespace",
        "CustomResourceDefinition",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ];
    match resource.split_once(' ') {
        Some((kind, name)) if !name.contains('/') && !cluster.contains(&kind) => {
            format!("{code} {kind} default/{name}")
        }
        _ => format!("{code} {resource}"),
    }
}

/// What we report, by alias and resource.
fn reported(sources: &SourceSet) -> BTreeSet<String> {
    let outcome = meshc_resources::read(sources, &meshc_syntax::Limits::default());
    let mesh = Mesh::new(&outcome.resources);
    let effective = meshc_effective::compile(&mesh);
    let mut found = outcome.diagnostics;
    found.extend(check_mesh(&outcome.resources, &mesh, Some(NOW)));
    // As the command line does: routes that are not modelled whole are not judged.
    if !found.iter().any(meshc_resources::rules::is_refusal) {
        let reached = crate::Reached::new(&effective);
        found.extend(reached.check_routes(&mesh));
        found.extend(reached.check_lone_routes(&outcome.resources, &mesh));
    }
    found.extend(effective.diagnostics.iter().cloned());
    let with_aliases = found.iter().flat_map(|d| d.aliases.iter().map(move |alias| (alias, d)));
    with_aliases
        .filter(|(alias, _)| alias.starts_with("IST"))
        .map(|(alias, d)| named(alias, &d.resource.as_ref().map(ToString::to_string).unwrap_or_default()))
        .collect()
}

/// Counts, printed: `cargo test -p meshc-analysis istios_findings -- --nocapture`.
#[test]
fn istios_findings_are_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle/analysis");
    let Ok(entries) = std::fs::read_dir(&root) else {
        #[expect(clippy::print_stderr, reason = "says that nothing was tested")]
        {
            eprintln!("skipped: no ../shared");
        }
        return;
    };
    let mut directories: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    directories.sort();
    let (mut cases, mut expected_all, mut missing, mut extra) = (0, 0, Vec::new(), Vec::new());
    for directory in directories {
        let Some(Case { expected, sources }) = read(&directory) else { continue };
        cases += 1;
        let have = reported(&sources);
        let list = |key: &str| expected[key].as_array().cloned().unwrap_or_default();
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let focus: BTreeSet<String> = list("expected_by_focus")
            .iter()
            .map(|message| named(code(&text(message, "message")), &text(message, "resource")))
            .collect();
        let all: BTreeSet<String> = list("istioctl")
            .iter()
            .map(|message| named(&text(message, "code"), &text(message, "origin")))
            .chain(focus.iter().cloned())
            .collect();
        let title = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        expected_all += all.len();
        missing.extend(all.difference(&have).map(|what| format!("{what} ({title})")));
        if expected["istioctl"].is_null() {
            continue;
        }
        let of_focus: BTreeSet<&str> = focus.iter().filter_map(|what| what.get(..7)).collect();
        let judged = |what: &&String| {
            what.get(..7).is_some_and(|code| COMPLETE.contains(&code) || of_focus.contains(code))
        };
        extra.extend(have.difference(&all).filter(judged).map(|what| format!("{what} ({title})")));
    }
    let by_code = |list: &[String]| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for what in list {
            *counts.entry(what.get(..7).unwrap_or("?")).or_default() += 1;
        }
        format!("{counts:?}")
    };
    #[expect(clippy::print_stderr, reason = "the number is what the test is for")]
    {
        eprintln!(
            "istioctl analyze: {cases} cases, {} of {expected_all} messages found, {} too many\nmissing {}\nextra {}",
            expected_all - missing.len(),
            extra.len(),
            by_code(&missing),
            by_code(&extra)
        );
        if std::env::var_os("MESHC_VERBOSE").is_some() {
            eprintln!("missing:\n{}\ntoo many:\n{}", missing.join("\n"), extra.join("\n"));
        }
    }
    assert_eq!(missing, UNSEEN);
    assert_eq!(extra, Vec::<String>::new());
    assert!(cases > 0);
}
