//! Reads the host's trace of the component's calls.

use std::collections::HashMap;
use std::fs;

use reqwest::RequestBuilder;
use serde::Deserialize;

use super::app::App;
use super::response::Response;
use super::time::{SOON, eventually};

/// The beginning of the statement that checks for housekeeping work.
const CHECK_FOR_WORK: &str = "SELECT EXISTS (SELECT 1 FROM outbox";
/// The beginning of the statement that claims mail in the outbox.
const CLAIM_MAIL: &str = "UPDATE outbox SET attempts";

/// A traced event.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub(crate) enum Call {
    /// An instance was started.
    Instantiate,
    /// The linear memory of an instance grew to `bytes`.
    GrowMemory { bytes: u64 },
    /// A request was passed to an instance, with its remaining instructions and its linear memory.
    Handle { instructions_left: u64, bytes: u64 },
    /// An instance will take no more requests.
    Retire { instructions_left: u64, bytes: u64 },
    /// A setting was read.
    GetVariable { name: String },
    /// A database connection was opened.
    OpenDatabase,
    /// A statement was executed, with its page reads and writes.
    Execute {
        sql: String,
        read: u64,
        written: u64,
    },
    /// A request was sent out.
    SendRequest,
    /// An instance was dropped.
    End,
}

/// A call, and the number of the instance that made it.
#[derive(Deserialize)]
struct Line {
    instance: u64,
    #[serde(flatten)]
    call: Call,
}

/// A statement, and how it was executed.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) instance: u64,
    pub(crate) sql: String,
    /// `FULL` waits for the disk, `NORMAL` does not.
    pub(crate) synchronous: &'static str,
}

impl Call {
    /// Whether a request was passed to the instance.
    pub(crate) fn begins_request(&self) -> bool {
        matches!(self, Self::Handle { .. })
    }

    /// The instructions that the instance may still execute, if they are part of the call. They are when
    /// a request begins, and after the last one.
    pub(crate) fn instructions_left(&self) -> Option<u64> {
        match self {
            Self::Handle {
                instructions_left, ..
            }
            | Self::Retire {
                instructions_left, ..
            } => Some(*instructions_left),
            _ => None,
        }
    }

    /// The instance's linear memory from this call on, if it is part of the call.
    fn memory(&self) -> Option<u64> {
        match self {
            Self::GrowMemory { bytes }
            | Self::Handle { bytes, .. }
            | Self::Retire { bytes, .. } => Some(*bytes),
            _ => None,
        }
    }

    /// Whether this is the first call of housekeeping.
    pub(crate) fn begins_housekeeping(&self) -> bool {
        matches!(self, Self::Execute { sql, .. } if sql.starts_with(CHECK_FOR_WORK))
    }

    /// Whether this ends the delivery of mail: no mail was left to claim.
    fn ends_delivery(&self) -> bool {
        matches!(self, Self::Execute { sql, written: 0, .. } if sql.starts_with(CLAIM_MAIL))
    }
}

/// The linear memory of an instance after `calls`.
pub(crate) fn memory_after(calls: &[Call]) -> u64 {
    let memory = calls.iter().filter_map(Call::memory).next_back();
    memory.expect("a request was handled")
}

/// The instructions of a whole request.
pub(crate) fn instructions_of(calls: &[Call]) -> u64 {
    let left: Vec<_> = calls.iter().filter_map(Call::instructions_left).collect();
    left[0] - left[left.len() - 1]
}

impl App {
    /// All calls since the server was started.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let lines = self.trace().into_iter();
        lines.map(|line| line.call).collect()
    }

    /// Finds the first request after the call with this number, and returns all calls of its instance
    /// from there on.
    fn request_since(&self, number: usize) -> Vec<Call> {
        let mut lines = self.trace().split_off(number);
        let first = lines.iter().position(|line| line.call.begins_request());
        lines.drain(..first.expect("a request was handled"));
        let instance = lines[0].instance;
        lines.retain(|line| line.instance == instance);
        lines.into_iter().map(|line| line.call).collect()
    }

    /// The calls of the first request after the call with this number, up to the instance's next
    /// request or its retirement.
    pub(crate) async fn whole_request_since(&self, number: usize) -> Vec<Call> {
        let complete = async || {
            self.get("/").await.assert_status(200);
            let mut calls = self.request_since(number);
            let is_over = |call: &Call| call.instructions_left().is_some();
            let over = calls.iter().skip(1).position(is_over)?;
            calls.truncate(over + 2);
            Some(calls)
        };
        eventually(
            "its instance gets another request or retires",
            SOON,
            complete,
        )
        .await
    }

    /// All statements since the server was started, each with the `synchronous` setting in effect.
    pub(crate) fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        let mut settings = HashMap::new();
        for Line { instance, call } in self.trace() {
            let synchronous = settings.entry(instance).or_insert("FULL");
            match call {
                Call::OpenDatabase => *synchronous = "FULL",
                Call::Execute { sql, .. } => {
                    match sql.as_str() {
                        "PRAGMA synchronous = NORMAL" => *synchronous = "NORMAL",
                        "PRAGMA synchronous = FULL" => *synchronous = "FULL",
                        _ => {}
                    }
                    statements.push(Statement {
                        instance,
                        sql,
                        synchronous,
                    });
                }
                _ => {}
            }
        }
        statements
    }

    /// Sends a request and returns its calls.
    pub(crate) async fn measure(&self, request: RequestBuilder) -> (Response, Vec<Call>) {
        let number = self.calls().len();
        let response = Response::to(request).await;
        (response, self.whole_request_since(number).await)
    }

    fn trace(&self) -> Vec<Line> {
        let trace = fs::read_to_string(self.trace_path()).expect("the app is traced");
        // The last line may be incomplete.
        let lines = trace
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let lines = lines.map(|line| serde_json::from_str(line).expect("a call"));
        lines.collect()
    }

    /// The number of live instances.
    pub(crate) fn open_instances(&self) -> usize {
        let calls = self.calls();
        let count = |wanted| calls.iter().filter(|call| **call == wanted).count();
        count(Call::Instantiate) - count(Call::End)
    }

    /// The number of the call that started the newest instance.
    pub(crate) fn newest_instance(&self) -> usize {
        let calls = self.calls();
        let newest = calls.iter().rposition(|call| *call == Call::Instantiate);
        newest.expect("an instance was started")
    }

    /// Waits until an instance has checked for housekeeping work since the call with this number. If
    /// there is no work, that completes the housekeeping.
    pub(crate) async fn housekeeping_since(&self, number: usize) {
        self.wait_for_call(number, Call::begins_housekeeping).await;
    }

    /// Waits until mail has been delivered since the call with this number.
    pub(crate) async fn delivery_since(&self, number: usize) {
        self.wait_for_call(number, Call::ends_delivery).await;
    }

    async fn wait_for_call(&self, number: usize, is_wanted: fn(&Call) -> bool) {
        let called = async || {
            self.calls()[number..]
                .iter()
                .find(|call| is_wanted(call))
                .map(drop)
        };
        eventually("the call is made", SOON, called).await;
    }
}
