//! `meshc graph`: draw what requests can pass.

use meshc_analysis::{Graph, GraphView, render_dot, render_graph, render_mermaid};

use super::DONE;
use crate::args::{Graph as Args, GraphFormat};
use crate::load::{Failure, Selected, Tree};
use crate::output;

pub(crate) fn run(args: &Args) -> Result<u8, Failure> {
    let tree = Tree::read(&Selected::of(&args.tree))?;
    let mesh = tree.compile_to_look()?;
    let graph = Graph::new(&mesh, &tree.sources);
    let view = GraphView::new(&graph, args.from.as_deref(), args.to.as_deref()).map_err(Failure::new)?;
    match args.format {
        GraphFormat::Text => output::out(&render_graph(&view)),
        GraphFormat::Json => output::json_pretty(&view),
        GraphFormat::Dot => output::out(&render_dot(&view)),
        GraphFormat::Mermaid => output::out(&render_mermaid(&view)),
    }
    Ok(DONE)
}
