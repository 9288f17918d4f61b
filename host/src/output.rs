//! The component's output: whole lines go to stderr, as in Spin, and to its log file.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    async_trait,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

/// Lines longer than this are written in pieces, in bytes.
const LONGEST_LINE: usize = 64 << 10;

/// Opens the logs of the component's stdout and stderr below `state_dir`, creating directories
/// as needed.
///
/// # Errors
/// If a directory cannot be created or a file cannot be written.
pub(crate) fn open_logs(
    state_dir: &Path,
    component_id: &str,
    echo: bool,
) -> Result<(Arc<Output>, Arc<Output>)> {
    let dir = state_dir.join("logs");
    let advice = || {
        format!(
            "cannot write to {} (choose another directory with --state-dir)",
            dir.display()
        )
    };
    fs::create_dir_all(&dir).with_context(advice)?;
    let open = |stream| {
        let path = dir.join(format!("{component_id}_{stream}.txt"));
        Output::open(&path, echo).with_context(advice)
    };
    Ok((open("stdout")?, open("stderr")?))
}

/// The destination of one of the component's two streams.
pub(crate) struct Output {
    log: File,
    echo: bool,
}

impl Output {
    /// Appends to the log at `path` and, with `echo`, writes to stderr too.
    fn open(path: &Path, echo: bool) -> io::Result<Arc<Self>> {
        let log = File::options().create(true).append(true).open(path)?;
        Ok(Arc::new(Self { log, echo }))
    }

    /// A stream for one instance.
    pub(crate) fn writer(self: &Arc<Self>) -> Writer {
        let pending = Vec::new();
        Writer(Arc::new(Mutex::new(Lines {
            output: self.clone(),
            pending,
        })))
    }

    /// Uses one system call per piece, so that the lines of two instances do not mix.
    /// Write errors are ignored: they must not fail the component.
    fn write(&self, lines: &[u8]) {
        let _ = (&self.log).write_all(lines);
        if self.echo {
            let _ = io::stderr().write_all(lines);
        }
    }
}

/// Buffers the output of an instance until a line is complete.
struct Lines {
    output: Arc<Output>,
    pending: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        let last_newline = self.pending.iter().rposition(|byte| *byte == b'\n');
        let whole = match last_newline {
            Some(position) => position + 1,
            None if self.pending.len() > LONGEST_LINE => self.pending.len(),
            None => return,
        };
        self.output.write(&self.pending[..whole]);
        self.pending.drain(..whole);
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            self.push(b"\n");
        }
    }
}

/// A handle to one instance's stream; all handles share its buffer.
#[derive(Clone)]
pub(crate) struct Writer(Arc<Mutex<Lines>>);

impl Writer {
    fn push(&self, bytes: &[u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(bytes);
    }
}

impl IsTerminal for Writer {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Writer {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST_LINE)
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(pieces: &[&str]) -> (String, String) {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("log.txt");
        let read = || std::fs::read_to_string(&path).unwrap();
        let writer = Output::open(&path, false).unwrap().writer();
        for piece in pieces {
            writer.push(piece.as_bytes());
        }
        let before_drop = read();
        drop(writer);
        (before_drop, read())
    }

    #[test]
    fn a_line_in_pieces_is_written_once_it_is_complete() {
        let (before_drop, after) = printed(&["one", " line\ntwo", " lines\nthree"]);
        assert_eq!(before_drop, "one line\ntwo lines\n");
        assert_eq!(after, "one line\ntwo lines\nthree\n");
    }

    #[test]
    fn an_endless_line_is_not_buffered_without_bound() {
        let piece = "x".repeat(LONGEST_LINE);
        let (before_drop, _) = printed(&[&piece, &piece]);
        assert_eq!(before_drop.len(), 2 * LONGEST_LINE);
    }
}
