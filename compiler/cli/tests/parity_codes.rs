//! `docs/parity-codes.md`: every code of `istioctl analyze` and of Kiali with our rule, or the reason why files cannot show
//! it.
//!
//! After a rule's codes have changed: `MESHC_UPDATE=1 cargo test -p meshc --test parity_codes`.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use common::{bookshop, expect, json};

/// Istio's messages by code, as `istioctl` calls them.
const ISTIO: &[(&str, &str)] = &[
    ("IST0001", "InternalError"),
    ("IST0002", "Deprecated"),
    ("IST0101", "ReferencedResourceNotFound"),
    ("IST0102", "NamespaceNotInjected"),
    ("IST0103", "PodMissingProxy"),
    ("IST0106", "SchemaValidationError"),
    ("IST0107", "MisplacedAnnotation"),
    ("IST0108", "UnknownAnnotation"),
    ("IST0109", "ConflictingMeshGatewayVirtualServiceHosts"),
    ("IST0110", "ConflictingSidecarWorkloadSelectors"),
    ("IST0111", "MultipleSidecarsWithoutWorkloadSelectors"),
    ("IST0112", "VirtualServiceDestinationPortSelectorRequired"),
    ("IST0116", "DeploymentAssociatedToMultipleServices"),
    ("IST0118", "PortNameIsNotUnderNamingConvention"),
    ("IST0123", "NamespaceMultipleInjectionLabels"),
    ("IST0125", "InvalidAnnotation"),
    ("IST0126", "UnknownMeshNetworksServiceRegistry"),
    ("IST0127", "NoMatchingWorkloadsFound"),
    ("IST0128", "NoServerCertificateVerificationDestinationLevel"),
    ("IST0129", "NoServerCertificateVerificationPortLevel"),
    ("IST0130", "VirtualServiceUnreachableRule"),
    ("IST0131", "VirtualServiceIneffectiveMatch"),
    ("IST0132", "VirtualServiceHostNotFoundInGateway"),
    ("IST0133", "SchemaWarning"),
    ("IST0134", "ServiceEntryAddressesRequired"),
    ("IST0135", "DeprecatedAnnotation"),
    ("IST0136", "AlphaAnnotation"),
    ("IST0137", "DeploymentConflictingPorts"),
    ("IST0138", "GatewayDuplicateCertificate"),
    ("IST0139", "InvalidWebhook"),
    ("IST0140", "IngressRouteRulesNotAffected"),
    ("IST0141", "InsufficientPermissions"),
    ("IST0142", "UnsupportedKubernetesVersion"),
    ("IST0143", "LocalhostListener"),
    ("IST0144", "InvalidApplicationUID"),
    ("IST0145", "ConflictingGateways"),
    ("IST0146", "ImageAutoWithoutInjectionWarning"),
    ("IST0147", "ImageAutoWithoutInjectionError"),
    ("IST0148", "NamespaceInjectionEnabledByDefault"),
    ("IST0149", "JwtClaimBasedRoutingWithoutRequestAuthN"),
    ("IST0150", "ExternalNameServiceTypeInvalidPortName"),
    ("IST0151", "EnvoyFilterUsesRelativeOperation"),
    ("IST0152", "EnvoyFilterUsesReplaceOperationIncorrectly"),
    ("IST0153", "EnvoyFilterUsesAddOperationIncorrectly"),
    ("IST0154", "EnvoyFilterUsesRemoveOperationIncorrectly"),
    ("IST0155", "EnvoyFilterUsesRelativeOperationWithProxyVersion"),
    ("IST0156", "UnsupportedGatewayAPIVersion"),
    ("IST0157", "InvalidTelemetryProvider"),
    ("IST0158", "PodsIstioProxyImageMismatchInNamespace"),
    ("IST0159", "ConflictingTelemetryWorkloadSelectors"),
    ("IST0160", "MultipleTelemetriesWithoutWorkloadSelectors"),
    ("IST0161", "InvalidGatewayCredential"),
    ("IST0162", "GatewayPortNotDefinedOnService"),
    ("IST0163", "InvalidExternalControlPlaneConfig"),
    ("IST0164", "ExternalControlPlaneAddressIsNotAHostname"),
    ("IST0165", "ReferencedInternalGateway"),
    ("IST0166", "IneffectiveSelector"),
    ("IST0167", "IneffectivePolicy"),
    ("IST0168", "UnknownUpgradeCompatibility"),
    ("IST0169", "UpdateIncompatibility"),
    ("IST0170", "MultiClusterInconsistentService"),
    ("IST0171", "NegativeConditionStatus"),
    ("IST0172", "FutureUnsupportedGatewayAPIVersion"),
    ("IST0173", "DestinationRuleSubsetNotSelectPods"),
    ("IST0174", "UnknownDestinationRuleHost"),
    ("IST0175", "JwksUriFetchUnrestricted"),
    ("IST0176", "GatewayAPICRDVersionBelowMinimum"),
    ("IST0177", "ConflictingServiceEntryProtocol"),
];

/// Kiali's validations by code.
const KIALI: &[(&str, &str)] = &[
    ("KIA0002", "several without a selector in one namespace"),
    ("KIA0003", "several for one workload"),
    ("KIA0004", "a selector that no workload has"),
    ("KIA0005", "a namespace in `exportTo`"),
    ("KIA0101", "a namespace of a source"),
    ("KIA0102", "a method"),
    ("KIA0104", "a host of an operation"),
    ("KIA0105", "an identity without mutual TLS"),
    ("KIA0106", "a principal"),
    ("KIA0107", "a principal of another cluster"),
    ("KIA0108", "a principal of another trust domain"),
    ("KIA0109", "requests without a waypoint (AuthorizationPolicy)"),
    ("KIA0110", "no `targetRefs` (AuthorizationPolicy)"),
    ("KIA0201", "several DestinationRules for a host"),
    ("KIA0202", "an unknown host"),
    ("KIA0203", "a subset that no workload has"),
    ("KIA0204", "mutual TLS that a closer rule takes away"),
    ("KIA0205", "mutual TLS of callers alone (mesh)"),
    ("KIA0206", "mutual TLS of callers alone (namespace)"),
    ("KIA0207", "plaintext to `STRICT` (namespace)"),
    ("KIA0208", "plaintext to `STRICT` (mesh)"),
    ("KIA0209", "a subset without labels"),
    ("KIA0210", "requests without a waypoint (DestinationRule)"),
    ("KIA0211", "a Service without a waypoint (DestinationRule)"),
    ("KIA0212", "another namespace than the Service (DestinationRule)"),
    ("KIA0301", "a host on two Gateways"),
    ("KIA0302", "a Gateway without a workload"),
    ("KIA0401", "mutual TLS of workloads alone (mesh)"),
    ("KIA0501", "mutual TLS of workloads alone (namespace)"),
    ("KIA0505", "mutual TLS to plaintext (namespace)"),
    ("KIA0506", "mutual TLS to plaintext (mesh)"),
    ("KIA0601", "the name of a port"),
    ("KIA0602", "`appProtocol` of a port"),
    ("KIA0701", "a port that no container declares"),
    ("KIA1004", "a host of an egress"),
    ("KIA1006", "a Sidecar of the root namespace with a selector"),
    ("KIA1007", "an outbound policy without a mode"),
    ("KIA1101", "an unknown host"),
    ("KIA1102", "an unknown gateway"),
    ("KIA1104", "a lone weight"),
    ("KIA1105", "a destination twice"),
    ("KIA1106", "several VirtualServices for a host"),
    ("KIA1107", "an unknown subset"),
    ("KIA1108", "a gateway in the old form"),
    ("KIA1109", "requests without a waypoint (VirtualService)"),
    ("KIA1110", "requests without a waypoint (RequestAuthentication)"),
    ("KIA1111", "requests without a waypoint (WasmPlugin)"),
    ("KIA1112", "requests without a waypoint (Telemetry)"),
    ("KIA1113", "a Service without a waypoint (VirtualService)"),
    ("KIA1114", "another namespace than the Service (VirtualService)"),
    ("KIA1115", "no `targetRefs` (RequestAuthentication)"),
    ("KIA1116", "no `targetRefs` (WasmPlugin)"),
    ("KIA1117", "no `targetRefs` (Telemetry)"),
    ("KIA1211", "a host and port twice"),
    ("KIA1212", "a host and port with two protocols"),
    ("KIA1301", "a workload without a policy"),
    ("KIA1311", "labels of sidecar and ambient mesh"),
    ("KIA1312", "a waypoint outside of the ambient mesh"),
    ("KIA1313", "an unknown waypoint"),
    ("KIA1314", "a sidecar and ambient redirection"),
    ("KIA1315", "a sidecar and the ambient label"),
    ("KIA1316", "a sidecar in an ambient namespace"),
    ("KIA1317", "a policy about requests without a waypoint"),
    ("KIA1401", "an unknown Gateway of a route"),
    ("KIA1402", "an unknown Service of a route"),
    ("KIA1501", "a host on two Gateways"),
    ("KIA1502", "an address of two Gateways"),
    ("KIA1503", "two equal listeners"),
    ("KIA1504", "an unknown class"),
    ("KIA1601", "a namespace of a grant"),
    ("KIA1701", "a service account of a WorkloadGroup"),
    ("KIA1702", "WorkloadGroups with equal labels"),
];

/// Why files cannot show it.
const REASONS: &[(&str, &str)] = &[
    ("IST0001", "a fault of `istioctl` itself"),
    (
        "IST0141",
        "the permissions of whoever installs Istio: only the API server knows them (`istioctl x precheck`)",
    ),
    ("IST0142", "the version of the API server (`istioctl x precheck`)"),
    (
        "IST0143",
        "where an application listens shows only while it runs (`istioctl x precheck` asks the proxies)",
    ),
    (
        "IST0156",
        "of the definitions in a cluster before an upgrade (`istioctl x precheck`); in files IST0176 is the same",
    ),
    ("IST0168", "compares two releases of Istio before an upgrade (`istioctl x precheck`)"),
    ("IST0169", "compares two releases of Istio before an upgrade (`istioctl x precheck`)"),
    ("IST0170", "compares Services of several clusters; a view of `meshc.yaml` is one mesh"),
    (
        "IST0172",
        "of the definitions in a cluster before an upgrade (`istioctl x precheck`); in files IST0176 is the same",
    ),
    ("KIA0107", "the service accounts of another cluster; `external.serviceAccounts` names them"),
];

/// The page.
fn page() -> String {
    let rules = json(&expect(&bookshop(), &["rules", "--format", "json"], 0));
    let mut covered: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in rules.as_array().expect("a list") {
        let (code, name) = (rule["code"].as_str().expect("a code"), rule["name"].as_str().expect("a name"));
        for alias in rule["aliases"].as_array().into_iter().flatten() {
            let alias = alias.as_str().expect("a code").to_owned();
            covered.entry(alias).or_default().push(format!("[{code}](rules/{code}.md) {name}"));
        }
    }
    let mut page = String::from(
        "# The codes of istioctl and Kiali\n\nEvery message of `istioctl analyze` and every validation of Kiali, with the rule \
         that says the same, or the reason why files cannot show it. Where an original is known to be wrong, the rule\'s page \
         says how it differs. Generated: see `compiler/cli/tests/parity_codes.rs`.\n",
    );
    for (title, codes) in [("istioctl analyze", ISTIO), ("Kiali", KIALI)] {
        let _ = write!(page, "\n## {title}\n\n| code | original | here |\n|---|---|---|\n");
        for (code, what) in codes {
            let reason = REASONS.iter().find(|(of, _)| of == code).map(|(_, reason)| (*reason).to_owned());
            let here = match (covered.get(*code), reason) {
                (Some(rules), _) => rules.join(", "),
                (None, Some(reason)) => format!("not from files: {reason}"),
                (None, None) => panic!("{code} has neither a rule nor a reason"),
            };
            let _ = writeln!(page, "| {code} | {what} | {here} |");
        }
    }
    page
}

#[test]
fn every_code_has_a_rule_or_a_reason() {
    let path = meshc_testkit::workspace().join("docs/parity-codes.md");
    let page = page();
    if std::env::var_os("MESHC_UPDATE").is_some() {
        fs::write(&path, &page).expect("a file");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/parity-codes.md is not up to date; see the head of this test");
}

/// The codes that findings of a fixture have.
fn aliases(file: &std::path::Path) -> std::collections::BTreeSet<String> {
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let output = common::run(file.parent().expect("a parent"), &["check", "--format", "json", &name]);
    let out = json(&String::from_utf8_lossy(&output.stdout));
    let findings = out["diagnostics"].as_array().cloned().unwrap_or_default();
    let aliases =
        findings.iter().flat_map(|finding| finding["aliases"].as_array().cloned().unwrap_or_default());
    aliases.filter_map(|alias| alias.as_str().map(str::to_owned)).collect()
}

/// For each of Kiali's codes with a rule: one of the rule's fixtures fires with that code, and the clean one does not.
#[test]
fn every_code_of_kiali_has_a_fixture_that_fires_and_one_that_does_not() {
    let rules = json(&expect(&bookshop(), &["rules", "--format", "json"], 0));
    let root = meshc_testkit::workspace().join("testdata/rules");
    let mut wrong = Vec::new();
    for (code, _) in KIALI {
        if REASONS.iter().any(|(of, _)| of == code) {
            continue;
        }
        let (mut fires, mut clean) = (false, true);
        for rule in rules.as_array().expect("a list") {
            let covers =
                rule["aliases"].as_array().is_some_and(|list| list.iter().any(|alias| alias == code));
            if !covers {
                continue;
            }
            let folder = root.join(rule["code"].as_str().expect("a code"));
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let file = entry.expect("an entry").path();
                if file.extension().is_none_or(|extension| extension != "yaml") {
                    continue;
                }
                let has = aliases(&file).contains(*code);
                if file.ends_with("clean.yaml") {
                    clean &= !has;
                } else {
                    fires |= has;
                }
            }
        }
        if !fires || !clean {
            wrong.push(format!("{code}: fires {fires}, silent on the clean fixture {clean}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
