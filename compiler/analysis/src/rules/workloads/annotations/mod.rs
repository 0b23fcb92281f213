//! Istio's annotations on Namespaces, Services, Pods and what makes Pods.

mod alpha_annotation;
mod carriers;
mod deprecated_annotation;
mod invalid_annotation;
mod misplaced_annotation;
mod table;
mod unknown_annotation;
mod value;

use meshc_diagnostics::Diagnostic;

pub(in crate::rules) use alpha_annotation::ALPHA_ANNOTATION;
pub(in crate::rules) use deprecated_annotation::DEPRECATED_ANNOTATION;
pub(in crate::rules) use invalid_annotation::INVALID_ANNOTATION;
pub(in crate::rules) use misplaced_annotation::MISPLACED_ANNOTATION;
pub(in crate::rules) use unknown_annotation::UNKNOWN_ANNOTATION;

use crate::rules::context::Context;
use table::Known;

/// Every annotation of Istio's on every object; each object is looked at once for all rules.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for carrier in carriers::all(context.resources) {
        for (name, value) in carrier.annotations() {
            if table::is_by_istio(name) {
                continue;
            }
            let Some(known) = Known::find(name) else {
                found.push(unknown_annotation::finding(context, &carrier, name));
                continue;
            };
            found.extend(deprecated_annotation::finding(&carrier, name, known));
            found.extend(alpha_annotation::finding(&carrier, name, known));
            if known.may_stand_on(carrier.kind) {
                found.extend(invalid_annotation::finding(&carrier, name, value));
            } else {
                found.push(misplaced_annotation::finding(&carrier, name, known));
            }
        }
    }
}
