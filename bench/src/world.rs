//! A service with users.

use std::cell::Cell;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use crate::host::{Component, Host, in_repository};
use crate::population::{self, id_of};
use crate::tokens;

/// Each user belongs to one lane, by the remainder of its number, so that routes do not interfere:
/// a reset, for example, ends sessions.
const LANES: u32 = 4;

/// A service with users.
pub struct World {
    pub host: Host,
    users: u32,
    /// The number of unique numbers handed out so far.
    used_numbers: Cell<u32>,
    directory: TempDir,
}

/// What a user does in the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Uses an access token.
    Read,
    /// Refreshes and logs out.
    Refresh,
    Login,
    /// Requests and uses reset links.
    ResetPassword,
}

/// A temporary directory on the repository's disk. The system's may be in memory, where writes cost
/// nothing.
pub fn directory_on_disk() -> Result<TempDir> {
    TempDir::new_in(in_repository("target")).context("cannot create a directory below target")
}

impl World {
    /// Starts the current service with `users` users.
    pub fn with_users(users: u32) -> Result<Self> {
        Self::served_by(Component::Gatehouse, users)
    }

    /// Starts `component`, a version of the service, with `users` users.
    pub fn served_by(component: Component, users: u32) -> Result<Self> {
        let directory = directory_on_disk()?;
        serve(component, &directory).context("the service did not migrate its database")?;
        population::fill(&database(&directory), users)?;
        Ok(Self {
            host: serve(component, &directory)?,
            users,
            used_numbers: Cell::new(0),
            directory,
        })
    }

    /// Starts another host on the same database.
    pub fn start_host(&self, component: Component) -> Result<Host> {
        Host::start(component, self.directory.path())
    }

    /// Opens another connection to the database.
    pub fn database(&self) -> Result<Connection> {
        Ok(Connection::open(database(&self.directory))?)
    }

    /// `count` users of a lane, spread evenly; repeats them if there are too few.
    pub fn users_of(&self, lane: Lane, count: u32) -> impl Iterator<Item = u32> {
        let in_lane = (self.users / LANES).max(1);
        let step = (in_lane / count).max(1);
        (0..count).map(move |number| number * step % in_lane * LANES + lane as u32)
    }

    /// `count` unused numbers, for unique names.
    pub fn new_numbers(&self, count: u32) -> std::ops::Range<u32> {
        let first = self.used_numbers.get();
        self.used_numbers.set(first + count);
        first..first + count
    }

    /// Starts `count` sessions.
    pub fn new_sessions(&self, count: u32) -> Result<Vec<Uuid>> {
        let mut database = self.database()?;
        let transaction = database.transaction()?;
        let numbers = self.new_numbers(count);
        let mut sessions = Vec::new();
        for (user, number) in self.users_of(Lane::Refresh, count).zip(numbers) {
            let session = id_of("new session", &number.to_string());
            population::insert_session(&transaction, population::user_id(user), session)?;
            sessions.push(session);
        }
        transaction.commit()?;
        Ok(sessions)
    }

    /// Issues `count` reset tokens.
    pub fn new_reset_tokens(&self, count: u32) -> Result<Vec<String>> {
        let mut database = self.database()?;
        let transaction = database.transaction()?;
        let numbers = self.new_numbers(count);
        let mut tokens = Vec::new();
        for (user, number) in self.users_of(Lane::ResetPassword, count).zip(numbers) {
            let id = id_of("reset token", &number.to_string());
            population::insert_reset_token(&transaction, population::user_id(user), id)?;
            tokens.push(tokens::reset_token(id));
        }
        transaction.commit()?;
        Ok(tokens)
    }
}

/// The path of the service's database.
pub fn database(directory: &TempDir) -> PathBuf {
    directory.path().join("sqlite_db.db")
}

/// Starts a service and waits until it is ready, which includes migrating its database.
fn serve(component: Component, directory: &TempDir) -> Result<Host> {
    let mut host = Host::start(component, directory.path())?;
    host.wait()?;
    ureq::get(host.at("/health/ready")).call()?;
    Ok(host)
}
