//! Origins as lines that a person can open.

use meshc_effective::model::Origin;
use meshc_source::SourceSet;
use meshc_trace::Because;

/// The lines of origins, in their order, each once.
pub fn because(origins: &[Origin], sources: &SourceSet) -> Vec<Because> {
    let mut lines: Vec<Because> = Vec::with_capacity(origins.len());
    for origin in origins {
        let (start, _) = sources.location(origin.span);
        let line = Because {
            file: sources.file(origin.span.file).path.clone(),
            line: start.line,
            text: origin.text.clone(),
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}
