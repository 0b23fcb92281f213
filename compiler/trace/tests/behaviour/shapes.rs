//! The shapes of answers and stories, and how questions find their table.

use std::time::Duration;

use meshc_effective::model::{Fault, FaultAbort, FaultDelay, Mirror, Percent, RouteMatch};
use meshc_trace::{Direction, Query, Request, RequestLine, Tracer, render_story};

use crate::world::{forwarding, mesh, operations, sources, to, to_all};

fn question(path: &str) -> Query {
    let request = Request { authority: "shop".to_owned(), path: path.to_owned(), ..Request::default() };
    Query { proxy: "app-0.shop".to_owned(), port: Some(80), request: Some(request), ..Query::default() }
}

fn outbound(path: &str) -> Query {
    Query { direction: Some(Direction::Outbound), ..question(path) }
}

fn share(percent: u32) -> Percent {
    Percent::of_hundred(percent)
}

#[test]
fn every_key_is_there_and_destinations_say_what_they_do() {
    let mut forward = to_all(&[("up", 75), ("up2", 25)]);
    forward.timeout = Some(Duration::from_secs(3));
    forward.mirrors = vec![Mirror { cluster: "up2".to_owned(), percent: Percent::of_million(125_000) }];
    forward.destinations[1].headers =
        operations(&[("x-v", "2", true), ("x-a", "b", false)], &[("x-r", "2", true)]);
    let mut route = forwarding("/a", forward);
    route.headers = operations(&[("x-a", "a", false)], &[("x-all", "1", true)]);
    let (mesh, sources) = (mesh(vec![route]), sources());
    let mut query = outbound("/a");
    query.request.as_mut().expect("there").headers = vec![("X-A".to_owned(), "0".to_owned())];
    let answer = Tracer::new(&mesh, &sources).trace(&query).expect("an answer");
    insta::assert_json_snapshot!(answer);
}

#[test]
fn shares_of_chance_are_alternatives() {
    let mut route = forwarding("/a", to_all(&[("up", 90), ("down", 10)]));
    route.fault = Some(Fault {
        delay: Some(FaultDelay { fixed: Duration::from_millis(50), percent: share(10) }),
        abort: Some(FaultAbort { http_status: Some(418), grpc_status: None, percent: share(20) }),
    });
    let (mesh, sources) = (mesh(vec![route]), sources());
    let answer = Tracer::new(&mesh, &sources).trace(&outbound("/a")).expect("an answer");
    let line = |percent: f64, a: &meshc_trace::Answer| (percent, a.status, a.delay_ms);
    let mut all = vec![line(0.0, &answer)];
    all.extend(answer.alternatives.iter().map(|a| line(a.percent.0, &a.answer)));
    let expected = [
        (0.0, Some(200), None),
        (7.2, Some(503), None),
        (18.0, Some(418), None),
        (7.2, Some(200), Some(50)),
        (0.8, Some(503), Some(50)),
        (2.0, Some(418), Some(50)),
    ];
    assert_eq!(all, expected);
}

#[test]
fn a_story_tells_all_routes() {
    let mut any = forwarding("/any", to("down"));
    any.matches = RouteMatch::any();
    let mut second = any.clone();
    second.name = None;
    let mut rewriting = to("up");
    rewriting.rewrite.prefix = Some("/b".to_owned());
    rewriting.timeout = Some(Duration::from_millis(500));
    let mut named = forwarding("/a", rewriting);
    named.headers = operations(&[("x-a", "1", true)], &[]);
    let (mesh, sources) = (mesh(vec![forwarding("/first", to("up")), named, any, second]), sources());
    let tracer = Tracer::new(&mesh, &sources);
    let story = tracer.why(&outbound("/x/../a?q")).expect("a story");
    insta::assert_snapshot!(render_story(&story));
    insta::assert_json_snapshot!(story.routes[0]);
    let refused = tracer.why(&outbound("/a#b")).expect("a story");
    insta::assert_snapshot!(render_story(&refused));
}

#[test]
fn questions_find_their_table() {
    let (mesh, sources) = (mesh(vec![forwarding("/a", to("up"))]), sources());
    let tracer = Tracer::new(&mesh, &sources);
    let route = |query: &Query| match tracer.trace(query) {
        Ok(answer) => format!("{:?} {:?}", answer.status, answer.route),
        Err(error) => error.to_string(),
    };
    let table = |name: &str| Query { route_table: Some(name.to_owned()), ..question("/a") };
    let port = |port, direction| Query { port, direction, ..question("/a") };
    let inbound = Query { direction: Some(Direction::Inbound), ..table("inbound|8080||") };
    let no_request = Query { request: None, ..outbound("/a") };
    let said: Vec<_> = [
        ("a table means outbound", table("80")),
        ("a port means inbound", port(Some(8080), None)),
        ("the only inbound port", port(None, None)),
        ("outbound by port", port(Some(80), Some(Direction::Outbound))),
        ("bytes", port(Some(3306), Some(Direction::Outbound))),
        ("an inline table by name", inbound),
        ("a table that is not there", table("81")),
        ("a port that is not there", port(Some(81), None)),
        ("no port", port(None, Some(Direction::Outbound))),
        ("no request", no_request),
        ("no such proxy", Query { proxy: "other".to_owned(), ..question("/a") }),
    ]
    .iter()
    .map(|(what, query)| format!("{what}: {}", route(query)))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_url_is_a_question() {
    let (mesh, sources) = (mesh(vec![forwarding("/a", to("up"))]), sources());
    let tracer = Tracer::new(&mesh, &sources);
    let line = RequestLine::parse(&["http://anything/a"], &["x-a: 1"]).expect("a request");
    let query = line.query(tracer.proxy("app").expect("there"), None);
    assert_eq!(tracer.trace(&query).expect("an answer").route.as_deref(), Some("a"));
}
