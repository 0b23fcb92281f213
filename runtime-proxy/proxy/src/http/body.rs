//! Bodies on their way: requests streamed or kept for another try, responses streamed.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::Notify;
use tokio::time::Sleep;

use super::stream::StreamGuard;

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The other side's connection broke.
    #[error("{0}")]
    Connection(#[from] hyper::Error),
    /// A newer try reads the request now.
    #[error("superseded by another try")]
    Superseded,
    /// The response took too long.
    #[error("timeout")]
    Timeout,
}

/// What is known of a request while its body is on its way.
#[derive(Default)]
pub(crate) struct RequestProgress {
    /// Bytes that came.
    pub(crate) bytes: Cell<u64>,
    /// When the last of these came.
    last: Cell<Option<Instant>>,
    /// When all of it had come.
    pub(crate) completed: Cell<Option<Instant>>,
    /// Whether the client broke off.
    pub(crate) failed: Cell<bool>,
    notify: Notify,
}

impl RequestProgress {
    /// The request is complete.
    pub(crate) fn complete(&self) {
        if self.completed.get().is_none() {
            self.completed.set(Some(Instant::now()));
            self.notify.notify_waiters();
        }
    }

    /// Waits until nothing came for so long, or so long after the end.
    pub(crate) async fn silence(&self, timeout: Duration) {
        let begun = Instant::now();
        let since = || self.completed.get().or(self.last.get()).unwrap_or(begun);
        let mut seen = since();
        loop {
            tokio::time::sleep_until(tokio::time::Instant::from_std(seen + timeout)).await;
            let newest = since();
            if newest == seen {
                return;
            }
            seen = newest;
        }
    }

    /// Waits until the request is complete, and says since when.
    pub(crate) async fn wait(&self) -> Instant {
        loop {
            let notified = self.notify.notified();
            if let Some(at) = self.completed.get() {
                return at;
            }
            notified.await;
        }
    }
}

/// The body of a request to an upstream.
pub(crate) enum RequestBody {
    /// None.
    Empty,
    /// As it comes.
    Streaming(Incoming, Rc<RequestProgress>),
    /// As it comes, or from what was kept of it.
    Replay(ReplayReader),
    /// A copy.
    Copy(Option<Bytes>),
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Copy(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Streaming(incoming, progress) => poll_incoming(incoming, progress, context),
            Self::Replay(reader) => reader.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Copy(bytes) => bytes.is_none(),
            Self::Streaming(incoming, _) => incoming.is_end_stream(),
            Self::Replay(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Copy(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Streaming(incoming, _) => incoming.size_hint(),
            Self::Replay(reader) => reader.size,
        }
    }
}

/// Reads on and notes the progress.
fn poll_incoming(
    incoming: &mut Incoming,
    progress: &RequestProgress,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
    let polled = Pin::new(&mut *incoming).poll_frame(context);
    match &polled {
        Poll::Ready(Some(Ok(frame))) => {
            if let Some(data) = frame.data_ref() {
                progress.bytes.set(progress.bytes.get() + data.len() as u64);
                progress.last.set(Some(Instant::now()));
            }
            if incoming.is_end_stream() {
                progress.complete();
            }
        }
        Poll::Ready(Some(Err(_))) => progress.failed.set(true),
        Poll::Ready(None) => progress.complete(),
        Poll::Pending => {}
    }
    polled.map_err(BodyError::Connection)
}

/// A request body that can be read again, up to a limit.
pub(crate) struct ReplayBuffer {
    incoming: RefCell<Incoming>,
    progress: Rc<RequestProgress>,
    size: SizeHint,
    limit: usize,
    kept: RefCell<Vec<Bytes>>,
    trailers: RefCell<Option<HeaderMap>>,
    kept_bytes: Cell<usize>,
    overflown: Cell<bool>,
    ended: Cell<bool>,
    generation: Cell<u32>,
}

impl ReplayBuffer {
    /// Keeps up to `limit` bytes of a body.
    pub(crate) fn new(incoming: Incoming, progress: Rc<RequestProgress>, limit: usize) -> Rc<Self> {
        Rc::new(Self {
            size: incoming.size_hint(),
            incoming: RefCell::new(incoming),
            progress,
            limit,
            kept: RefCell::default(),
            trailers: RefCell::default(),
            kept_bytes: Cell::new(0),
            overflown: Cell::new(false),
            ended: Cell::new(false),
            generation: Cell::new(0),
        })
    }

    /// Whether the body was too large to be kept, so that there can be no other try.
    pub(crate) fn overflown(&self) -> bool {
        self.overflown.get()
    }

    /// A reader from the beginning; readers before it read no more.
    pub(crate) fn reader(self: &Rc<Self>) -> ReplayReader {
        let generation = self.generation.get() + 1;
        self.generation.set(generation);
        ReplayReader { buffer: Rc::clone(self), generation, at: 0, trailers_sent: false, size: self.size }
    }

    /// All of the body, where it ended and was kept.
    pub(crate) fn copy(&self) -> Option<Bytes> {
        if self.overflown.get() || !self.ended.get() {
            return None;
        }
        let kept = self.kept.borrow();
        Some(match kept.as_slice() {
            [] => Bytes::new(),
            [one] => one.clone(),
            many => many.concat().into(),
        })
    }

    fn keep(&self, data: &Bytes) {
        if self.overflown.get() {
            return;
        }
        let bytes = self.kept_bytes.get() + data.len();
        if bytes > self.limit {
            self.overflown.set(true);
            self.kept.borrow_mut().clear();
        } else {
            self.kept_bytes.set(bytes);
            self.kept.borrow_mut().push(data.clone());
        }
    }
}

/// One reader of a [`ReplayBuffer`].
pub(crate) struct ReplayReader {
    buffer: Rc<ReplayBuffer>,
    generation: u32,
    at: usize,
    trailers_sent: bool,
    size: SizeHint,
}

impl ReplayReader {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let buffer = &self.buffer;
        if self.generation != buffer.generation.get() {
            return Poll::Ready(Some(Err(BodyError::Superseded)));
        }
        let next = buffer.kept.borrow().get(self.at).cloned();
        if let Some(data) = next {
            self.at += 1;
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if buffer.ended.get() {
            if self.trailers_sent {
                return Poll::Ready(None);
            }
            self.trailers_sent = true;
            return Poll::Ready(
                buffer.trailers.borrow().clone().map(|trailers| Ok(Frame::trailers(trailers))),
            );
        }
        let polled = poll_incoming(&mut buffer.incoming.borrow_mut(), &buffer.progress, context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    buffer.keep(data);
                    self.at += 1;
                } else if let Some(trailers) = frame.trailers_ref() {
                    *buffer.trailers.borrow_mut() = Some(trailers.clone());
                    buffer.ended.set(true);
                    self.trailers_sent = true;
                }
            }
            Poll::Ready(None) => {
                buffer.ended.set(true);
                self.trailers_sent = true;
            }
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }
}

/// The body of a response to a client.
pub(crate) struct ResponseBody {
    content: Content,
    guard: Option<Box<StreamGuard>>,
    limits: Option<Box<Limits>>,
}

enum Content {
    Own(Option<Bytes>),
    Upstream(Incoming),
}

/// How long the rest of a response may take.
struct Limits {
    deadline: Option<Pin<Box<Sleep>>>,
    idle: Option<(Duration, Pin<Box<Sleep>>)>,
}

impl ResponseBody {
    /// A body of our own.
    pub(crate) fn own(bytes: Bytes, guard: Option<Box<StreamGuard>>) -> Self {
        Self { content: Content::Own((!bytes.is_empty()).then_some(bytes)), guard, limits: None }
    }

    /// The body of an upstream's response, which must end by `deadline` and not be silent for longer than `idle`.
    pub(crate) fn upstream(
        incoming: Incoming,
        guard: Box<StreamGuard>,
        deadline: Option<tokio::time::Instant>,
        idle: Duration,
    ) -> Self {
        let limited = deadline.is_some() || !idle.is_zero();
        let limits = (limited && !incoming.is_end_stream()).then(|| {
            Box::new(Limits {
                deadline: deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline))),
                idle: (!idle.is_zero()).then(|| (idle, Box::pin(tokio::time::sleep(idle)))),
            })
        });
        let mut body = Self { content: Content::Upstream(incoming), guard: Some(guard), limits };
        if body.is_end_stream() {
            body.finish();
        }
        body
    }

    /// The body came to its end.
    fn finish(&mut self) {
        if let Some(guard) = &mut self.guard {
            guard.upstream_finished();
        }
        self.limits = None;
    }

    fn broken(&mut self, error: BodyError) -> BodyError {
        if let Some(guard) = &mut self.guard {
            guard.upstream_failed(&error);
        }
        error
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let incoming = match &mut this.content {
            Content::Own(bytes) => {
                let bytes = bytes.take();
                if let (Some(bytes), Some(guard)) = (&bytes, &mut this.guard) {
                    guard.info.bytes_sent += bytes.len() as u64;
                }
                return Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))));
            }
            Content::Upstream(incoming) => incoming,
        };
        match Pin::new(&mut *incoming).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let ended = incoming.is_end_stream() || frame.is_trailers();
                if let (Some(data), Some(guard)) = (frame.data_ref(), &mut this.guard) {
                    guard.info.bytes_sent += data.len() as u64;
                }
                if ended {
                    this.finish();
                } else if let Some((idle, sleep)) =
                    this.limits.as_mut().and_then(|limits| limits.idle.as_mut())
                {
                    sleep.as_mut().reset(tokio::time::Instant::now() + *idle);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                Poll::Ready(Some(Err(this.broken(BodyError::Connection(error)))))
            }
            Poll::Ready(None) => {
                this.finish();
                Poll::Ready(None)
            }
            Poll::Pending => {
                let Some(limits) = &mut this.limits else { return Poll::Pending };
                let late =
                    limits.deadline.as_mut().is_some_and(|sleep| sleep.as_mut().poll(context).is_ready());
                let silent =
                    limits.idle.as_mut().is_some_and(|(_, sleep)| sleep.as_mut().poll(context).is_ready());
                if late || silent {
                    return Poll::Ready(Some(Err(this.broken(BodyError::Timeout))));
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Own(bytes) => bytes.is_none(),
            Content::Upstream(incoming) => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Content::Upstream(incoming) => incoming.size_hint(),
        }
    }
}
