//! `meshc why`: tell why a request goes where it goes.

use meshc_trace::{Direction, RequestLine, Tracer};

use super::DONE;
use crate::args::{DirectionArg, TextFormat, Why};
use crate::load::{Failure, Selected, Tree};
use crate::output;

pub(crate) fn run(args: &Why) -> Result<u8, Failure> {
    let tree = Tree::read(&Selected::new(&args.paths, &args.revision))?;
    let mesh = tree.compile_to_look()?;
    let line = RequestLine::parse(&args.request, &args.headers).map_err(Failure::new)?;
    let direction = args.direction.map(|direction| match direction {
        DirectionArg::Outbound => Direction::Outbound,
        DirectionArg::Inbound => Direction::Inbound,
        DirectionArg::Gateway => Direction::Gateway,
    });
    let query = line.query(&mesh, &args.proxy, direction).map_err(Failure::new)?;
    let story = Tracer::new(&mesh, &tree.sources).why(&query).map_err(Failure::new)?;
    match args.format {
        TextFormat::Human => output::out(&meshc_trace::render_story(&story)),
        TextFormat::Json => output::json_pretty(&story),
    }
    Ok(DONE)
}
