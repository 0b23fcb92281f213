//! Real Envoys: many configurations validated, or one that serves.

pub mod echo;
pub mod serving;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A certificate and its key for everything that a mesh names a file for; made by `openssl`.
#[derive(Debug)]
pub struct Certificates {
    certificate: String,
    key: String,
}

impl Certificates {
    /// Makes them in a folder.
    pub fn make(folder: &Path) -> io::Result<Self> {
        let path = |name: &str| folder.join(name).display().to_string();
        let made = Self { certificate: path("certificate.pem"), key: path("key.pem") };
        let status = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "3650", "-subj", "/CN=test", "-addext", "subjectAltName=DNS:test"])
            .args(["-keyout", &made.key, "-out", &made.certificate])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if status.success() { Ok(made) } else { Err(io::Error::other("openssl makes no certificate")) }
    }

    /// Puts them where a configuration names files of certificates and keys that are not on this machine.
    pub fn put_into(&self, configuration: &mut Value) {
        match configuration {
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_into(item)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    let file = if name == "private_key" { &self.key } else { &self.certificate };
                    let takes_file =
                        matches!(name.as_str(), "private_key" | "certificate_chain" | "trusted_ca");
                    match field.get_mut("filename").filter(|_| takes_file) {
                        Some(path) => *path = file.as_str().into(),
                        None => self.put_into(field),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Has real Envoy validate bootstraps, many in one run; those that it refuses, with its last words.
pub fn validate(envoy: &Path, bootstraps: &[(String, Value)]) -> io::Result<Vec<(String, String)>> {
    const TOGETHER: usize = 40;
    let folder = tempfile::tempdir()?;
    let certificates = Certificates::make(folder.path())?;
    let run = Run { envoy, certificates: &certificates, file: &folder.path().join("bootstrap.json") };
    let mut refused = Vec::new();
    for batch in bootstraps.chunks(TOGETHER) {
        refused.extend(run.refused(batch)?);
    }
    refused.sort();
    Ok(refused)
}

/// How Envoy is run.
struct Run<'a> {
    envoy: &'a Path,
    certificates: &'a Certificates,
    file: &'a Path,
}

impl Run<'_> {
    /// Those of a batch that Envoy refuses: halves are looked at until each stands alone.
    fn refused(&self, batch: &[(String, Value)]) -> io::Result<Vec<(String, String)>> {
        let said = match batch {
            [] => None,
            [(_, alone)] => self.validate(alone.clone())?,
            several => self.validate(together(several))?,
        };
        let Some(said) = said else { return Ok(Vec::new()) };
        if let [(label, _)] = batch {
            return Ok(vec![(label.clone(), said)]);
        }
        let (first, second) = batch.split_at(batch.len() / 2);
        let mut refused = self.refused(first)?;
        refused.extend(self.refused(second)?);
        Ok(refused)
    }

    /// What Envoy says against a bootstrap; nothing where it takes it.
    fn validate(&self, mut bootstrap: Value) -> io::Result<Option<String>> {
        self.certificates.put_into(&mut bootstrap);
        fs::write(self.file, bootstrap.to_string())?;
        let output = Command::new(self.envoy)
            .args(["--mode", "validate", "-l", "error", "-c"])
            .arg(self.file)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok((!output.status.success()).then_some(said))
    }
}

/// Several proxies in one: names and addresses of listeners are made different, and so are the names of clusters that are
/// not the same. The first cluster of a name keeps it, for what refers to it.
fn together(bootstraps: &[(String, Value)]) -> Value {
    let mut listeners = Vec::new();
    let mut moved = BTreeMap::new();
    let mut clusters: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (index, (_, bootstrap)) in bootstraps.iter().enumerate() {
        let resources =
            |key: &str| bootstrap["static_resources"][key].as_array().cloned().unwrap_or_default();
        for mut listener in resources("listeners") {
            let name = format!("{}#{index}", listener["name"].as_str().unwrap_or_default());
            listener["name"] = name.into();
            move_address(&mut listener["address"], index, &mut moved);
            for more in
                listener.get_mut("additional_addresses").and_then(Value::as_array_mut).into_iter().flatten()
            {
                move_address(&mut more["address"], index, &mut moved);
            }
            listeners.push(listener);
        }
        for cluster in resources("clusters") {
            let name = cluster["name"].as_str().unwrap_or_default().to_owned();
            let known = clusters.entry(name).or_default();
            if !known.contains(&cluster) {
                known.push(cluster);
            }
        }
    }
    let renamed = |(name, variants): (String, Vec<Value>)| {
        variants.into_iter().enumerate().map(move |(index, mut cluster)| {
            if index > 0 {
                let name = format!("{name}#{index}");
                if let Some(assignment) = cluster.get_mut("load_assignment") {
                    assignment["cluster_name"] = name.clone().into();
                }
                cluster["name"] = name.into();
            }
            cluster
        })
    };
    let clusters: Vec<Value> = clusters.into_iter().flat_map(renamed).collect();
    let mut whole = bootstraps.first().map(|(_, first)| first.clone()).unwrap_or_default();
    whole["static_resources"] = serde_json::json!({"listeners": listeners, "clusters": clusters});
    whole
}

/// Another address, which nobody binds while it is validated: one for each that a proxy has, by the proxy's number and the
/// address.
fn move_address(address: &mut Value, index: usize, moved: &mut BTreeMap<(usize, String), usize>) {
    if let Some(socket) = address.get_mut("socket_address") {
        let old = socket["address"].as_str().unwrap_or_default().to_owned();
        let is_ipv6 = old.contains(':');
        let next = moved.len() + 1;
        let number = *moved.entry((index, old)).or_insert(next);
        socket["address"] = if is_ipv6 {
            format!("fd00::{number:x}").into()
        } else {
            format!("127.{}.{}.{}", number / 62_500 + 1, number / 250 % 250, number % 250 + 1).into()
        };
    } else if let Some(pipe) = address.get_mut("pipe") {
        pipe["path"] = format!("/tmp/listener-{index}").into();
    }
}
