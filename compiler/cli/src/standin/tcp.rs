//! A TCP port of a stand-in: a line that names the workload, then an echo.

use std::io;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::spec::Identity;

/// Greets and echoes until the peer is done.
pub(super) async fn serve(mut stream: TcpStream, identity: &Identity, port: u16) -> io::Result<()> {
    stream.write_all(banner(identity, port).as_bytes()).await?;
    let (mut from, mut to) = stream.split();
    tokio::io::copy(&mut from, &mut to).await?;
    to.shutdown().await
}

/// `reviews-v1 v1 reviews-v1-0.shop:9400`, a line.
fn banner(identity: &Identity, port: u16) -> String {
    let Identity { workload, version, pod, namespace } = identity;
    format!("{workload} {} {pod}.{namespace}:{port}\n", version.as_deref().unwrap_or("-"))
}

/// The pod and namespace in a banner.
pub(crate) fn pod_of(banner: &str) -> Option<&str> {
    banner.trim_end().split(' ').nth(2)?.rsplit_once(':').map(|(pod, _)| pod)
}
