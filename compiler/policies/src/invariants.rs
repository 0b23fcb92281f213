//! The Invariants of packs, held against the mesh.

use meshc_analysis::{Verdict, keep_invariants};
use meshc_diagnostics::{Diagnostic, Severity};
use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_source::{SourceSet, Span};

use crate::rules::BROKEN_INVARIANT;
use crate::{Loudness, Pack, loud};

/// What breaks the Invariants of packs: each finding points at the line that decided, else where `asked` says that the
/// pack is switched on.
pub fn check_invariants(
    packs: &[Pack],
    (mesh, effective): (&Mesh, &EffectiveMesh),
    sources: &SourceSet,
    asked: &dyn Fn(&str) -> Option<Span>,
    loudness: &Loudness<'_>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for pack in packs {
        for promised in &pack.invariants {
            for promise in keep_invariants([&promised.invariant], mesh, effective, sources) {
                for case in promise.cases {
                    let subject = format!("invariant `{}` of pack `{}`", promised.name, pack.name);
                    let (message, severity, place, witness) = match case.verdict {
                        Verdict::Kept => continue,
                        Verdict::Unknown { why } => {
                            let message = format!("{subject}: whether {} cannot be told: {why}", case.name);
                            (message, promised.severity.min(Severity::Warning), None, None)
                        }
                        Verdict::Broken(refutation) => {
                            let message = format!("{subject}: {}: {}", case.name, refutation.message);
                            let place = refutation
                                .because
                                .first()
                                .and_then(|because| line(sources, &because.file, because.line));
                            (message, promised.severity, place, refutation.witness)
                        }
                    };
                    let Some(span) = place.or_else(|| asked(&pack.name)) else { continue };
                    let mut finding = Diagnostic::new(&BROKEN_INVARIANT, span, message);
                    finding.witness = witness;
                    if !promised.description.is_empty() {
                        finding = finding.help(promised.description.clone());
                    }
                    found.extend(loud(finding, &promised.name, severity, loudness));
                }
            }
        }
    }
    found
}

/// A line of a file without the blanks around it.
fn line(sources: &SourceSet, file: &str, number: u32) -> Option<Span> {
    let id = sources.find(file)?;
    let text = &*sources.file(id).text;
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    let before: usize = text.split_inclusive('\n').take(index).map(str::len).sum();
    let line = text.get(before..)?.lines().next()?;
    let start = before + (line.len() - line.trim_start().len());
    let end = start + line.trim().len();
    Some(Span::new(id, u32::try_from(start).ok()?, u32::try_from(end).ok()?))
}
