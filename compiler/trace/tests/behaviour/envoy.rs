//! Recorded from Envoy 1.40.

use std::time::Duration;

use meshc_effective::model::{
    Action, Cors, DirectResponse, Fault, FaultAbort, Percent, Redirect, RedirectPath, RegexRewrite,
    RetryPolicy, Route, StringMatch,
};
use meshc_trace::{Answer, Query, Request, Tracer};

use crate::world::{forwarding, mesh, operations, origin, route, sources, to, to_all};

fn policy() -> Cors {
    Cors {
        allow_origins: vec![StringMatch::Exact("https://ok".to_owned())],
        allow_methods: "GET,POST".to_owned(),
        allow_headers: "x-a".to_owned(),
        expose_headers: "x-e".to_owned(),
        max_age: Some("60".to_owned()),
        allow_credentials: Some(true),
        forward_not_matching_preflights: None,
    }
}

fn abort(http_status: Option<u32>, grpc_status: Option<u32>) -> Fault {
    Fault { delay: None, abort: Some(FaultAbort { http_status, grpc_status, percent: Percent::ALL }) }
}

fn direct(path: &str, status: u32, body: Option<&str>) -> Route {
    let body = body.map(|b| b.as_bytes().to_vec());
    route(path, Action::DirectResponse(DirectResponse { status, body }))
}

fn redirect(path: &str) -> Route {
    let to = Some(RedirectPath::Full("/x".to_owned()));
    route(path, Action::Redirect(Redirect { code: 301, scheme: None, host: None, port: None, path: to }))
}

fn timed(path: &str, timeout: Option<u64>, per_try: Option<u64>) -> Route {
    let mut forward = to("up");
    forward.timeout = timeout.map(Duration::from_millis);
    forward.retry = per_try.map(|t| RetryPolicy {
        attempts: 1,
        retry_on: "5xx".to_owned(),
        retriable_status_codes: Vec::new(),
        per_try_timeout: Some(Duration::from_millis(t)),
        ignore_previous_hosts: false,
        looks_for_hosts: false,
        remote_localities: false,
        backoff: None,
    });
    forwarding(path, forward)
}

fn routes() -> Vec<Route> {
    let with_resp = |mut route: Route| {
        route.headers = operations(&[], &[("x-resp", "1", false)]);
        route
    };
    let with_fault = |mut route: Route, fault: Fault| {
        route.fault = Some(fault);
        route
    };
    let with_cors = |mut route: Route, cors: Cors| {
        route.cors = Some(cors);
        route
    };
    let mut refusing = policy();
    refusing.forward_not_matching_preflights = Some(false);
    let mut open = policy();
    open.allow_origins = vec![StringMatch::Exact("*".to_owned())];
    (open.allow_methods, open.allow_headers) = ("*".to_owned(), "*".to_owned());
    let mut weighted = to_all(&[("up", 1)]);
    weighted.weighted = true;
    weighted.destinations[0].headers =
        operations(&[("x-d", "dest", true), ("x-o", "d", false)], &[("x-rd", "d", false)]);
    weighted.destinations[0].headers.authority = Some("wc.example".to_owned());
    let mut both = weighted.clone();
    both.destinations[0].headers.request_add.clear();
    both.rewrite.authority = Some("route.example".to_owned());
    let mut weighted = forwarding("/w", weighted);
    weighted.headers = operations(&[("x-o", "r", true)], &[]);
    weighted.headers.request_remove = vec!["x-d".to_owned()];
    let mut emptied = to("up");
    emptied.rewrite.regex = Some(RegexRewrite { pattern: ".*".to_owned(), substitution: String::new() });
    let mut streams = to("up");
    streams.timeout = Some(Duration::from_secs(2));
    streams.max_stream_duration = Some(Duration::ZERO);
    vec![
        weighted,
        forwarding("/w2", both),
        forwarding("/empty", emptied),
        with_fault(with_resp(with_cors(forwarding("/fault", to("up")), policy())), abort(Some(418), None)),
        with_fault(with_resp(forwarding("/faultg", to("up"))), abort(None, Some(7))),
        with_fault(with_resp(direct("/faultdirect", 200, Some("hi"))), abort(Some(418), None)),
        with_fault(with_resp(redirect("/faultredir")), abort(Some(418), None)),
        with_resp(with_cors(direct("/direct", 200, Some("hi")), policy())),
        with_resp(direct("/direct302", 302, None)),
        direct("/direct201", 201, Some("made")),
        with_resp(redirect("/redir")),
        with_resp(with_cors(forwarding("/nocl", to("nope")), policy())),
        with_resp(forwarding("/noep", to("down"))),
        with_resp(with_cors(forwarding("/cors", to("up")), policy())),
        with_resp(with_cors(forwarding("/corsnf", to("up")), refusing)),
        with_cors(forwarding("/corsstar", to("up")), open),
        timed("/t1", None, Some(1000)),
        timed("/t2", Some(2000), Some(3000)),
        timed("/t3", Some(0), Some(3000)),
        timed("/t4", Some(2000), None),
        forwarding("/t5", streams),
        timed("/t6", Some(0), None),
    ]
    .into_iter()
    .map(|mut route| {
        route.origins = vec![origin(1, "a route")];
        route
    })
    .collect()
}

fn ask(tracer: &Tracer<'_>, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let request =
        Request { method: method.to_owned(), authority: "h".to_owned(), path: path.to_owned(), headers };
    let query = Query {
        proxy: "app".to_owned(),
        route_table: Some("80".to_owned()),
        request: Some(request),
        ..Query::default()
    };
    tracer.trace(&query).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// `STATUS [HEADERS] BODY` and, where it arrives, `-> PATH {HEADERS} TIMEOUT`.
fn short(answer: &Answer) -> String {
    let mut out = vec![answer.status.map_or("-".to_owned(), |s| s.to_string())];
    out.extend(answer.location.iter().map(|location| format!("location: {location};")));
    out.extend(answer.response_headers.iter().map(|(name, value)| format!("{name}: {value};")));
    out.extend(answer.body.iter().map(|body| format!("{body:?}")));
    if let Some(upstream) = &answer.upstream {
        out.push(format!("-> {}{}", upstream.authority, upstream.path));
        let asked =
            |name: &str| name.starts_with("access-control") || ["origin", "content-type"].contains(&name);
        let headers = upstream.headers.iter().filter(|(name, _)| !asked(name));
        out.extend(headers.map(|(name, value)| format!("{name}: {value};")));
        out.push(answer.timeout_ms.map_or("no timeout".to_owned(), |t| format!("{t} ms")));
    }
    out.join(" ")
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");
const ORIGIN: (&str, &str) = ("origin", "https://ok");
const OTHER: (&str, &str) = ("origin", "https://no");
const ASKS: (&str, &str) = ("access-control-request-method", "PUT");
const ASKS_HEADERS: (&str, &str) = ("access-control-request-headers", "x-q");

#[test]
fn answers_of_the_proxy_itself() {
    let (mesh, sources) = (mesh(routes()), sources());
    let tracer = Tracer::new(&mesh, &sources);
    for (path, plain, grpc) in [
        (
            "/fault",
            r#"418 x-resp: 1; "fault filter abort""#,
            "200 grpc-message: fault filter abort; grpc-status: 2; x-resp: 1;",
        ),
        (
            "/faultg",
            r#"200 x-resp: 1; "fault filter abort""#,
            "200 grpc-message: fault filter abort; grpc-status: 7; x-resp: 1;",
        ),
        (
            "/faultdirect",
            r#"418 "fault filter abort""#,
            "200 grpc-message: fault filter abort; grpc-status: 2;",
        ),
        (
            "/faultredir",
            r#"418 "fault filter abort""#,
            "200 grpc-message: fault filter abort; grpc-status: 2;",
        ),
        ("/direct", r#"200 x-resp: 1; "hi""#, "200 grpc-message: hi; grpc-status: 2; x-resp: 1;"),
        (
            "/direct302",
            "302 location: http://h/direct302; x-resp: 1;",
            "200 location: http://h/direct302; grpc-status: 2; x-resp: 1;",
        ),
        (
            "/direct201",
            r#"201 location: http://h/direct201; "made""#,
            "200 location: http://h/direct201; grpc-message: made; grpc-status: 2;",
        ),
        (
            "/redir",
            "301 location: http://h/x; x-resp: 1;",
            "200 location: http://h/x; grpc-status: 2; x-resp: 1;",
        ),
        (
            "/noep",
            r#"503 x-resp: 1; "no healthy upstream""#,
            "200 grpc-message: no healthy upstream; grpc-status: 14; x-resp: 1;",
        ),
        (
            "/nocl",
            "503 access-control-allow-credentials: true; access-control-allow-origin: https://ok; access-control-expose-headers: x-e; x-resp: 1;",
            "200 grpc-status: 14; x-resp: 1;",
        ),
        ("/missing", "404", "200 grpc-status: 12;"),
    ] {
        assert_eq!(short(&ask(&tracer, "GET", path, &[ORIGIN])), plain, "{path}");
        assert_eq!(short(&ask(&tracer, "POST", path, &[GRPC])), grpc, "{path} gRPC");
    }
}

#[test]
fn cross_origin_requests() {
    let (mesh, sources) = (mesh(routes()), sources());
    let tracer = Tracer::new(&mesh, &sources);
    let preflight: &[_] = &[ORIGIN, ASKS, ASKS_HEADERS];
    let allowed = "200 access-control-allow-credentials: true; access-control-allow-headers: x-a; \
        access-control-allow-methods: GET,POST; access-control-allow-origin: https://ok; \
        access-control-expose-headers: x-e; access-control-max-age: 60;";
    let passed = "200 access-control-allow-credentials: true; access-control-allow-origin: https://ok; \
        access-control-expose-headers: x-e; x-resp: 1; -> h/cors 15000 ms";
    for (method, path, headers, expected) in [
        ("GET", "/cors", &[ORIGIN][..], passed),
        ("OPTIONS", "/cors", &[ORIGIN], passed),
        ("GET", "/cors", &[OTHER], "200 x-resp: 1; -> h/cors 15000 ms"),
        ("GET", "/cors", &[("origin", "")], "200 x-resp: 1; -> h/cors 15000 ms"),
        ("OPTIONS", "/cors", preflight, allowed),
        ("OPTIONS", "/corsnf", preflight, allowed),
        ("OPTIONS", "/cors", &[OTHER, ASKS], "200 x-resp: 1; -> h/cors 15000 ms"),
        (
            "OPTIONS",
            "/corsnf",
            &[OTHER, ASKS],
            "200 access-control-allow-credentials: true; access-control-allow-headers: x-a; \
             access-control-allow-methods: GET,POST; access-control-max-age: 60;",
        ),
        (
            "OPTIONS",
            "/corsstar",
            &[OTHER, ASKS],
            "200 access-control-allow-credentials: true; access-control-allow-headers: ; \
             access-control-allow-methods: PUT; access-control-allow-origin: https://no; \
             access-control-expose-headers: x-e; access-control-max-age: 60;",
        ),
        ("OPTIONS", "/fault", preflight, r#"418 x-resp: 1; "fault filter abort""#),
        ("OPTIONS", "/direct", preflight, r#"200 x-resp: 1; "hi""#),
    ] {
        assert_eq!(short(&ask(&tracer, method, path, headers)), expected, "{method} {path} {headers:?}");
    }
}

#[test]
fn timeouts() {
    let (mesh, sources) = (mesh(routes()), sources());
    let tracer = Tracer::new(&mesh, &sources);
    let half: &[_] = &[GRPC, ("grpc-timeout", "500m")];
    let five: &[_] = &[GRPC, ("grpc-timeout", "5S")];
    for (path, headers, expected) in [
        ("/t1", &[][..], "200 -> h/t1 1000 ms"),
        ("/t1", five, "200 -> h/t1 grpc-timeout: 5S; 1000 ms"),
        ("/t1", &[("x-envoy-upstream-rq-timeout-ms", "77")], "200 -> h/t1 1000 ms"),
        ("/t2", &[], "200 -> h/t2 2000 ms"),
        ("/t3", &[], "200 -> h/t3 3000 ms"),
        ("/t4", &[], "200 -> h/t4 2000 ms"),
        ("/t4", &[GRPC], "200 -> h/t4 grpc-timeout: 2000m; 2000 ms"),
        ("/t4", half, "200 -> h/t4 grpc-timeout: 500m; 500 ms"),
        ("/t4", five, "200 -> h/t4 grpc-timeout: 2000m; 2000 ms"),
        ("/t5", &[], "200 -> h/t5 no timeout"),
        ("/t5", five, "200 -> h/t5 grpc-timeout: 5000m; no timeout"),
        ("/t6", &[], "200 -> h/t6 no timeout"),
        ("/t6", &[GRPC], "200 -> h/t6 no timeout"),
        ("/t6", half, "200 -> h/t6 grpc-timeout: 500m; 500 ms"),
        ("/t6", five, "200 -> h/t6 grpc-timeout: 5000m; 5000 ms"),
    ] {
        assert_eq!(short(&ask(&tracer, "GET", path, headers)), expected, "{path} {headers:?}");
    }
}

#[test]
fn levels_of_operations() {
    let (mesh, sources) = (mesh(routes()), sources());
    let tracer = Tracer::new(&mesh, &sources);
    for (path, expected) in [
        ("/w", "200 x-rd: d; -> wc.example/w x-o: r; 15000 ms"),
        ("/w2", "200 x-rd: d; -> route.example/w2 x-envoy-original-host: wc.example; 15000 ms"),
        ("/empty", "200 -> h/empty 15000 ms"),
    ] {
        assert_eq!(short(&ask(&tracer, "GET", path, &[])), expected, "{path}");
    }
}
