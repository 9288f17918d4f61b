//! What the component asked of the host, call by call, as the host wrote it down.

use std::fs;

use serde::Deserialize;

use super::app::App;
use super::time::{SOON, eventually};

/// How the first statement begins of what is done between requests.
const HOUSEKEEPING_BEGINS: &str = "UPDATE outbox SET attempts";
/// How the last one ends.
const HOUSEKEEPING_ENDS: &str = "AND refresh_token < 'ez' AND expires_at <= ?1";

/// One call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub(crate) enum Call {
    /// An instance was started.
    Instantiate,
    /// A request was handed to an instance, which can execute so many instructions more.
    Handle { instructions_left: u64 },
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
}

impl Call {
    /// Whether it begins what is done between requests.
    pub(crate) fn begins_housekeeping(&self) -> bool {
        matches!(self, Self::Execute { sql, .. } if sql.starts_with(HOUSEKEEPING_BEGINS))
    }

    /// Whether it ends what is done between requests.
    pub(crate) fn ends_housekeeping(&self) -> bool {
        matches!(self, Self::Execute { sql, .. } if sql.ends_with(HOUSEKEEPING_ENDS))
    }
}

impl App {
    /// All calls since the server was started.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let trace = fs::read_to_string(self.trace_path()).expect("the app is traced");
        // The last line may be under way.
        let lines = trace
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let calls = lines.map(|line| serde_json::from_str(line).expect("a call"));
        calls.collect()
    }

    /// Waits until what is done between requests has been done since the call with this number.
    pub(crate) async fn housekeeping_since(&self, number: usize) {
        let done = async || {
            let calls = self.calls();
            let mut latest = calls[number..].iter().rev();
            let end = latest.find(|call| call.begins_housekeeping() || call.ends_housekeeping());
            end.filter(|call| call.ends_housekeeping()).map(drop)
        };
        eventually("housekeeping is done", SOON, done).await;
    }
}
