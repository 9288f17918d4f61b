//! `spin:sqlite`: the databases that the component may open, and its view of a connection.

mod connection;
mod libsql;
mod pages;
#[cfg(test)]
mod tests;
mod wasi2;

use wasmtime::{Result, component::Resource};

use crate::{
    bindings::spin::sqlite::sqlite::{Error, Host, HostConnection, QueryResult, Value},
    state::State,
};
pub use connection::Connection;
pub(crate) use connection::{Backend, Database};
pub(crate) use libsql::Libsql;
pub(crate) use pages::Pages;

/// Spin's limit on the part of a result that the host buffers, in bytes.
const MAX_BUFFERED_BYTES: usize = 128 << 20;

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
        Ok(self.table.get(&connection)?.execute(sql, parameters).await)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}
