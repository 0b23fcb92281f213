//! `meshc diff`: show what behaves differently between two revisions.

use meshc_analysis::{Equal, Side, diff, render_markdown, render_text};

use super::{DONE, FINDINGS};
use crate::args::{Diff, DiffFormat, RevisionArgs};
use crate::load::{Failure, Selected, Tree};
use crate::output;

pub(crate) fn run(args: &Diff) -> Result<u8, Failure> {
    let worktree = Selected::new(&args.paths, &RevisionArgs::default());
    let head_tree = args.head.as_ref().map_or_else(|| worktree.clone(), |rev| worktree.at(rev));
    let (base_tree, head_tree) = Tree::read_both(&worktree.at(&args.base), &head_tree)?;
    let base = base_tree.compile_to_look()?;
    let head = head_tree.compile_to_look()?;
    let names = (args.base.as_str(), args.head.as_deref().unwrap_or("worktree"));
    let found = diff(
        Side { name: names.0, mesh: &base, sources: &base_tree.sources },
        Side { name: names.1, mesh: &head, sources: &head_tree.sources },
    );
    match args.format {
        DiffFormat::Text => output::out(&render_text(&found)),
        DiffFormat::Markdown => output::out(&render_markdown(&found)),
        DiffFormat::Json => output::json_pretty(&found),
    }
    Ok(if args.exit_code && found.equal != Equal::Yes { FINDINGS } else { DONE })
}
