//! The trace: a line of JSON for each host call, so that tests can count costs that do not vary
//! between machines.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context;
use http::Uri;
use serde::{Serialize, Serializer};

use crate::sqlite::Pages;

/// The file that calls are written to, if any.
pub(crate) struct Trace {
    file: Option<File>,
    instances: AtomicU64,
}

/// The trace of one instance.
#[derive(Clone)]
pub(crate) struct InstanceTrace {
    trace: Arc<Trace>,
    instance: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    /// The instance's number, from 1.
    instance: u64,
    #[serde(flatten)]
    call: &'a Call<'a>,
}

/// A traced event: a host call, or an event that leads to host calls.
#[derive(Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub(crate) enum Call<'a> {
    /// An instance was started.
    Instantiate,
    /// The memories of an instance grew to a total of `bytes`.
    GrowMemory { bytes: usize },
    /// A request was passed to an instance. The difference between its `instructions_left` and
    /// those of the instance's next request is the cost of this request and its background tasks.
    /// The same holds for `bytes`, the size of its linear memory.
    Handle {
        instructions_left: u64,
        bytes: usize,
    },
    /// An instance will take no more requests: what its last one cost is the difference to these.
    Retire {
        instructions_left: u64,
        bytes: usize,
    },
    /// A variable was read.
    GetVariable { name: &'a str },
    /// A database connection was opened.
    OpenDatabase,
    /// A statement was executed.
    Execute {
        sql: &'a str,
        #[serde(flatten)]
        pages: Pages,
    },
    /// A request was sent out.
    SendRequest {
        method: &'a str,
        #[serde(serialize_with = "as_text")]
        uri: &'a Uri,
    },
    /// An instance was dropped, or failed to start.
    End,
}

impl Trace {
    /// Writes to a new file at `path`; without a path, discards everything.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub(crate) fn to(path: Option<&Path>) -> anyhow::Result<Arc<Self>> {
        let create = |path: &Path| {
            File::create(path).with_context(|| {
                format!(
                    "cannot write to {} (choose another file with --trace-calls)",
                    path.display()
                )
            })
        };
        Ok(Arc::new(Self {
            file: path.map(create).transpose()?,
            instances: AtomicU64::new(0),
        }))
    }

    /// The trace of the next instance.
    pub(crate) fn of_new_instance(self: &Arc<Self>) -> InstanceTrace {
        InstanceTrace {
            trace: Arc::clone(self),
            instance: self.instances.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }
}

impl InstanceTrace {
    /// Whether calls are written to a file.
    pub(crate) fn is_on(&self) -> bool {
        self.trace.file.is_some()
    }

    /// Writes a line with one system call, so that the lines of two instances do not mix.
    pub(crate) fn write(&self, call: &Call<'_>) {
        let Some(file) = &self.trace.file else { return };
        let instance = self.instance;
        let line = serde_json::to_vec(&Line { instance, call }).map_err(io::Error::from);
        let written = line.and_then(|mut line| {
            line.push(b'\n');
            let mut file = file;
            file.write_all(&line)
        });
        if let Err(err) = written {
            eprintln!("A call was not traced: {err}");
        }
    }
}

fn as_text<S: Serializer>(uri: &Uri, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_a_line_of_json() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("trace.jsonl");
        let trace = Trace::to(Some(&path)).unwrap();
        trace.of_new_instance().write(&Call::OpenDatabase);
        let pages = Pages {
            read: 3,
            written: 0,
        };
        trace.of_new_instance().write(&Call::Execute {
            sql: "SELECT \"a\"\nFROM b",
            pages,
        });
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "{\"instance\":1,\"call\":\"open_database\"}\n\
             {\"instance\":2,\"call\":\"execute\",\"sql\":\"SELECT \\\"a\\\"\\nFROM b\",\"read\":3,\"written\":0}\n"
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_is_rejected_at_startup() {
        let dir = tempfile::TempDir::new().unwrap();
        assert!(Trace::to(Some(dir.path())).is_err());
    }

    #[test]
    fn without_a_file_nothing_is_written() {
        let trace = Trace::to(None).unwrap().of_new_instance();
        assert!(!trace.is_on());
        trace.write(&Call::Instantiate);
    }
}
