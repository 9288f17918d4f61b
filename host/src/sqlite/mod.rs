//! `spin:sqlite`: the databases that the component may open, and its view of a connection.

mod connection;
mod pages;
mod rows;
#[cfg(test)]
mod tests;
mod wasi2;

use wasmtime::{
    Result,
    component::{Accessor, FutureReader, HasSelf, Resource, StreamReader},
};

use crate::{
    bindings::spin::sqlite::sqlite::{
        Error, Host, HostConnection, HostConnectionWithStore, QueryResult, RowResult, Value,
    },
    state::State,
};
pub use connection::Connection;
pub(crate) use connection::Database;
pub(crate) use pages::Pages;
use rows::RowProducer;

/// Spin's limit on the part of a result that the host buffers, in bytes.
const MAX_BUFFERED_BYTES: usize = 128 << 20;

type Streamed = (
    Vec<String>,
    StreamReader<RowResult>,
    FutureReader<Result<(), Error>>,
);

impl Host for State {}

impl HostConnection for State {
    async fn open(&mut self, name: String) -> Result<Result<Resource<Connection>, Error>> {
        if !self.app.databases.contains(&name) {
            return Ok(Err(Error::AccessDenied));
        }
        match self.app.database.connect(&self.trace).await {
            Ok(connection) => Ok(Ok(self.table.push(connection)?)),
            Err(err) => Ok(Err(err)),
        }
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Result<QueryResult, Error>> {
        let mut statement = self.table.get(&connection)?.start(sql, parameters).await;
        let mut rows = Vec::new();
        while let Some(row) = statement.rows.recv().await {
            rows.push(row);
        }
        let columns = statement.columns;
        Ok(statement
            .result
            .await?
            .map(|()| QueryResult { columns, rows }))
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> Result<u64> {
        Ok(self.table.get(&connection)?.changes().await)
    }

    async fn last_insert_rowid(&mut self, connection: Resource<Connection>) -> Result<i64> {
        Ok(self.table.get(&connection)?.last_insert_rowid().await)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl<T: Send> HostConnectionWithStore<T> for HasSelf<State> {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> Result<Result<Resource<Connection>, Error>> {
        let (app, trace) = accessor.with(|mut access| {
            let state = access.get();
            (state.app.clone(), state.trace.clone())
        });
        if !app.databases.contains(&name) {
            return Ok(Err(Error::AccessDenied));
        }
        match app.database.connect(&trace).await {
            Ok(connection) => {
                let pushed = accessor.with(|mut access| access.get().table.push(connection))?;
                Ok(Ok(pushed))
            }
            Err(err) => Ok(Err(err)),
        }
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Result<Streamed, Error>> {
        let statement = get(accessor, &connection)?.start(sql, parameters).await;
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, RowProducer(statement.rows))?;
            let result = FutureReader::new(&mut access, statement.result)?;
            Ok(Ok((statement.columns, rows, result)))
        })
    }

    async fn changes_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
    ) -> Result<u64> {
        Ok(get(accessor, &connection)?.changes().await)
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
    ) -> Result<i64> {
        Ok(get(accessor, &connection)?.last_insert_rowid().await)
    }
}

fn get<T>(
    accessor: &Accessor<T, HasSelf<State>>,
    connection: &Resource<Connection>,
) -> Result<Connection> {
    accessor.with(|mut access| Ok(access.get().table.get(connection)?.clone()))
}
