//! For people: the YAML underlined, what is wrong, what to do.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use meshc_diagnostics::{Code, Diagnostic, Severity, Witness};
use meshc_source::{SourceFile, SourceSet, Span};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};

use super::Summary;
use super::excerpt::{CONTEXT, Excerpt, Place};
use crate::output;

/// How text for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether to use colours.
    pub(crate) colour: bool,
    /// Columns.
    pub(crate) width: usize,
    /// How many findings of one rule are shown that are for information only.
    pub(crate) alike: usize,
}

/// In a tree where one rule has something to say about everything, ten times is enough to understand it.
const ALIKE: usize = 10;

/// Columns where there is no terminal to ask.
const WIDTH: u16 = 100;

// === impl Look ===

impl Look {
    /// As standard output takes it.
    pub(crate) fn stdout() -> Self {
        Self::of(output::colour_out(), terminal_size::terminal_size_of(std::io::stdout()))
    }

    /// As standard error takes it.
    pub(crate) fn stderr() -> Self {
        Self::of(output::colour_err(), terminal_size::terminal_size_of(std::io::stderr()))
    }

    fn of(colour: bool, size: Option<(terminal_size::Width, terminal_size::Height)>) -> Self {
        // Narrower than this no line of YAML fits beside its number.
        let width = size.map_or(WIDTH, |(width, _)| width.0.max(40));
        Self { colour, width: usize::from(width), alike: ALIKE }
    }

    /// Without colours, this wide.
    #[cfg(test)]
    pub(crate) const fn plain(width: usize) -> Self {
        Self { colour: false, width, alike: ALIKE }
    }

    /// Shows everything.
    pub(crate) fn whole(self) -> Self {
        Self { alike: usize::MAX, ..self }
    }

    fn theme(self) -> GraphicalTheme {
        let styles = if self.colour { ThemeStyles::ansi() } else { ThemeStyles::none() };
        GraphicalTheme { characters: ThemeCharacters::unicode(), styles }
    }
}

/// All findings, and the counts in the last line.
pub(crate) fn human(found: &[Diagnostic], sources: &SourceSet, summary: &Summary, look: Look) -> String {
    let handler = GraphicalReportHandler::new_themed(look.theme())
        .with_width(look.width)
        .with_links(false)
        .with_context_lines(CONTEXT)
        // A header's name, a host or a path is not cut at its dashes and slashes.
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_show_related_as_nested(true);
    let mut text = String::new();
    let mut times: BTreeMap<Code, usize> = BTreeMap::new();
    for finding in found {
        if finding.severity == Severity::Info {
            let times = times.entry(finding.code).or_default();
            *times += 1;
            if *times > look.alike {
                continue;
            }
        }
        let report = Report::new(finding, sources, look.width);
        // Writing to a string cannot fail; a snippet that cannot be shown is left out by the handler.
        let _ = handler.render_report(&mut text, &report);
        text.push('\n');
    }
    for (code, more) in
        times.into_iter().filter_map(|(code, times)| Some((code, times.checked_sub(look.alike)?)))
    {
        if more > 0 {
            let _ = writeln!(text, "info[{code}] {more} more of this kind are not shown: `-v` shows all");
        }
    }
    text.push_str(&summary.line());
    text.push('\n');
    if let Some(first) = found.first() {
        let _ = writeln!(text, "`meshc explain {}` says more about it.", first.code);
    }
    text
}

/// A finding, or one of its labels in another file, as miette takes it.
#[derive(Debug)]
struct Report<'a> {
    header: Option<String>,
    message: &'a str,
    severity: Severity,
    help: Option<String>,
    excerpt: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    related: Vec<Report<'a>>,
}

// === impl Report ===

impl<'a> Report<'a> {
    fn new(finding: &'a Diagnostic, sources: &'a SourceSet, width: usize) -> Self {
        let mut header = format!("{}[{}]", finding.severity, finding.code);
        if let Some(resource) = &finding.resource {
            header.push(' ');
            header.push_str(&resource.to_string());
        }
        let file = sources.file(finding.span.file);
        let mut places = vec![Place { span: finding.span, message: None }];
        let mut related = Vec::new();
        for label in &finding.labels {
            if label.span.file == finding.span.file && !is_far_above(file, label.span, finding.span) {
                places.push(Place { span: label.span, message: Some(&label.message) });
            } else {
                let place = [Place { span: label.span, message: None }];
                let (excerpt, labels) = Excerpt::of(sources.file(label.span.file), &place, width);
                related.push(Self {
                    header: None,
                    message: &label.message,
                    severity: Severity::Info,
                    help: None,
                    excerpt,
                    labels,
                    related: Vec::new(),
                });
            }
        }
        let (excerpt, labels) = Excerpt::of(file, &places, width);
        Self {
            header: Some(header),
            message: &finding.message,
            severity: finding.severity,
            help: help(finding),
            excerpt,
            labels,
            related,
        }
    }
}

/// Whether a label would be an excerpt of its own above that of the finding, whose place is to be the first.
fn is_far_above(file: &SourceFile, label: Span, finding: Span) -> bool {
    file.position(label.start).line + TOUCHING < file.position(finding.start).line
}

/// So many lines below a place with its context, that of another place begins.
const TOUCHING: u32 = 3;

/// What to do, the request that shows it, and whose findings it is.
fn help(finding: &Diagnostic) -> Option<String> {
    let mut lines: Vec<String> = finding.help.iter().cloned().collect();
    for fix in &finding.fixes {
        // "did you mean" says it already.
        let said =
            lines.iter().any(|line| fix.message.split('`').nth(1).is_some_and(|name| line.contains(name)));
        if !said && !lines.iter().any(|line| line.eq_ignore_ascii_case(&fix.message)) {
            lines.push(format!("to fix it: {}", lower(&fix.message)));
        }
    }
    lines.extend(finding.witness.as_ref().map(|witness| format!("shown by: {}", request(witness))));
    if !finding.aliases.is_empty() {
        lines.push(format!("also known as {}", finding.aliases.join(", ")));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The text with its first letter in lower case.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// `GET reviews:9080/api at productpage.default with x-user: jason`
pub(super) fn request(witness: &Witness) -> String {
    let request = &witness.request;
    let mut text = format!("{} {}{} at {}", request.method, request.authority, request.path, witness.proxy);
    if !request.headers.is_empty() {
        let headers: Vec<_> =
            request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let _ = write!(text, " with {}", headers.join(", "));
    }
    text
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.header.as_ref().map(|header| Box::new(header) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.excerpt
            .as_ref()
            .map(|_| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn miette::Diagnostic> + 'b>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|report| report as &dyn miette::Diagnostic)))
    }
}
