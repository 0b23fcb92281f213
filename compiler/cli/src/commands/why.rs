//! `meshc why`: tell why a request goes where it goes.

use meshc_trace::{Direction, RequestLine, Tracer};

use super::DONE;
use crate::args::{DirectionArg, TextFormat, Why};
use crate::load::{Failure, Selected, Tree};
use crate::output;

pub(crate) fn run(args: &Why) -> Result<u8, Failure> {
    let tree = Tree::read(&Selected::new(&args.paths, &args.revision))?;
    let mesh = tree.compile_to_look()?;
    let request: Vec<&str> = args.request.iter().map(String::as_str).collect();
    let headers: Vec<&str> = args.headers.iter().map(String::as_str).collect();
    let line = RequestLine::parse(&request, &headers).map_err(Failure::new)?;
    let direction = args.direction.map(|direction| match direction {
        DirectionArg::Outbound => Direction::Outbound,
        DirectionArg::Inbound => Direction::Inbound,
        DirectionArg::Gateway => Direction::Gateway,
    });
    let tracer = Tracer::new(&mesh, &tree.sources);
    let proxy = tracer.proxy(&args.proxy).map_err(Failure::new)?;
    let story = tracer.why(&line.query(proxy, direction)).map_err(Failure::new)?;
    match args.format {
        TextFormat::Human => output::out(&meshc_trace::render_story(&story)),
        TextFormat::Json => output::json_pretty(&story),
    }
    Ok(DONE)
}
