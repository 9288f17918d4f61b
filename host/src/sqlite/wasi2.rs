//! `fermyon:spin/sqlite@2.0.0`: the same databases, for components for WASI 0.2.

use wasmtime::{Result, component::Resource};

use super::Connection;
use crate::{
    bindings::{
        spin::sqlite::sqlite as current,
        wasi2::fermyon::spin::sqlite::{
            Error, Host, HostConnection, QueryResult, RowResult, Value,
        },
    },
    state::State,
};

impl Host for State {}

impl HostConnection for State {
    async fn open(&mut self, name: String) -> Result<Result<Resource<Connection>, Error>> {
        let opened = current::HostConnection::open(self, name).await?;
        Ok(opened.map_err(Into::into))
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Result<QueryResult, Error>> {
        let parameters = parameters.into_iter().map(Into::into).collect();
        let result = current::HostConnection::execute(self, connection, sql, parameters).await?;
        Ok(result.map(Into::into).map_err(Into::into))
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl From<Value> for current::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(integer) => Self::Integer(integer),
            Value::Real(real) => Self::Real(real),
            Value::Text(text) => Self::Text(text),
            Value::Blob(blob) => Self::Blob(blob),
        }
    }
}

impl From<current::Value> for Value {
    fn from(value: current::Value) -> Self {
        match value {
            current::Value::Null => Self::Null,
            current::Value::Integer(integer) => Self::Integer(integer),
            current::Value::Real(real) => Self::Real(real),
            current::Value::Text(text) => Self::Text(text),
            current::Value::Blob(blob) => Self::Blob(blob),
        }
    }
}

impl From<current::QueryResult> for QueryResult {
    fn from(result: current::QueryResult) -> Self {
        let row = |row: current::RowResult| RowResult {
            values: row.values.into_iter().map(Into::into).collect(),
        };
        Self {
            columns: result.columns,
            rows: result.rows.into_iter().map(row).collect(),
        }
    }
}

impl From<current::Error> for Error {
    fn from(err: current::Error) -> Self {
        match err {
            current::Error::NoSuchDatabase => Self::NoSuchDatabase,
            current::Error::AccessDenied => Self::AccessDenied,
            current::Error::InvalidConnection => Self::InvalidConnection,
            current::Error::DatabaseFull => Self::DatabaseFull,
            current::Error::Io(message) => Self::Io(message),
        }
    }
}
