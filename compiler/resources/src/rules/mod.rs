//! The rules that one document alone can break, one file each.

pub(crate) mod destination;
pub(crate) mod hosts_missing;
pub(crate) mod invalid_regex;
pub(crate) mod kind_not_implemented;
pub(crate) mod missing_name;
pub(crate) mod not_implemented_value;
pub(crate) mod out_of_range;
pub(crate) mod route_action;
pub(crate) mod string_match;
pub(crate) mod unknown_kind;
pub(crate) mod unknown_version;
pub(crate) mod weights;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_syntax::de::Issue;

use crate::Object;
use crate::istio::{DestinationRule, Gateway, ServiceEntry, VirtualService};
use crate::kubernetes::ServiceSpec;

/// All rules of this crate, by code.
pub const RULES: &[&Rule] = &[
    &kind_not_implemented::KIND_NOT_IMPLEMENTED,
    &unknown_kind::UNKNOWN_KIND,
    &unknown_version::UNKNOWN_VERSION,
    &missing_name::MISSING_NAME,
    &not_implemented_value::NOT_IMPLEMENTED_VALUE,
    &hosts_missing::HOSTS_MISSING,
    &route_action::ROUTE_ACTION,
    &destination::DESTINATION_INCOMPLETE,
    &weights::WEIGHTS,
    &string_match::STRING_MATCH,
    &invalid_regex::INVALID_REGEX,
    &out_of_range::OUT_OF_RANGE,
];

/// Whether a finding says that the tree uses something that this version does not model: then no command that would
/// have to understand it may answer.
pub fn is_refusal(finding: &Diagnostic) -> bool {
    [
        meshc_syntax::rules::NOT_IMPLEMENTED.code,
        kind_not_implemented::KIND_NOT_IMPLEMENTED.code,
        not_implemented_value::NOT_IMPLEMENTED_VALUE.code,
    ]
    .contains(&finding.code)
}

/// A finding of the typed reader, about the object that it was made in.
pub(crate) fn issue<T>(object: &Object<T>, issue: &Issue) -> Diagnostic {
    let finding = meshc_syntax::rules::issue_diagnostic(issue, object.kind.as_str());
    if object.name().is_empty() { finding } else { finding.resource_id(object.id()) }
}

pub(crate) fn service(object: &Object<ServiceSpec>, found: &mut Vec<Diagnostic>) {
    not_implemented_value::service(object, found);
    out_of_range::service(object, found);
}

pub(crate) fn virtual_service(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    hosts_missing::virtual_service(object, found);
    not_implemented_value::virtual_service(object, found);
    route_action::check(object, found);
    destination::check(object, found);
    weights::check(object, found);
    string_match::check(object, found);
    invalid_regex::check(object, found);
    out_of_range::virtual_service(object, found);
}

pub(crate) fn destination_rule(object: &Object<DestinationRule>, found: &mut Vec<Diagnostic>) {
    hosts_missing::destination_rule(object, found);
    not_implemented_value::destination_rule(object, found);
}

pub(crate) fn gateway(object: &Object<Gateway>, found: &mut Vec<Diagnostic>) {
    hosts_missing::gateway(object, found);
    not_implemented_value::gateway(object, found);
    out_of_range::gateway(object, found);
}

pub(crate) fn service_entry(object: &Object<ServiceEntry>, found: &mut Vec<Diagnostic>) {
    hosts_missing::service_entry(object, found);
    not_implemented_value::service_entry(object, found);
    out_of_range::service_entry(object, found);
}
