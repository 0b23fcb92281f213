//! The file to its settings.

use meshc_diagnostics::Diagnostic;
use meshc_source::FileId;
use meshc_syntax::{Limits, de, rules::issue_diagnostic};

use crate::rules::SEVERAL_DOCUMENTS;
use crate::{FILE, Settings};

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Its settings; the default ones where it says nothing that can be read.
    pub settings: Settings,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the text of a `meshc.yaml`. Whatever is wrong is a finding, and the rest counts.
pub fn read(file: FileId, text: &str) -> Found {
    let parsed = meshc_syntax::parse(file, text, &Limits::default());
    let mut diagnostics = parsed.diagnostics;
    let mut documents = parsed.documents.into_iter();
    let mut settings = Settings::default();
    if let Some(document) = documents.next() {
        let (read, issues) = de::read::<Settings>(&document.root);
        settings = read.unwrap_or_default();
        diagnostics.extend(issues.iter().map(|issue| issue_diagnostic(issue, FILE)));
    }
    if let Some(second) = documents.next() {
        let message = "meshc.yaml is one document: what stands behind the first has no effect";
        diagnostics.push(Diagnostic::new(&SEVERAL_DOCUMENTS, second.root.span, message));
    }
    Found { settings, diagnostics }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LevelSetting;

    #[test]
    fn every_setting_is_read_and_every_mistake_found() {
        let text = "external:\n  services: [payments.prod]\n  snapshot: cluster.yaml\nlevels:\n  MC1001: warning\n\
                    overrides:\n  - paths: [legacy/]\n    levels: {unknown-host: ignore}\nviews:\n  prod: {paths: [base, prod]}\n\
                    helm:\n  - {chart: charts/shop, values: [prod.yaml]}\nkustomize: {command: [kustomize, build]}\n";
        let found = read(FileId(0), text);
        assert_eq!(found.diagnostics, []);
        assert_eq!(found.settings.levels["MC1001"].value, LevelSetting::Warning);
        assert_eq!(found.settings.views["prod"].paths.len(), 2);

        let found = read(FileId(0), "externl: {}\nlevels: {MC1001: warn}\nexternal: {service: [a]}\n");
        let messages: Vec<_> =
            found.diagnostics.iter().map(|d| (d.code.to_string(), d.help.clone())).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(
            messages.iter().all(|(_, help)| help.as_ref().is_some_and(|help| help.contains("did you mean")))
        );
    }

    #[test]
    fn the_schema_is_strict_as_the_reader() {
        let schema = serde_json::to_value(schemars::schema_for!(Settings)).expect("JSON");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["title"], "meshc.yaml");
        let text = schema.to_string();
        assert!(text.contains("\"ignore\"") && text.contains("snapshot"), "{text}");
    }
}
