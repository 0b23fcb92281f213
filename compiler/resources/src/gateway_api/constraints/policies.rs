//! BackendTLSPolicies: targets and what is validated.

use schemars::Schema;
use serde_json::json;

use super::{add, atomic, validations};

/// The targets of a BackendTLSPolicy.
pub(in crate::gateway_api) fn target_refs(schema: &mut Schema) {
    atomic(schema);
    let one_target = "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name";
    let without = |p: &str| format!("(!has({p}.sectionName) || {p}.sectionName == '')");
    let message = |verb: &str| {
        format!("sectionName must be {verb} when targetRefs includes 2 or more references to the same target")
    };
    validations(
        schema,
        [
            (
                format!(
                    "self.all(p1, self.all(p2, {one_target} ? ({} == {}) : true))",
                    without("p1"),
                    without("p2")
                ),
                message("specified"),
            ),
            (
                format!(
                    "self.all(p1, self.exists_one(p2, {one_target} && (({} && {}) || (has(p1.sectionName) && \
                     has(p2.sectionName) && p1.sectionName == p2.sectionName))))",
                    without("p1"),
                    without("p2")
                ),
                message("unique"),
            ),
        ],
    );
    add(schema, &json!({"minItems": 1, "maxItems": 16}));
}

/// How the certificate of a backend is validated.
pub(in crate::gateway_api) fn backend_validation(schema: &mut Schema) {
    let refs = "has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0";
    let known = "has(self.wellKnownCACertificates) && self.wellKnownCACertificates != \"\"";
    validations(
        schema,
        [
            (
                format!("!({refs} && {known})"),
                "must not contain both CACertificateRefs and WellKnownCACertificates".to_owned(),
            ),
            (
                format!("({refs} || {known})"),
                "must specify either CACertificateRefs or WellKnownCACertificates".to_owned(),
            ),
        ],
    );
}

/// A subject alternative name: `type` says which field is set.
pub(in crate::gateway_api) fn subject_alt_name(schema: &mut Schema) {
    let pair = |kind: &str, field: &str, called: &str| {
        [
            (
                format!("!(self.type == \"{kind}\" && (!has(self.{field}) || self.{field} == \"\"))"),
                format!("SubjectAltName element must contain {called}, if Type is set to {called}"),
            ),
            (
                format!("!(self.type != \"{kind}\" && has(self.{field}) && self.{field} != \"\")"),
                format!("SubjectAltName element must not contain {called}, if Type is not set to {called}"),
            ),
        ]
    };
    let rules = [pair("Hostname", "hostname", "Hostname"), pair("URI", "uri", "URI")];
    validations(schema, rules.into_iter().flatten());
}
