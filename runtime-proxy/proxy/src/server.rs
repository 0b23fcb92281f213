//! The process: workers, administration, signals, and a graceful end.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use crate::access_log::LogFiles;
use crate::admin::{self, AdminAddress};
use crate::control::Control;
use crate::error::ProxyError;
use crate::source::Source;
use crate::stats::Registry;
use crate::watch;
use crate::worker;

/// What a proxy is started with.
pub(crate) struct Options {
    /// Where the configuration comes from.
    pub(crate) source: Source,
    /// Workers.
    pub(crate) concurrency: usize,
    /// Where the administration listens; the bootstrap's where none is given.
    pub(crate) admin: Option<AdminAddress>,
    /// How long requests under way may take after the end was asked for.
    pub(crate) grace: Duration,
}

/// Runs a proxy until it is told to end.
pub(crate) fn run(options: Options) -> Result<(), ProxyError> {
    let loaded = options.source.load()?;
    let admin = match (&options.admin, &loaded.bootstrap) {
        (Some(address), _) => Some(address.clone()),
        (None, Some(bootstrap)) => admin::from_bootstrap(bootstrap)?,
        (None, None) => None,
    };
    let registry = Arc::new(Registry::new(options.concurrency));
    let logs = LogFiles::new();
    let mut commands = Vec::with_capacity(options.concurrency);
    let mut threads = Vec::with_capacity(options.concurrency);
    for index in 0..options.concurrency {
        let (sender, thread) = worker::spawn(index, Arc::clone(&registry), logs.clone())
            .map_err(|error| ProxyError::System(format!("cannot start a worker: {error}")))?;
        commands.push(sender);
        threads.push(thread);
    }
    let control = Arc::new(Control::new(options.source, registry, logs.clone(), commands));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| ProxyError::System(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        // Signals are heard before traffic is accepted, so that an early end is graceful too.
        let ends = Ends::new()?;
        let (quit, quits) = tokio::sync::mpsc::unbounded_channel();
        if let Some(address) = admin {
            start_admin(&address, &control, quit.clone())?;
        }
        control.apply(loaded)?;
        watch::spawn(Arc::clone(&control))?;
        announce(&control);
        // Kept open, so that waiting for it does not end without an administration.
        let _quit = quit;
        ends.wait(quits).await;
        Ok::<(), ProxyError>(())
    })?;
    crate::log::info(format_args!("ending: requests under way have {:?}", options.grace));
    control.end(options.grace);
    let ended = runtime.spawn_blocking(move || {
        for thread in threads {
            // A worker that panicked has said so itself.
            let _ = thread.join();
        }
    });
    runtime.block_on(async {
        let mut again = Ends::new()?;
        tokio::select! {
            _ = ended => {}
            () = again.next() => crate::log::warn("ending at once"),
        }
        Ok::<(), ProxyError>(())
    })?;
    logs.finish();
    runtime.shutdown_background();
    Ok(())
}

fn start_admin(
    address: &AdminAddress,
    control: &Arc<Control>,
    quit: UnboundedSender<()>,
) -> Result<(), ProxyError> {
    let bound = admin::start(address, Arc::clone(control), quit)?;
    crate::log::info(format_args!("administration listens on {bound}"));
    Ok(())
}

/// Says what is served.
fn announce(control: &Control) {
    let state = control.state();
    let what = state.digest.as_deref().map_or_else(|| "the bootstrap".to_owned(), ToOwned::to_owned);
    let node = if state.node.is_empty() { String::new() } else { format!(" as {}", state.node) };
    crate::log::info(format_args!("serving {what}{node} on {} listeners", state.listeners.len()));
}

/// The signals that end a proxy.
struct Ends {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Ends {
    fn new() -> Result<Self, ProxyError> {
        let listen =
            |kind| signal(kind).map_err(|error| ProxyError::System(format!("cannot hear signals: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    async fn wait(mut self, mut quits: tokio::sync::mpsc::UnboundedReceiver<()>) {
        tokio::select! {
            () = self.next() => {}
            _ = quits.recv() => {}
        }
    }
}
