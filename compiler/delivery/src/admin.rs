//! A proxy's administration: whether it is ready, what it runs, what it counts.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use meshc_bundle::Written;
use serde_json::Value;

use crate::DeliveryError;
use crate::http::{Incoming, Outgoing, send};

/// How long one answer of an administration may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two questions for the same thing, at first and at most: the longer it takes, the less is lost by asking
/// later, and the more by taking time from those who are asked.
const PACE: Duration = Duration::from_millis(2);
const SLOWEST: Duration = Duration::from_millis(50);

/// The administration of one proxy.
#[derive(Debug, Clone)]
pub struct Admin {
    /// The proxy's name, for messages.
    pub node: String,
    /// Where it is.
    pub address: SocketAddr,
}

impl Admin {
    /// Waits until the proxy serves (`/ready` answers 200).
    pub async fn ready(&self, within: Duration) -> Result<(), DeliveryError> {
        self.until("become ready", within, async |admin| {
            // Until its administration listens, connections are refused.
            Ok(admin.get("/ready").await.is_ok_and(|answer| answer.status == 200))
        })
        .await
    }

    /// How many configurations mesh-proxy has refused so far.
    pub async fn refusals(&self) -> Result<u64, DeliveryError> {
        let info = self.json("/server_info").await?;
        Ok(info.get("updates_rejected").and_then(Value::as_u64).unwrap_or_default())
    }

    /// Waits until mesh-proxy runs the bundle with these digests. A refusal beyond the first `refused` is an error with
    /// its own reason.
    pub async fn runs(&self, bundle: &Written, refused: u64, within: Duration) -> Result<(), DeliveryError> {
        let (configuration, endpoints) = (bundle.configuration.to_string(), bundle.endpoints.to_string());
        self.until("swapped to the new bundle", within, async |admin| {
            let info = admin.json("/server_info").await?;
            let is = |key: &str, wanted: &str| info.get(key).and_then(Value::as_str) == Some(wanted);
            if is("digest", &configuration) && is("endpoints_digest", &endpoints) {
                return Ok(true);
            }
            let refusals = info.get("updates_rejected").and_then(Value::as_u64).unwrap_or_default();
            match info.get("last_error").and_then(Value::as_str) {
                Some(reason) if refusals > refused => Err(admin.rejected(reason)),
                _ => Ok(false),
            }
        })
        .await
    }

    /// Statistics whose names match `filter`, a regular expression; values as text, quotes taken off.
    pub async fn stats(&self, filter: &str) -> Result<BTreeMap<String, String>, DeliveryError> {
        let answer = self.ask(&format!("/stats?filter={filter}")).await?;
        let text = String::from_utf8_lossy(&answer.body);
        let pairs = text.lines().filter_map(|line| line.rsplit_once(": "));
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect())
    }

    /// Asks again and again until `done`, or until the time is over.
    pub(crate) async fn until(
        &self,
        what: &str,
        within: Duration,
        mut done: impl AsyncFnMut(&Self) -> Result<bool, DeliveryError>,
    ) -> Result<(), DeliveryError> {
        let start = Instant::now();
        let mut pace = PACE;
        while !done(self).await? {
            if start.elapsed() > within {
                let (node, what) = (self.node.clone(), what.to_owned());
                return Err(DeliveryError::Late { node, what, waited: within });
            }
            tokio::time::sleep(pace).await;
            pace = SLOWEST.min(pace + pace / 4);
        }
        Ok(())
    }

    pub(crate) fn rejected(&self, reason: &str) -> DeliveryError {
        DeliveryError::Rejected { node: self.node.clone(), reason: reason.trim().to_owned() }
    }

    async fn json(&self, path: &str) -> Result<Value, DeliveryError> {
        let answer = self.ask(path).await?;
        serde_json::from_slice(&answer.body).map_err(|e| self.failed(io::Error::other(e)))
    }

    async fn ask(&self, path: &str) -> Result<Incoming, DeliveryError> {
        let answer = self.get(path).await.map_err(|e| self.failed(e))?;
        if answer.status == 200 {
            return Ok(answer);
        }
        let said = String::from_utf8_lossy(&answer.body).trim().to_owned();
        Err(self.failed(io::Error::other(format!("{path} answers {}: {said}", answer.status))))
    }

    async fn get(&self, path: &str) -> io::Result<Incoming> {
        send(self.address, &Outgoing::get("admin", path), PATIENCE).await
    }

    fn failed(&self, source: io::Error) -> DeliveryError {
        DeliveryError::Admin { node: self.node.clone(), address: self.address, source }
    }
}
