//! A native connection, and the statements that run on it off the async threads.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, ensure};
use rusqlite::{
    DatabaseName, Row,
    hooks::{AuthAction, AuthContext, Authorization},
    params_from_iter,
    types::ValueRef,
};
use tokio::{sync::Mutex, task::spawn_blocking, time::Instant};

use super::{
    MAX_BUFFERED_BYTES,
    libsql::{self, Libsql},
    pages,
};
use crate::{
    bindings::spin::sqlite::sqlite::{Error, QueryResult, RowResult, Value},
    trace::{Call, InstanceTrace},
};

/// How the database behaves.
#[derive(Clone, Copy)]
pub(crate) enum Backend {
    /// As Spin's own SQLite.
    Sqlite,
    /// The same, but the component's request for a write-ahead log is ignored.
    SqliteWithoutWal,
    /// As a libSQL server.
    Libsql(Libsql),
}

/// The database file with the name `default`.
pub(crate) struct Database {
    path: PathBuf,
    backend: Backend,
}

impl Database {
    /// The database in `state_dir`; the file is created if it is missing.
    ///
    /// # Errors
    /// If the file is not a database, or cannot be read and written.
    pub(crate) fn in_dir(state_dir: &Path, backend: Backend) -> anyhow::Result<Self> {
        let path = state_dir.join("sqlite_db.db");
        let describe = || format!("cannot use the database {}", path.display());
        let connection = rusqlite::Connection::open(&path).with_context(describe)?;
        let version =
            connection.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0));
        version.with_context(describe)?;
        let read_only = connection
            .is_readonly(DatabaseName::Main)
            .with_context(describe)?;
        ensure!(
            !read_only,
            "the database {} is not writable",
            path.display()
        );
        if let Backend::Libsql(_) = backend {
            Libsql::configure_database(&connection).with_context(describe)?;
        }
        Ok(Self { path, backend })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a traced native connection with Spin's rules: foreign keys are enforced, the busy
    /// timeout is 5 s (both are rusqlite's defaults), and no file can be attached.
    pub(super) async fn connect(&self, trace: &InstanceTrace) -> Result<Connection, Error> {
        let path = self.path.clone();
        let backend = self.backend;
        let opened = spawn_blocking(move || {
            let connection = rusqlite::Connection::open(path)?;
            match backend {
                Backend::Sqlite => connection.authorizer(Some(authorize)),
                Backend::SqliteWithoutWal => connection.authorizer(Some(authorize_without_wal)),
                Backend::Libsql(_) => {
                    Libsql::configure(&connection)?;
                    connection.authorizer(Some(authorize));
                }
            }
            Ok(connection)
        });
        let connection = opened
            .await
            .map_err(|err| Error::Io(err.to_string()))?
            .map_err(io_error)?;
        trace.write(&Call::OpenDatabase);
        Ok(Connection {
            native: Arc::new(Mutex::new(Native {
                connection,
                last_use: None,
            })),
            backend,
            trace: trace.clone(),
        })
    }
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { filename } if !matches!(filename, "" | ":memory:") => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }
}

fn authorize_without_wal(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Pragma {
            pragma_name: "journal_mode",
            pragma_value: Some(_),
        } => Authorization::Ignore,
        _ => authorize(context),
    }
}

/// A native connection. Dropping it rolls back an open transaction.
/// Public because the generated bindings re-export it.
#[derive(Clone)]
pub struct Connection {
    native: Arc<Mutex<Native>>,
    backend: Backend,
    trace: InstanceTrace,
}

struct Native {
    connection: rusqlite::Connection,
    last_use: Option<Instant>,
}

impl Connection {
    /// Runs the first statement in `sql`; the rest of the text is ignored, as in Spin.
    pub(super) async fn execute(
        &self,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<QueryResult, Error> {
        let mut native = Arc::clone(&self.native).lock_owned().await;
        let trace = self.trace.clone();
        let (sent, to_error): (_, ToError) = match self.backend {
            Backend::Libsql(libsql) => (libsql.send(&sql, native.last_use).await, libsql::error),
            Backend::Sqlite | Backend::SqliteWithoutWal => (Ok(()), io_error),
        };
        let executed = spawn_blocking(move || {
            let connection = &native.connection;
            let outcome = sent.and_then(|()| run(connection, &sql, parameters, to_error));
            trace_execution(&trace, connection, &sql);
            native.last_use = Some(Instant::now());
            outcome
        });
        executed.await.map_err(|err| Error::Io(err.to_string()))?
    }
}

/// Turns an error of SQLite into that of the interface.
type ToError = fn(rusqlite::Error) -> Error;

fn trace_execution(trace: &InstanceTrace, connection: &rusqlite::Connection, sql: &str) {
    if trace.is_on() {
        let pages = pages::take_counts(connection);
        trace.write(&Call::Execute { sql, pages });
    }
}

fn run(
    connection: &rusqlite::Connection,
    sql: &str,
    parameters: Vec<Value>,
    to_error: ToError,
) -> Result<QueryResult, Error> {
    let mut statement = connection.prepare_cached(sql).map_err(to_error)?;
    let names = statement.column_names().into_iter();
    let columns: Vec<_> = names.map(str::to_owned).collect();
    let mut found = statement
        .query(params_from_iter(parameters.into_iter().map(to_native)))
        .map_err(to_error)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(to_error)? {
        rows.push(read_row(row, columns.len())?);
    }
    Ok(QueryResult { columns, rows })
}

fn read_row(row: &Row<'_>, width: usize) -> Result<RowResult, Error> {
    let mut size = 0;
    let mut values = Vec::with_capacity(width);
    for column in 0..width {
        let value = row.get_ref(column).map_err(io_error)?;
        let value = from_native(value)?;
        size += size_in_memory(&value);
        values.push(value);
    }
    if size > MAX_BUFFERED_BYTES {
        return Err(Error::Io(format!(
            "query result exceeds limit of {MAX_BUFFERED_BYTES} bytes"
        )));
    }
    Ok(RowResult { values })
}

/// The size in bytes, with heap allocations.
fn size_in_memory(value: &Value) -> usize {
    let heap = match value {
        Value::Text(text) => text.len(),
        Value::Blob(blob) => blob.len(),
        Value::Null | Value::Integer(_) | Value::Real(_) => 0,
    };
    size_of::<Value>() + heap
}

fn from_native(value: ValueRef<'_>) -> Result<Value, Error> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => {
            Value::Text(String::from_utf8(text.to_vec()).map_err(|err| Error::Io(err.to_string()))?)
        }
        ValueRef::Blob(blob) => Value::Blob(blob.to_vec()),
    })
}

fn to_native(value: Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(integer) => rusqlite::types::Value::Integer(integer),
        Value::Real(real) => rusqlite::types::Value::Real(real),
        Value::Text(text) => rusqlite::types::Value::Text(text),
        Value::Blob(blob) => rusqlite::types::Value::Blob(blob),
    }
}

fn io_error(err: rusqlite::Error) -> Error {
    Error::Io(err.to_string())
}
