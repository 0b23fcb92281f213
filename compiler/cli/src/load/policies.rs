//! The packs of policies that the settings switch on.

use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_policies::rules::{UNKNOWN_PACK, UNUSABLE_POLICY};
use meshc_policies::{Pack, bundled, names};
use meshc_settings::LevelSetting;
use meshc_settings::rules::UNKNOWN_RULE;
use meshc_source::{SourceSet, Span};
use meshc_syntax::suggest;

use super::paths::{below, join, normal};
use super::settings::Governing;
use super::{Failure, Selected};

impl Governing {
    /// Reads the packs that the settings name. A name with a slash is a path from the settings' directory.
    pub(super) fn add_packs(&mut self, selected: &Selected) -> Result<(), Failure> {
        let mut packs = Vec::new();
        for written in self.settings.policies.clone() {
            let name = written.value.as_str();
            let pack = if name.contains('/') {
                let full = join(&self.base, &written);
                let pack = read(selected, name, &full)?;
                self.of_policies.push(full);
                pack
            } else {
                bundled(name)
            };
            let Some(pack) = pack else {
                self.diagnostics.push(unknown(name, written.span));
                continue;
            };
            self.diagnostics.extend(pack.flaws.iter().map(|flaw| {
                let message = format!("{}: {}", flaw.place, flaw.message);
                Diagnostic::new(&UNUSABLE_POLICY, written.span, message)
            }));
            packs.push(pack);
        }
        self.packs = Arc::new(packs);
        self.accept_names();
        Ok(())
    }

    /// The name of a policy is one that levels may be set for.
    pub(super) fn accept_names(&mut self) {
        let is_policy = |name: &str| self.packs.iter().any(|pack| pack.members().any(|own| own == name));
        let overriding = self.settings.overrides.iter().map(|entry| &entry.levels);
        let levels = std::iter::once(&self.settings.levels).chain(overriding);
        let keys = levels.flat_map(|levels| levels.keys());
        let named: Vec<Span> = keys.filter(|key| is_policy(&key.value)).map(|key| key.span).collect();
        self.diagnostics
            .retain(|finding| finding.code != UNKNOWN_RULE.code || !named.contains(&finding.span));
    }

    /// How loud a policy is about a file, by its name.
    pub(super) fn loudness(&self, policy: &str, path: &str) -> Option<LevelSetting> {
        self.levels.of_policy(policy, below(&normal(path), &self.base))
    }

    /// Where the settings switch a pack on.
    pub(super) fn switched_on(&self, pack: &str) -> Option<Span> {
        self.settings.policies.iter().find(|written| written.value == pack).map(|written| written.span)
    }
}

/// The pack at a path; none where nothing is there.
fn read(selected: &Selected, name: &str, path: &str) -> Result<Option<Pack>, Failure> {
    let selection = selected.only(path).selection;
    match meshc_source::load(&selection, &meshc_source::Limits::default()) {
        Ok((sources, _)) => Ok(Some(Pack::read(name, sources))),
        Err(meshc_source::SourceError::Missing { .. } | meshc_source::SourceError::Empty { .. }) => Ok(None),
        Err(error) => Err(Failure::new(error)),
    }
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    let all: Vec<&str> = names().collect();
    let finding = Diagnostic::new(&UNKNOWN_PACK, span, format!("there is no pack of policies `{name}`"));
    match suggest::nearest(name, all.iter().copied()) {
        Some(meant) => finding.help(format!("did you mean `{meant}`? `meshc policies list` lists them")),
        None => finding.help(format!(
            "bundled are {}; a path holds a slash, as in `./policies/ours`",
            suggest::list(&all).replace(" or ", " and ")
        )),
    }
}

/// The packs of the tree around the current directory.
pub(crate) fn packs_here() -> Result<Vec<Pack>, Failure> {
    let selected = Selected::new(&[], &crate::args::RevisionArgs::default());
    let mut sources = SourceSet::default();
    let governing = Governing::find(&selected, &mut sources)?;
    Ok(Arc::try_unwrap(governing.packs).unwrap_or_default())
}
