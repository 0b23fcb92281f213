//! A real Envoy that serves.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::echo;

/// How long a start or an end may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Envoy; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    admin: SocketAddr,
    /// By listener's name.
    pub listeners: BTreeMap<String, SocketAddr>,
}

impl Serving {
    /// Starts Envoy on a bootstrap whose listeners may have port 0, and waits until it serves.
    pub fn start(envoy: &Path, mut bootstrap: Value, folder: &Path) -> io::Result<Self> {
        let (file, told) = (folder.join("bootstrap.json"), folder.join("admin"));
        bootstrap["admin"] =
            serde_json::json!({"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}});
        fs::write(&file, bootstrap.to_string())?;
        let log = fs::File::create(folder.join("envoy.log"))?;
        let mut child = Command::new(envoy)
            .arg("-c")
            .arg(&file)
            .arg("--admin-address-path")
            .arg(&told)
            .args(["--concurrency", "1", "-l", "error", "--disable-hot-restart"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let end = Instant::now() + PATIENCE;
        let said = || fs::read_to_string(folder.join("envoy.log")).unwrap_or_default();
        loop {
            if let Some(status) = child.try_wait()? {
                return Err(io::Error::other(format!("Envoy ended ({status}): {}", said())));
            }
            let admin = fs::read_to_string(&told).ok().and_then(|text| text.trim().parse().ok());
            if let Some(admin) = admin
                && get(admin, "/ready").is_ok_and(|answer| answer.status == 200)
            {
                let listeners = listeners(admin)?;
                return Ok(Self { child, admin, listeners });
            }
            if Instant::now() > end {
                let _ = child.kill();
                return Err(io::Error::other(format!("Envoy is not ready: {}", said())));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it, so that its logs are whole.
    pub fn stop(mut self) -> io::Result<()> {
        echo::ask(self.admin, "POST", "/quitquitquit", &[("host".to_owned(), "admin".to_owned())])?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that has ended cannot be killed, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(admin: SocketAddr, path: &str) -> io::Result<echo::Answer> {
    echo::ask(admin, "GET", path, &[("host".to_owned(), "admin".to_owned())])
}

fn listeners(admin: SocketAddr) -> io::Result<BTreeMap<String, SocketAddr>> {
    let told: Value = serde_json::from_slice(&get(admin, "/listeners?format=json")?.body)?;
    let all = told["listener_statuses"].as_array().into_iter().flatten();
    let one = |listener: &Value| {
        let socket = &listener["local_address"]["socket_address"];
        let port = u16::try_from(socket["port_value"].as_u64()?).ok()?;
        Some((listener["name"].as_str()?.to_owned(), SocketAddr::from(([127, 0, 0, 1], port))))
    };
    Ok(all.filter_map(one).collect())
}
