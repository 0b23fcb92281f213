//! Stock Envoy and mesh-proxy run the same bootstrap, and every answer is compared.
//!
//! The bootstraps are those that `meshc build --format envoy-bootstrap` writes for the bookshop. Only addresses are
//! replaced: listeners move to a loopback address of each proxy's own, and every cluster leads to an echo server here.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use common::{bookshop, expect, json, meshc};
use serde_json::{Value, json};

/// A proxy that runs.
struct Proxy {
    child: Child,
    address: String,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Proxy {
    /// Starts `command` on `bootstrap` with its listeners at `address`, and waits until it says that it serves.
    fn start(mut command: Command, bootstrap: &Value, address: &str, serves: &str, home: &Path) -> Self {
        let file = home.join(format!("{address}.json"));
        fs::write(&file, at(bootstrap, address).to_string()).expect("a file");
        let command = command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the proxy starts");
        let mut log = BufReader::new(child.stderr.take().expect("standard error"));
        let mut said = String::new();
        while !said.contains(serves) {
            let before = said.len();
            log.read_line(&mut said).expect("a log");
            assert!(
                said.len() > before,
                "the proxy ended:
{said}"
            );
        }
        // What it says later must not block it.
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, address: address.to_owned() }
    }

    /// What a client sees: status, the headers that configuration sets, and what arrived at which cluster.
    fn ask(&self, port: u64, request: &Value) -> Value {
        let mut stream = TcpStream::connect(format!("{}:{port}", self.address)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        let text = |key: &str| request[key].as_str().expect("a text");
        let mut head =
            format!("{} {} HTTP/1.1\r\nhost: {}\r\n", text("method"), text("path"), text("authority"));
        for (name, value) in request["headers"].as_object().expect("headers") {
            write!(head, "{name}: {}\r\n", value.as_str().expect("a text")).expect("a String");
        }
        stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).expect("a request");
        // Not until the end of the connection: Envoy keeps a connection that it closes open for a second more.
        let (mut answer, mut buffer) = (Vec::new(), [0; 16 << 10]);
        while !is_whole(&answer) {
            let read = stream.read(&mut buffer).expect("an answer");
            if read == 0 {
                break;
            }
            answer.extend_from_slice(&buffer[..read]);
        }
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        let headers: BTreeMap<&str, &str> = lines
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| !["date", "x-envoy-upstream-service-time"].contains(name))
            .collect();
        json!({"status": status, "headers": headers, "body": body})
    }
}

/// Whether an answer has all of the body that its head announces; all answers here announce a length.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| body.len() >= length)
}

/// The bootstrap with its plaintext HTTP listeners bound at `address`. What needs redirected traffic is left out.
fn at(bootstrap: &Value, address: &str) -> Value {
    let mut bootstrap = bootstrap.clone();
    let listeners = bootstrap["static_resources"]["listeners"].as_array_mut().expect("listeners");
    listeners.retain(|listener| listener["name"].as_str().is_some_and(|name| name.starts_with("0.0.0.0_")));
    for listener in listeners {
        listener["address"]["socket_address"]["address"] = json!(address);
        listener["bind_to_port"] = json!(true);
    }
    bootstrap
}

/// The domains that a listener's route table knows.
fn domains(listener: &Value) -> Vec<String> {
    let hosts = listener.pointer("/filter_chains/0/filters/0/typed_config/route_config/virtual_hosts");
    let hosts = hosts.and_then(Value::as_array).into_iter().flatten();
    let domains = hosts.filter_map(|host| host["domains"].as_array()).flatten();
    domains.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Leads every cluster that has endpoints to an echo server that knows the cluster's name.
fn with_echoes(mut bootstrap: Value) -> Value {
    for cluster in bootstrap["static_resources"]["clusters"].as_array_mut().expect("clusters") {
        let name = cluster["name"].as_str().expect("a name").to_owned();
        let Some(groups) = cluster.pointer_mut("/load_assignment/endpoints").and_then(Value::as_array_mut)
        else {
            continue;
        };
        let port = echo(name);
        for endpoint in groups.iter_mut().filter_map(|group| group["lb_endpoints"].as_array_mut()).flatten() {
            endpoint["endpoint"]["address"]["socket_address"] =
                json!({"address": "127.0.0.1", "port_value": port});
        }
    }
    bootstrap
}

/// Answers with what arrived, until the test ends.
fn echo(cluster: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let cluster = cluster.clone();
            // A proxy that goes away ends its connection; that is no failure of the echo.
            thread::spawn(move || serve(&cluster, stream));
        }
    });
    port
}

fn serve(cluster: &str, stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        // Those differ from run to run.
        let own = ["x-request-id", "x-forwarded-for", "content-length"];
        let mut headers: Vec<&String> =
            lines[1..].iter().filter(|line| !own.iter().any(|name| line.starts_with(name))).collect();
        headers.sort();
        let body = json!({"cluster": cluster, "line": lines[0], "headers": headers}).to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        writer.write_all(head.as_bytes())?;
        writer.write_all(body.as_bytes())?;
    }
}

/// Whether two answers are the same but for which of several weighted destinations gave them.
fn same(one: &Value, other: &Value) -> bool {
    let strip = |answer: &Value| {
        let mut answer = answer.clone();
        if let Some(mut body) =
            answer["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok())
        {
            let cluster = body["cluster"].as_str().unwrap_or_default().to_owned();
            let mut parts: Vec<&str> = cluster.split('|').collect();
            if parts.get(2).is_some_and(|subset| ["v1", "v3"].contains(subset)) {
                parts[2] = "v1 or v3";
            }
            body["cluster"] = json!(parts.join("|"));
            answer["body"] = body;
            answer["headers"]["content-length"] = Value::Null;
        }
        answer
    };
    strip(one) == strip(other)
}

#[test]
fn every_answer_over_the_bookshop_is_the_same() {
    let Some(envoy) = meshc_testkit::envoy("every_answer_over_the_bookshop_is_the_same") else { return };
    let home = tempfile::tempdir().expect("a directory");
    // Addresses of this process alone, so that the ports of the YAML can be used as they are.
    let pid = std::process::id();
    let address =
        |proxy: u32, last: u32| format!("127.{}.{}.{}", 64 + proxy, pid / 250 % 250, 1 + pid % 250 + last);
    let paths = [
        "/",
        "/api/v2/x",
        "/api/v2",
        "/api/v2/?q=1",
        "/api/reviews/7?full=yes",
        "/shop/old?x=1",
        "/checkout/1",
        "/isbn/9783161484100",
        "/isbn/1",
        "/search?sort=price",
        "/search?sort=name",
        "/a/../api/v2/%7Eme",
        "//x",
        "/%2e%2e/x",
        "/a%2Fb",
    ];
    let headers = [
        json!({}),
        json!({"x-app-version": "v2"}),
        json!({"x-rehearse": "outage"}),
        json!({"x-rehearse": "delay"}),
        json!({"x-debug": "1", "x-tier": "mine", "x-app-version": "v1"}),
    ];
    let hosts = [
        "reviews",
        "REVIEWS.shop:9080",
        "ratings.shop.svc",
        "catalog",
        "payments.backoffice",
        "bookshop.example.com",
    ];
    let mut compared = 0;
    for (index, proxy) in ["istio-ingressgateway", "storefront-v1"].into_iter().enumerate() {
        let file = home.path().join(format!("{proxy}.json")).display().to_string();
        expect(
            &bookshop(),
            &["build", ".", "--format", "envoy-bootstrap", "--proxy", proxy, "--out", &file],
            0,
        );
        let bootstrap = with_echoes(json(&fs::read_to_string(&file).expect("a file")));
        let number = 2 * index as u32;
        let mut command = Command::new(&envoy);
        command.args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "info", "-c"]);
        let theirs = Proxy::start(command, &bootstrap, &address(0, number), "starting workers", home.path());
        let mut command = meshc();
        command.args(["proxy", "run", "--concurrency", "1", "--bootstrap"]);
        let ours = Proxy::start(command, &bootstrap, &address(1, number), "serving", home.path());
        let local = at(&bootstrap, "");
        for listener in local["static_resources"]["listeners"].as_array().expect("listeners") {
            let port = listener["address"]["socket_address"]["port_value"].as_u64().expect("a port");
            let known = domains(listener);
            for (h, host) in hosts.iter().enumerate() {
                // A sidecar passes on what it does not know to where it was going: here, to itself.
                let name = host.split(':').next().unwrap_or_default().to_lowercase();
                if proxy != "istio-ingressgateway" && !known.contains(&name) {
                    continue;
                }
                for (p, path) in paths.iter().enumerate() {
                    let method = if p == 6 { "POST" } else { "GET" };
                    for turn in [0, 2] {
                        let headers = &headers[(h + p + turn) % headers.len()];
                        let request =
                            json!({"method": method, "path": path, "authority": host, "headers": headers});
                        let (one, other) = (theirs.ask(port, &request), ours.ask(port, &request));
                        assert!(
                            same(&one, &other),
                            "{proxy}:{port} {request}\nEnvoy: {one:#}\nmesh-proxy: {other:#}"
                        );
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared >= 300, "{compared}");
}
