//! Policies asked about every object of a tree.

use meshc_diagnostics::Diagnostic;
use meshc_resources::Resources;
use meshc_source::{SourceSet, Span};
use meshc_syntax::Node;
use rayon::prelude::*;

use crate::rules::{BROKEN_POLICY, UNUSABLE_POLICY};
use crate::subject::{Subject, Subjects};
use crate::{Loudness, Pack, Policy, loud};

/// What the policies of packs, and those of the tree itself that a binding puts in force, find wrong with its objects.
pub fn check(
    packs: &[Pack],
    resources: &Resources,
    sources: &SourceSet,
    loudness: &Loudness<'_>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut own = Vec::new();
    for object in &resources.admission_policies {
        match Policy::new(object, &resources.admission_policy_bindings, None) {
            Ok(policy) if policy.is_bound() => own.push(policy),
            Ok(_) => {}
            Err(flaws) => found.extend(flaws.into_iter().map(|(span, message)| {
                object.finding(
                    &UNUSABLE_POLICY,
                    span,
                    format!("policy `{}` is not asked: {message}", object.name()),
                )
            })),
        }
    }
    let policies: Vec<&Policy> = packs.iter().flat_map(|pack| &pack.policies).chain(&own).collect();
    if policies.is_empty() {
        return found;
    }
    let subjects = Subjects::read(sources);
    let of_subject = |subject: &Subject| {
        let namespace = subject.namespace.as_ref().and_then(|name| subjects.namespaces.get(name));
        about(subject, namespace, &policies, loudness)
    };
    found.extend(subjects.all.par_iter().flat_map_iter(of_subject).collect::<Vec<_>>());
    found
}

fn about(
    subject: &Subject,
    namespace: Option<&Node>,
    policies: &[&Policy],
    loudness: &Loudness<'_>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut request = None;
    for policy in policies {
        let Some(severity) = policy.concerns(subject, namespace) else { continue };
        let request = request.get_or_insert_with(|| subject.request());
        for broken in policy.ask(subject, request, namespace, severity) {
            let of_pack = policy.pack.as_ref().map(|pack| format!(" of pack `{pack}`")).unwrap_or_default();
            let span = broken.span.or_else(|| name(subject)).unwrap_or(subject.root.span);
            let message = format!("policy `{}`{of_pack}: {}", policy.name, broken.message);
            let mut finding = Diagnostic::new(&BROKEN_POLICY, span, message).resource_id(subject.id());
            if !policy.description.is_empty() {
                finding = finding.help(policy.description.clone());
            }
            found.extend(loud(finding, &policy.name, broken.severity, loudness));
        }
    }
    found
}

fn name(subject: &Subject) -> Option<Span> {
    subject.root.at(&["metadata", "name"]).map(|name| name.span)
}
