//! Access logs: lines are gathered by each worker and written by one thread, away from traffic.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Bytes that a worker gathers before it hands them over.
const BATCH_BYTES: usize = 64 << 10;

/// The log files of the process, opened once each.
#[derive(Clone)]
pub(crate) struct LogFiles {
    files: Arc<Mutex<HashMap<Box<str>, LogFile>>>,
}

struct LogFile {
    sender: Sender<Vec<u8>>,
    thread: JoinHandle<()>,
}

impl LogFiles {
    /// No file yet.
    pub(crate) fn new() -> Self {
        Self { files: Arc::default() }
    }

    /// Opens a file for appending, unless it is open.
    pub(crate) fn open(&self, path: &str) -> std::io::Result<()> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.contains_key(path) {
            return Ok(());
        }
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || write(file, &receiver))?;
        files.insert(path.into(), LogFile { sender, thread });
        Ok(())
    }

    /// Waits until all lines are written; the workers have ended.
    pub(crate) fn finish(&self) {
        let files = std::mem::take(&mut *self.files.lock().unwrap_or_else(PoisonError::into_inner));
        let threads: Vec<_> = files.into_values().map(|file| file.thread).collect();
        for thread in threads {
            // A writer that panicked has said so itself.
            let _ = thread.join();
        }
    }

    fn sender(&self, path: &str) -> Option<Sender<Vec<u8>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(path).map(|file| file.sender.clone())
    }
}

/// Writes what comes until all senders are gone. A full disk loses lines, never requests.
fn write(mut file: File, receiver: &Receiver<Vec<u8>>) {
    while let Ok(batch) = receiver.recv() {
        if let Err(error) = file.write_all(&batch) {
            crate::log::warn(format_args!("an access log could not be written: {error}"));
        }
    }
}

/// The log buffers of one worker.
pub(crate) struct LogBuffers {
    files: LogFiles,
    buffers: RefCell<HashMap<Box<str>, Rc<LogBuffer>>>,
}

/// Lines for one file.
pub(crate) struct LogBuffer {
    lines: RefCell<Vec<u8>>,
    sender: Option<Sender<Vec<u8>>>,
}

impl LogBuffers {
    /// The buffers of a worker.
    pub(crate) fn new(files: LogFiles) -> Self {
        Self { files, buffers: RefCell::default() }
    }

    /// The buffer of a file that was opened.
    pub(crate) fn buffer(&self, path: &str) -> Rc<LogBuffer> {
        let mut buffers = self.buffers.borrow_mut();
        if let Some(buffer) = buffers.get(path) {
            return Rc::clone(buffer);
        }
        let buffer = Rc::new(LogBuffer { lines: RefCell::default(), sender: self.files.sender(path) });
        buffers.insert(path.into(), Rc::clone(&buffer));
        buffer
    }

    /// Hands over what was gathered.
    pub(crate) fn flush(&self) {
        #[expect(
            clippy::iter_over_hash_type,
            reason = "each file is written by itself; their order is not seen"
        )]
        for buffer in self.buffers.borrow().values() {
            buffer.flush();
        }
    }
}

impl LogBuffer {
    /// Appends a line that `format` writes.
    pub(crate) fn append(&self, format: impl FnOnce(&mut Vec<u8>)) {
        let mut lines = self.lines.borrow_mut();
        format(&mut lines);
        let full = lines.len() >= BATCH_BYTES;
        drop(lines);
        if full {
            self.flush();
        }
    }

    fn flush(&self) {
        let lines = std::mem::take(&mut *self.lines.borrow_mut());
        if let (false, Some(sender)) = (lines.is_empty(), &self.sender) {
            // The thread lives as long as the process.
            let _ = sender.send(lines);
        }
    }
}
