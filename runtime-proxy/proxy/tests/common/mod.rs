//! What the tests of the running proxy share: the process, upstreams, a client that sees raw bytes.
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A proxy process; it is killed when a test ends.
pub(crate) struct Proxy {
    child: Child,
    admin: SocketAddr,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Proxy {
    /// Starts `mesh-proxy run` with its administration on any port, and waits until it serves.
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut proxy = Self::start_with(&[args, &["--admin", "127.0.0.1:0"]].concat());
        let line = proxy.wait_for("administration listens on ");
        proxy.admin = line.rsplit(' ').next().unwrap().parse().unwrap();
        proxy.wait_for("serving ");
        proxy
    }

    /// Starts `mesh-proxy run` with these arguments alone; it may not serve yet.
    pub(crate) fn start_with(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mesh-proxy"))
            .arg("run")
            .args(args)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, admin: ([127, 0, 0, 1], 0).into(), lines, seen: Vec::new() }
    }

    /// Waits for a line on standard error.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("{text:?} was not said; this was: {:#?}", self.seen)
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Where a listener really listens.
    pub(crate) fn listener(&self, name: &str) -> SocketAddr {
        let text = self.admin("GET", "/listeners").body;
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name}::")))
            .unwrap_or_else(|| panic!("{text}"));
        line.rsplit("::").next().unwrap().parse().unwrap()
    }

    /// Asks the administration.
    pub(crate) fn admin(&self, method: &str, path: &str) -> Answer {
        request(self.admin, &format!("{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n"))
    }

    /// A number of `/stats`.
    pub(crate) fn stat(&self, name: &str) -> u64 {
        let text = self.admin("GET", "/stats").body;
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{name} is not in {text}")).parse().unwrap()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        // Standard error ends with the process.
        while self.lines.recv_timeout(end.saturating_duration_since(Instant::now())).is_ok() {}
        self.child.wait().unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A response, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status, 0 where none came.
    pub(crate) status: u16,
    /// The head in lower case.
    pub(crate) head: String,
    /// The body, without chunks.
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends bytes and reads until the connection ends.
pub(crate) fn request(address: SocketAddr, text: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut raw = Vec::new();
    // A reset is an answer too: one without a status.
    let _ = stream.read_to_end(&mut raw);
    let raw = String::from_utf8_lossy(&raw).into_owned();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((&raw, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let head = head.replace("\r\n", "\n").to_lowercase();
    let body = if head.contains("transfer-encoding: chunked") { unchunk(body) } else { body.to_owned() };
    Answer { status, head, body }
}

/// A GET with headers.
pub(crate) fn get(address: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    let headers: String = headers.iter().flat_map(|header| [*header, "\r\n"]).collect();
    request(
        address,
        &format!("GET {path} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n{headers}\r\n"),
    )
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        out.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    out
}

/// A server that answers with what arrived. Paths steer it: `/hang` never answers, `/flaky` fails every other time,
/// `/reset` closes, `/wait` answers when told.
pub(crate) struct Upstream {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Requests that arrived.
    pub(crate) hits: Arc<AtomicUsize>,
    /// Lets the requests to `/wait` go on.
    pub(crate) gate: Arc<Mutex<()>>,
}

impl Upstream {
    /// Starts one that names itself.
    pub(crate) fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (hits, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(())));
        let (count, wait) = (Arc::clone(&hits), Arc::clone(&gate));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (count, wait) = (Arc::clone(&count), Arc::clone(&wait));
                std::thread::spawn(move || serve(name, stream, &count, &wait));
            }
        });
        Self { address, hits, gate }
    }
}

fn serve(name: &str, stream: TcpStream, count: &AtomicUsize, gate: &Mutex<()>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let mut lines = head.lines();
        let line = lines.next()?.to_owned();
        let headers: Value = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), Value::from(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let length = headers["content-length"].as_str().and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let path = line.split(' ').nth(1)?;
        let hit = count.fetch_add(1, Ordering::SeqCst);
        let mut status = 200;
        match path {
            "/hang" => {
                let _ = reader.read(&mut [0]);
                return None;
            }
            "/reset" => return None,
            "/wait" => drop(gate.lock()),
            "/flaky" if hit.is_multiple_of(2) => status = 503,
            _ => {}
        }
        if headers["upgrade"] == "websocket" {
            stream.write_all(b"HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n").ok()?;
            // From here on, bytes come back as they are.
            std::io::copy(&mut reader, &mut stream).ok()?;
            return None;
        }
        let body = json!({
            "name": name, "line": line, "headers": headers, "body": String::from_utf8_lossy(&body)
        })
        .to_string();
        let answer = format!(
            "HTTP/1.1 {status} X\r\nx-upstream: {name}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

/// A static cluster.
pub(crate) fn cluster(name: &str, endpoints: &[SocketAddr]) -> Value {
    let endpoints: Vec<Value> =
        endpoints.iter().map(|address| json!({"endpoint": {"address": socket(*address)}})).collect();
    json!({"name": name, "type": "STATIC", "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}})
}

/// An address.
pub(crate) fn socket(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}

/// A listener on any port that speaks HTTP and routes all hosts alike.
pub(crate) fn listener(name: &str, routes: &Value) -> Value {
    let filter = |name: &str, kind: &str| json!({"name": name, "typed_config": {"@type": format!("type.googleapis.com/envoy.extensions.filters.http.{kind}")}});
    json!({
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": name,
            "normalize_path": true,
            "http_filters": [
                filter("envoy.filters.http.fault", "fault.v3.HTTPFault"),
                filter("envoy.filters.http.cors", "cors.v3.Cors"),
                filter("envoy.filters.http.router", "router.v3.Router"),
            ],
            "route_config": {"name": "table", "validate_clusters": false, "virtual_hosts": [
                {"name": "all", "domains": ["*"], "include_request_attempt_count": true, "routes": routes}
            ]},
        }}]}],
    })
}

/// Writes a bootstrap and starts a proxy on it.
pub(crate) fn bootstrap(folder: &Path, listeners: &[Value], clusters: &[Value]) -> Proxy {
    let file = folder.join("bootstrap.json");
    let bootstrap = json!({"static_resources": {"listeners": listeners, "clusters": clusters}});
    std::fs::write(&file, bootstrap.to_string()).unwrap();
    Proxy::start(&["--bootstrap", file.to_str().unwrap(), "--concurrency", "2"])
}
