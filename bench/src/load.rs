//! Generates load with wrk and `load.lua`.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::host::in_repository;

/// The timeout of a request.
const TIMEOUT: &str = "60s";

/// The requests to send.
pub struct Load {
    pub url: String,
    pub kind: Kind,
    /// The expected status of every response.
    pub status: u16,
    /// The variable part of each request, see [`Kind`].
    pub lines: Vec<String>,
}

/// The meaning of a load's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Values of the `Authorization` header of a GET.
    Authorization,
    /// JSON bodies of a POST.
    Json,
    /// Form bodies of a POST.
    Form,
    /// Refresh tokens, each sent in a POST whose response contains the next one.
    Chain,
}

/// The results of a load.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Outcome {
    /// The number of responses.
    pub requests: u64,
    /// The duration of the measurement.
    pub microseconds: u64,
    /// The median latency, in microseconds.
    pub p50: u64,
    /// The 99th percentile of the latency, in microseconds.
    pub p99: u64,
    /// Responses with an unexpected status, and requests without a response.
    pub errors: u64,
}

/// A running load.
pub struct Running {
    wrk: Child,
    _lines: NamedTempFile,
}

impl Kind {
    /// The kind's name in the script, and the content type of its bodies.
    fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Authorization => ("authorization", ""),
            Self::Json => ("body", "application/json"),
            Self::Form => ("body", "application/x-www-form-urlencoded"),
            Self::Chain => ("chain", "application/json"),
        }
    }
}

impl Load {
    /// Sends the requests for `seconds` over `connections` connections, sequentially on each.
    pub fn run(&self, connections: usize, seconds: u64) -> Result<Outcome> {
        self.start(connections, seconds)?.finish()
    }

    /// Like [`run`](Self::run), but does not wait.
    pub fn start(&self, connections: usize, seconds: u64) -> Result<Running> {
        let mut lines = NamedTempFile::new()?;
        lines.write_all(self.lines.join("\n").as_bytes())?;
        let (kind, content_type) = self.kind.describe();
        let wrk = Command::new(program())
            .args(["--threads", "1", "--timeout", TIMEOUT, "--latency"])
            .args(["--connections", &connections.to_string()])
            .args(["--duration", &format!("{seconds}s")])
            .args(["--header", &format!("content-type: {content_type}")])
            .arg("--script")
            .arg(in_repository("bench/load.lua"))
            .args([&self.url, "--", kind, &self.status.to_string()])
            .arg(lines.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start wrk")?;
        Ok(Running { wrk, _lines: lines })
    }
}

impl Running {
    /// Waits for the load to finish.
    pub fn finish(self) -> Result<Outcome> {
        let output = self.wrk.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "wrk failed: {text}");
        let outcome = text.lines().last().unwrap_or_default();
        serde_json::from_str(outcome).with_context(|| format!("unexpected output of wrk: {text}"))
    }
}

impl Outcome {
    /// Responses per second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 * 1e6 / self.microseconds as f64
    }
}

fn program() -> OsString {
    env::var_os("WRK").unwrap_or_else(|| "wrk".into())
}
