//! The trace: a line of JSON for each call that the component makes, so that tests can count
//! what does not vary by machine.

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

/// Where the calls are written to, if anywhere.
pub(crate) struct Trace {
    file: Option<File>,
    instances: AtomicU64,
}

/// Where the calls of one instance are written to.
#[derive(Clone)]
pub(crate) struct InstanceTrace {
    trace: Arc<Trace>,
    instance: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    /// Counted from one.
    instance: u64,
    #[serde(flatten)]
    call: &'a Call<'a>,
}

/// What is traced: calls of the component, and what makes it call.
#[derive(Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub(crate) enum Call<'a> {
    /// An instance was started.
    Instantiate,
    /// The linear memory of an instance grew to so many bytes, all its memories together.
    GrowMemory { bytes: usize },
    /// A request was handed to an instance, which can execute so many instructions more: the
    /// difference to its next request is what this one and all that it left running took. So
    /// many bytes of linear memory it has; what it takes more until its next request is this
    /// one's doing.
    Handle {
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
    /// An instance was dropped, or did not come to be.
    End,
}

impl Trace {
    /// Writes to a new file at `path`, or nowhere.
    ///
    /// # Errors
    /// When the file cannot be created.
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

    /// That of the next instance.
    pub(crate) fn of_new_instance(self: &Arc<Self>) -> InstanceTrace {
        InstanceTrace {
            trace: Arc::clone(self),
            instance: self.instances.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }
}

impl InstanceTrace {
    /// Whether calls are written anywhere.
    pub(crate) fn is_on(&self) -> bool {
        self.trace.file.is_some()
    }

    /// Writes a line, in one call to the system, so that the lines of two instances do not mix.
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
    fn a_file_that_cannot_be_written_is_refused_at_the_start() {
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
