//! Edits a running mesh again and again while requests flow, and counts what fails.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take before the run counts as stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to do.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// The program `meshc`.
    pub meshc: &'a Path,
    /// `mesh-proxy` or `envoy`.
    pub proxy: &'a str,
    /// How many edits.
    pub edits: usize,
    /// Write a corrupt bundle between two edits (it is the bundle's directory that mesh-proxy watches).
    pub corrupt: bool,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Report {
    /// From the start of the program until its table was complete.
    pub start: Duration,
    /// From each save until the first answer that shows it.
    pub live: Vec<Duration>,
    /// Requests of the load.
    pub requests: usize,
    /// Those that got no answer, or another than 200.
    pub failed: usize,
    /// Connections of the load that the proxy closed.
    pub closed: usize,
    /// Requests answered by the last good configuration while the bundle was corrupt.
    pub during_corruption: usize,
}

/// A mesh that runs.
struct Mesh {
    child: Child,
    address: String,
    runtime: PathBuf,
}

/// Brings the bookshop up, and edits its routes `plan.edits` times under load.
pub fn run(plan: &Plan<'_>) -> Result<Report, String> {
    let home = Directory::create()?;
    let tree = home.0.join("tree");
    copy(&crate::workspace().join("testdata/bookshop"), &tree).map_err(|e| format!("the bookshop: {e}"))?;
    let runtime = home.0.join("runtime");
    fs::create_dir(&runtime).map_err(|e| e.to_string())?;
    let began = Instant::now();
    let mesh = Mesh::start(plan, &tree, runtime)?;
    let mut report = Report { start: began.elapsed(), ..Report::default() };

    let stop = Arc::new(AtomicBool::new(false));
    let loads: Vec<_> = (0..2)
        .map(|_| {
            let (stop, address) = (Arc::clone(&stop), mesh.address.clone());
            thread::spawn(move || load(&address, &stop))
        })
        .collect();
    let outcome = edit_again_and_again(plan, &mesh, &tree, &mut report);
    stop.store(true, Ordering::Relaxed);
    for load in loads {
        let (requests, failed, closed) = load.join().map_err(|_| "the load panicked".to_owned())?;
        report.requests += requests;
        report.failed += failed;
        report.closed += closed;
    }
    outcome?;
    mesh.stop()?;
    Ok(report)
}

fn edit_again_and_again(
    plan: &Plan<'_>,
    mesh: &Mesh,
    tree: &Path,
    report: &mut Report,
) -> Result<(), String> {
    let (gateway, routes) = (tree.join("edge/gateway.yaml"), tree.join("shop/routes.yaml"));
    let read = |path: &Path| fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let (gateway_text, routes_text) = (read(&gateway)?, read(&routes)?);
    let mut client = Client::connect(&mesh.address).map_err(|e| e.to_string())?;
    for edit in 0..plan.edits {
        let mark = format!("edit-{edit}");
        let weight = 5 + edit % 90;
        let text = routes_text
            .replace("weight: 75", &format!("weight: {}", 100 - weight))
            .replace("weight: 25", &format!("weight: {weight}"));
        fs::write(&routes, text).map_err(|e| e.to_string())?;
        let saved = Instant::now();
        fs::write(&gateway, gateway_text.replace("x-served-by: bookshop", &format!("x-served-by: {mark}")))
            .map_err(|e| e.to_string())?;
        while client.served_by().map_err(|e| format!("{mark}: {e}"))? != mark {
            if saved.elapsed() > PATIENCE {
                return Err(format!("{mark} was not live after {PATIENCE:?}"));
            }
        }
        report.live.push(saved.elapsed());
        if plan.corrupt && edit == plan.edits / 2 {
            report.during_corruption = corrupt(&mesh.bundle()?, &mut client, &mark)?;
        }
    }
    Ok(())
}

/// Cuts the pointer of the bundle off, and sees that the last good configuration goes on serving.
fn corrupt(bundle: &Path, client: &mut Client, mark: &str) -> Result<usize, String> {
    fs::write(bundle.join("bundle.json"), "{\"version\":1,").map_err(|e| e.to_string())?;
    let requests = 200;
    for _ in 0..requests {
        let served_by = client.served_by().map_err(|e| format!("while the bundle was corrupt: {e}"))?;
        if served_by != mark {
            return Err(format!("a corrupt bundle changed the answer from {mark} to {served_by}"));
        }
    }
    Ok(requests)
}

impl Mesh {
    fn start(plan: &Plan<'_>, tree: &Path, runtime: PathBuf) -> Result<Self, String> {
        let mut child = Command::new(plan.meshc)
            .args(["up", "--format", "json", "--proxy", plan.proxy])
            .arg(tree)
            .env("XDG_RUNTIME_DIR", &runtime)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{}: {e}", plan.meshc.display()))?;
        let overview = child.stdout.take().ok_or("no standard output")?;
        let overview = serde_json::Deserializer::from_reader(overview).into_iter::<Value>().next();
        let address = match overview {
            Some(Ok(overview)) => address(&overview),
            Some(Err(e)) => Err(format!("the overview is no JSON: {e}")),
            None => Err("meshc up ended without an overview".to_owned()),
        };
        match address {
            Ok(address) => Ok(Self { child, address, runtime }),
            Err(e) => {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                Err(e)
            }
        }
    }

    /// The directory that mesh-proxy watches.
    fn bundle(&self) -> Result<PathBuf, String> {
        let entries = fs::read_dir(&self.runtime).map_err(|e| e.to_string())?;
        let mut bundles = entries.filter_map(|entry| Some(entry.ok()?.path().join("bundle")));
        bundles.find(|path| path.is_dir()).ok_or_else(|| "the run has no bundle".to_owned())
    }

    /// Ctrl-C, and everything ends.
    fn stop(mut self) -> Result<(), String> {
        let asked = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        asked.map_err(|e| format!("kill: {e}"))?;
        let status = self.child.wait().map_err(|e| e.to_string())?;
        let left = fs::read_dir(&self.runtime).map_err(|e| e.to_string())?.count();
        match (status.success(), left) {
            (true, 0) => Ok(()),
            (false, _) => Err(format!("meshc up ended with {status}")),
            (true, _) => Err("meshc up left files behind".to_owned()),
        }
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        // After `stop` there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The gateway's address, from the first entry's curl line.
fn address(overview: &Value) -> Result<String, String> {
    let curl = overview["entries"][0]["curl"].as_str().unwrap_or_default();
    let rest = curl.split("http://").nth(1).ok_or_else(|| format!("no entry with a URL in {overview}"))?;
    Ok(rest.split(['/', '\'', '"', ' ']).next().unwrap_or_default().to_owned())
}

/// Requests on one connection until told to stop: how many, how many failed, how many connections were closed.
fn load(address: &str, stop: &AtomicBool) -> (usize, usize, usize) {
    let counts = [const { AtomicUsize::new(0) }; 3];
    let count = |index: usize| counts[index].fetch_add(1, Ordering::Relaxed);
    let mut client = None;
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut connection) = client.take().map_or_else(|| Client::connect(address), Ok) else {
            count(0);
            count(1);
            continue;
        };
        count(0);
        match connection.get("/api/reviews/1") {
            Ok(answer) if answer.status == 200 => {
                if answer.closes {
                    count(2);
                } else {
                    client = Some(connection);
                }
            }
            _ => {
                count(1);
            }
        }
    }
    let total = |index: usize| counts[index].load(Ordering::Relaxed);
    (total(0), total(1), total(2))
}

/// One HTTP/1.1 connection.
struct Client {
    stream: BufReader<TcpStream>,
}

struct Answer {
    status: u16,
    served_by: String,
    closes: bool,
}

impl Client {
    fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// The header that the gateway's last route sets.
    fn served_by(&mut self) -> io::Result<String> {
        let answer = self.get("/")?;
        if answer.status == 200 {
            Ok(answer.served_by)
        } else {
            Err(io::Error::other(format!("{}", answer.status)))
        }
    }

    fn get(&mut self, path: &str) -> io::Result<Answer> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: bookshop.example.com\r\n\r\n");
        self.stream.get_mut().write_all(head.as_bytes())?;
        let mut answer = Answer { status: 0, served_by: String::new(), closes: false };
        let (mut length, mut chunked) = (0, false);
        let mut line = String::new();
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some((name, value)) = text.split_once(':') {
                let value = value.trim();
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().map_err(io::Error::other)?,
                    "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
                    "connection" => answer.closes = value.eq_ignore_ascii_case("close"),
                    "x-served-by" => value.clone_into(&mut answer.served_by),
                    _ => {}
                }
            } else {
                let status = text.split(' ').nth(1).unwrap_or_default();
                answer.status = status.parse().map_err(io::Error::other)?;
            }
        }
        if chunked {
            self.skip_chunks()?;
        } else {
            io::copy(&mut self.stream.by_ref().take(length), &mut io::sink())?;
        }
        Ok(answer)
    }

    fn skip_chunks(&mut self) -> io::Result<()> {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            io::copy(&mut self.stream.by_ref().take(size + 2), &mut io::sink())?;
            if size == 0 {
                return Ok(());
            }
        }
    }
}

/// A directory that goes when it is dropped.
struct Directory(PathBuf);

impl Directory {
    fn create() -> Result<Self, String> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("meshc-swap-{}-{number}", std::process::id()));
        fs::create_dir(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What stays is in the directory for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
