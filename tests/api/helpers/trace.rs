//! What the component asked of the host, call by call, as the host wrote it down.

use std::collections::HashMap;
use std::fs;

use reqwest::RequestBuilder;
use serde::Deserialize;

use super::answer::Answer;
use super::app::App;
use super::time::{SOON, eventually};

/// How the statement begins that looks for what is to be done between requests.
const LOOK: &str = "SELECT EXISTS (SELECT 1 FROM outbox";
/// How the statement begins that takes mail out of the outbox.
const TAKE_MAIL: &str = "UPDATE outbox SET attempts";

/// One call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub(crate) enum Call {
    /// An instance was started.
    Instantiate,
    /// The linear memory of an instance grew to so many bytes.
    GrowMemory { bytes: u64 },
    /// A request was handed to an instance, which can execute so many instructions more, and has
    /// so many bytes of linear memory.
    Handle { instructions_left: u64, bytes: u64 },
    /// A setting was read.
    GetVariable { name: String },
    /// A database connection was opened.
    OpenDatabase,
    /// A statement was executed, which touched so many pages.
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
    /// The number of the instance that executed it.
    pub(crate) instance: u64,
    pub(crate) sql: String,
    /// `FULL` waits for the disk, `NORMAL` does not.
    pub(crate) synchronous: &'static str,
}

impl Call {
    /// Whether it hands a request to an instance.
    pub(crate) fn begins_request(&self) -> bool {
        matches!(self, Self::Handle { .. })
    }

    /// How much linear memory its instance has from now on, if it tells.
    fn memory(&self) -> Option<u64> {
        match self {
            Self::GrowMemory { bytes } | Self::Handle { bytes, .. } => Some(*bytes),
            _ => None,
        }
    }

    /// Whether it begins what is done between requests.
    pub(crate) fn begins_housekeeping(&self) -> bool {
        matches!(self, Self::Execute { sql, .. } if sql.starts_with(LOOK))
    }

    /// Whether it ends the delivery of mail: nothing was there to be taken.
    fn ends_delivery(&self) -> bool {
        matches!(self, Self::Execute { sql, written: 0, .. } if sql.starts_with(TAKE_MAIL))
    }
}

/// The linear memory of an instance at the end of some of its calls.
pub(crate) fn memory_after(calls: &[Call]) -> u64 {
    let memory = calls.iter().filter_map(Call::memory).next_back();
    memory.expect("a request was handled")
}

/// The instructions from a request to the next.
pub(crate) fn instructions_of(calls: &[Call]) -> u64 {
    let left = calls.iter().filter_map(|call| match call {
        Call::Handle {
            instructions_left, ..
        } => Some(*instructions_left),
        _ => None,
    });
    let left: Vec<_> = left.collect();
    left[0] - left[left.len() - 1]
}

impl App {
    /// All calls since the server was started.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let lines = self.trace().into_iter();
        lines.map(|line| line.call).collect()
    }

    /// The first request to be handled since the call with this number: all calls of its instance
    /// from there on.
    fn request_since(&self, number: usize) -> Vec<Call> {
        let mut lines = self.trace().split_off(number);
        let first = lines.iter().position(|line| line.call.begins_request());
        lines.drain(..first.expect("a request was handled"));
        let instance = lines[0].instance;
        lines.retain(|line| line.instance == instance);
        lines.into_iter().map(|line| line.call).collect()
    }

    /// The calls of the first request since the call with this number, up to where its instance is
    /// handed the next. `None` if that request was its last.
    pub(crate) async fn whole_request_since(&self, number: usize) -> Option<Vec<Call>> {
        let handed_on = async || {
            self.get("/").await.assert_status(200);
            let mut calls = self.request_since(number);
            if calls.contains(&Call::End) {
                return Some(None);
            }
            let next = calls.iter().skip(1).position(Call::begins_request)?;
            calls.truncate(next + 2);
            Some(Some(calls))
        };
        eventually("its instance is handed another or ends", SOON, handed_on).await
    }

    /// Every statement since the server was started, each with the `synchronous` that was in force
    /// when its instance executed it.
    pub(crate) fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        let mut in_force = HashMap::new();
        for Line { instance, call } in self.trace() {
            let synchronous = in_force.entry(instance).or_insert("FULL");
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

    /// Sends a request, once more if need be, to an instance that goes on, and returns all its calls.
    pub(crate) async fn measure(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> (Answer, Vec<Call>) {
        loop {
            let number = self.calls().len();
            let answer = Answer::to(request()).await;
            if let Some(calls) = self.whole_request_since(number).await {
                return (answer, calls);
            }
        }
    }

    fn trace(&self) -> Vec<Line> {
        let trace = fs::read_to_string(self.trace_path()).expect("the app is traced");
        // The last line may be under way.
        let lines = trace
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let lines = lines.map(|line| serde_json::from_str(line).expect("a call"));
        lines.collect()
    }

    /// How many instances there are now.
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

    /// Waits until work between requests has been looked for since the call with this number. Where
    /// there is none that was all.
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
