//! A service with people in it.

use std::cell::Cell;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use crate::host::{Component, Host, in_repository};
use crate::population::{self, id_of};

/// Users with the same remainder by this do the same in a benchmark: a reset ends the sessions of
/// others, say.
const LANES: u32 = 4;

/// A service with people in it.
pub struct World {
    /// The service.
    pub host: Host,
    users: u32,
    /// What is made anew for a measurement has a number of its own.
    used_numbers: Cell<u32>,
    directory: TempDir,
}

/// What a user does in a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Shows an access token.
    Reads,
    /// Refreshes and logs out.
    Refreshes,
    /// Logs in.
    LogsIn,
    /// Forgets the password.
    Forgets,
}

/// A directory on the disk that the repository lies on: what is held in memory only costs nothing
/// to write.
///
/// # Errors
/// It cannot be made.
pub fn directory_on_disk() -> Result<TempDir> {
    TempDir::new_in(in_repository("target")).context("no directory below target")
}

impl World {
    /// A service with so many users.
    ///
    /// # Errors
    /// It cannot be started, or its database not be filled.
    pub fn of(users: u32) -> Result<Self> {
        Self::served_by(Component::Gatehouse, users)
    }

    /// As [`of`](Self::of), by this version of the service.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn served_by(component: Component, users: u32) -> Result<Self> {
        let directory = directory_on_disk()?;
        serve(component, &directory).context("the service does not migrate")?;
        population::fill(&database(&directory), users)?;
        Ok(Self {
            host: serve(component, &directory)?,
            users,
            used_numbers: Cell::new(0),
            directory,
        })
    }

    /// Another service for the same people, which has just been started.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_another(&self) -> Result<Host> {
        Host::start(Component::Gatehouse, self.directory.path())
    }

    /// Its database, used by somebody else.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn database(&self) -> Result<Connection> {
        Ok(Connection::open(database(&self.directory))?)
    }

    /// So many users of a lane, evenly from all of it, and over and over if there are less.
    pub fn people(&self, lane: Lane, count: u32) -> impl Iterator<Item = u32> {
        let in_lane = (self.users / LANES).max(1);
        let step = (in_lane / count).max(1);
        (0..count).map(move |number| number * step % in_lane * LANES + lane as u32)
    }

    /// So many numbers that were never used before.
    pub fn new_numbers(&self, count: u32) -> std::ops::Range<u32> {
        let first = self.used_numbers.get();
        self.used_numbers.set(first + count);
        first..first + count
    }

    /// Begins so many sessions.
    ///
    /// # Errors
    /// The database fails.
    pub fn new_sessions(&self, count: u32) -> Result<Vec<Uuid>> {
        let mut database = self.database()?;
        let transaction = database.transaction()?;
        let numbers = self.new_numbers(count);
        let mut sessions = Vec::new();
        for (user, number) in self.people(Lane::Refreshes, count).zip(numbers) {
            let session = id_of("new session", &number.to_string());
            population::insert_session(&transaction, population::user_id(user), session)?;
            sessions.push(session);
        }
        transaction.commit()?;
        Ok(sessions)
    }

    /// Makes so many reset tokens.
    ///
    /// # Errors
    /// The database fails.
    pub fn new_reset_tokens(&self, count: u32) -> Result<Vec<String>> {
        let mut database = self.database()?;
        let transaction = database.transaction()?;
        let numbers = self.new_numbers(count);
        let mut tokens = Vec::new();
        for (user, number) in self.people(Lane::Forgets, count).zip(numbers) {
            // As long as a token that the service issues: no other is looked up.
            let token = format!("reset-token-{number:031}");
            population::insert_reset_token(&transaction, population::user_id(user), &token)?;
            tokens.push(token);
        }
        transaction.commit()?;
        Ok(tokens)
    }
}

fn database(directory: &TempDir) -> PathBuf {
    directory.path().join("sqlite_db.db")
}

/// A service that is ready, and so has migrated its database.
fn serve(component: Component, directory: &TempDir) -> Result<Host> {
    let mut host = Host::start(component, directory.path())?;
    host.wait()?;
    ureq::get(host.at("/health/ready")).call()?;
    Ok(host)
}
