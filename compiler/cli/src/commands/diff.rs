//! `meshc diff`: show what behaves differently between two revisions.

use std::str::FromStr;

use meshc_analysis::{
    Change, Concern, Diff as Found, Equal, Kind, Risk, Side, diff, render_markdown, render_text,
};

use super::{DONE, FINDINGS};
use crate::args::{Diff, DiffFormat, RevisionArgs};
use crate::load::{Compared, Failure, Selected, Workspace};
use crate::output;

pub(crate) fn run(args: &Diff) -> Result<u8, Failure> {
    let worktree = Selected::new(&args.paths, &RevisionArgs::default());
    let head_tree = args.head.as_ref().map_or_else(|| worktree.clone(), |rev| worktree.at(rev));
    let base_tree = worktree.at(&args.base);
    let names = (args.base.as_str(), args.head.as_deref().unwrap_or("worktree"));
    let found = nothing(args, &base_tree, &head_tree, names)?
        .map_or_else(|| compared(&base_tree, &head_tree, names), Ok)?;
    match args.format {
        DiffFormat::Text => output::out(&render_text(&found)),
        DiffFormat::Markdown => output::out(&render_markdown(&found)),
        DiffFormat::Json => output::json_pretty(&found),
    }
    let differs = args.exit_code && found.equal != Equal::Yes;
    // What could not be compared may be whatever is asked for.
    let alarming = !args.fail_on.is_empty()
        && (!found.unknown.is_empty()
            || found
                .changes
                .iter()
                .any(|change| args.fail_on.iter().any(|alarm| alarm.is_raised_by(change))));
    Ok(if differs || alarming { FINDINGS } else { DONE })
}

/// That nothing differs, where both are the same files: whatever these say, it is the same twice. Only the JSON output tells
/// of how many proxies; nothing is parsed for the others.
fn nothing(
    args: &Diff,
    base: &Selected,
    head: &Selected,
    names: (&str, &str),
) -> Result<Option<Found>, Failure> {
    if !base.is_same(head) {
        return Ok(None);
    }
    let workspace = Workspace::read(base)?;
    if workspace.is_dated() {
        return Ok(None);
    }
    let proxies = match args.format {
        DiffFormat::Json => {
            let tree = workspace.only_tree()?;
            let proxies = tree.proxies();
            // The process ends soon: taking it apart piece by piece would only be waited for.
            std::mem::forget(tree);
            proxies
        }
        DiffFormat::Text | DiffFormat::Markdown => {
            workspace.only_view()?;
            0
        }
    };
    Ok(Some(Found::nothing(names.0, names.1, proxies)))
}

fn compared(base: &Selected, head: &Selected, names: (&str, &str)) -> Result<Found, Failure> {
    let (base, head) = Compared::both(base, head)?;
    let found = diff(
        Side { name: names.0, mesh: &base.mesh, sources: &base.sources },
        Side { name: names.1, mesh: &head.mesh, sources: &head.sources },
    );
    std::mem::forget((base, head));
    Ok(found)
}

/// What makes `--fail-on` fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// Changes of a group of the output.
    Concern(Concern),
    /// Changes of one kind.
    Kind(Kind),
    /// Changes of this risk or a higher one.
    Risk(Risk),
}

impl Alarm {
    fn is_raised_by(self, change: &Change) -> bool {
        match self {
            Self::Concern(concern) => change.concern == concern,
            Self::Kind(kind) => change.kind == kind,
            Self::Risk(risk) => change.risk <= risk,
        }
    }

    /// All that may be written, with what it means.
    fn all() -> impl Iterator<Item = (&'static str, Self)> {
        let concerns = Concern::ALL.iter().map(|concern| (concern.name(), Self::Concern(*concern)));
        let risks = Risk::ALL.iter().map(|risk| (risk.name(), Self::Risk(*risk)));
        let kinds = Kind::ALL.iter().map(|kind| (kind.name(), Self::Kind(*kind)));
        concerns.chain(risks).chain(kinds)
    }
}

impl FromStr for Alarm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, alarm)) = Self::all().find(|(name, _)| *name == text) {
            return Ok(alarm);
        }
        let nearest = meshc_syntax::suggest::nearest(text, Self::all().map(|(name, _)| name));
        Err(if let Some(meant) = nearest {
            format!("did you mean `{meant}`?")
        } else {
            let names: Vec<&str> = Concern::ALL.iter().map(|concern| concern.name()).collect();
            format!(
                "it is one of {}, a risk (`high`, `medium`, `low`), or a kind of the JSON output",
                meshc_syntax::suggest::list(&names)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_one_thing() {
        let mut names: Vec<&str> = Alarm::all().map(|(name, _)| name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands for two things");
        assert_eq!("exposure".parse(), Ok(Alarm::Concern(Concern::Exposure)));
        assert_eq!("timeout-changed".parse(), Ok(Alarm::Kind(Kind::TimeoutChanged)));
        assert_eq!("exposre".parse::<Alarm>(), Err("did you mean `exposure`?".to_owned()));
        assert!("zzz".parse::<Alarm>().is_err_and(|message| message.contains("`unreachable`")));
    }
}
