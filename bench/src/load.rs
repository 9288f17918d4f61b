//! The load: wrk, which sends what `load.lua` tells it.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::host::in_repository;

/// How long an answer may take, in seconds, before it counts as none.
const TIMEOUT: &str = "60s";

/// What is asked, over and over.
pub struct Load {
    /// The address.
    pub url: String,
    /// What the lines are.
    pub kind: Kind,
    /// The status that every answer must have.
    pub status: u16,
    /// What is sent in turn.
    pub lines: Vec<String>,
}

/// What the lines of a load are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Values of the header `Authorization`, for a GET.
    Authorization,
    /// JSON, for a POST.
    Json,
    /// The fields of a form, for a POST.
    Form,
    /// Refresh tokens, for a POST each; the answer brings the next one.
    Chain,
}

/// What came of a load.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Outcome {
    /// Answers.
    pub requests: u64,
    /// How long it took.
    pub microseconds: u64,
    /// The time, in microseconds, within which half of the answers came.
    pub p50: u64,
    /// The time, in microseconds, within which 99 of 100 answers came.
    pub p99: u64,
    /// Answers with another status, and none at all.
    pub errors: u64,
}

/// A load under way.
pub struct Running {
    wrk: Child,
    _lines: NamedTempFile,
}

impl Kind {
    /// Its name in the script, and the type of the body.
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
    /// Sends it over so many connections for so many seconds, each connection one request after
    /// the other.
    ///
    /// # Errors
    /// wrk cannot be run.
    pub fn run(&self, connections: usize, seconds: u64) -> Result<Outcome> {
        self.start(connections, seconds)?.finish()
    }

    /// The same, without waiting for it.
    ///
    /// # Errors
    /// wrk cannot be started.
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
            .context("wrk cannot be started")?;
        Ok(Running { wrk, _lines: lines })
    }
}

impl Running {
    /// Waits for its end.
    ///
    /// # Errors
    /// wrk failed.
    pub fn finish(self) -> Result<Outcome> {
        let output = self.wrk.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "wrk failed: {text}");
        let outcome = text.lines().last().unwrap_or_default();
        serde_json::from_str(outcome).with_context(|| format!("wrk said: {text}"))
    }
}

impl Outcome {
    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 * 1e6 / self.microseconds as f64
    }
}

fn program() -> OsString {
    env::var_os("WRK").unwrap_or_else(|| "wrk".into())
}
