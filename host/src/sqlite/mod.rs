//! `spin:sqlite`: the databases that the component may open, and its view of a connection.

mod connection;
mod libsql;
mod pages;
#[cfg(test)]
mod tests;
mod wasi2;

use wasmtime::{
    Result,
    component::{Accessor, HasSelf, Resource},
};

use crate::{
    bindings::spin::sqlite::sqlite::{
        Error, Host, HostConnection, HostConnectionWithStore, QueryResult, Value,
    },
    state::State,
};
pub use connection::Connection;
pub(crate) use connection::Database;
pub(crate) use libsql::Libsql;
pub(crate) use pages::Pages;

/// Spin's limit on the part of a result that the host buffers, in bytes.
const MAX_BUFFERED_BYTES: usize = 128 << 20;

impl Host for State {}

impl HostConnection for State {
    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Result<QueryResult, Error>> {
        Ok(self.table.get(&connection)?.execute(sql, parameters).await)
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
}
