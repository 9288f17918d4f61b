//! Measures how long the first request takes when it has to migrate a database.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use rusqlite::Connection;

use crate::host::{Component, Host, in_repository};
use crate::population;
use crate::report;
use crate::scale::Scale;
use crate::world::{database, directory_on_disk};

/// The schemas to migrate from.
const SCHEMAS: [Schema; 3] = [
    Schema::Legacy,
    Schema::Version(OLDEST_VERSION),
    Schema::Version(BEFORE_ACCOUNTS),
];
/// The first version of our own.
const OLDEST_VERSION: usize = 1;
/// The version before verifications and events. Its users have sessions and pending mail.
const BEFORE_ACCOUNTS: usize = 11;

/// The schema of an older database.
#[derive(Debug, Clone, Copy)]
enum Schema {
    Legacy,
    Version(usize),
}

/// Prints the table.
pub fn measure(scale: &Scale) -> Result<()> {
    let [.., users] = scale.growth;
    report::heading(
        "Migrations",
        &format!(
            "The first request to a new process with an older database of {users} users, and the next one. \
             With the legacy schema, every user has a refresh token; with the newest, a session, and every \
             tenth a pending mail."
        ),
    );
    report::head(&[
        "from",
        "file MB",
        "first request s",
        "second request s",
        "peak memory MB",
    ]);
    for schema in SCHEMAS {
        row(schema, users)?;
    }
    Ok(())
}

fn row(schema: Schema, users: u32) -> Result<()> {
    let directory = directory_on_disk()?;
    let path = database(&directory);
    schema.create(&path, users)?;
    let bytes = fs::metadata(&path)?.len();
    let mut host = Host::start(Component::Gatehouse, directory.path())?;
    host.wait()?;
    let ask = || -> Result<f64> {
        let start = Instant::now();
        ureq::get(host.at("/health/ready"))
            .call()
            .context("not migrated")?;
        Ok(start.elapsed().as_secs_f64())
    };
    let [first, second] = [ask()?, ask()?];
    let memory = host
        .peak_memory()
        .map_or("-".to_owned(), |kib| (kib / 1024).to_string());
    report::row(&[
        schema.name(),
        (bytes / 1_000_000).to_string(),
        format!("{first:.1}"),
        format!("{second:.3}"),
        memory,
    ]);
    Ok(())
}

impl Schema {
    fn name(self) -> String {
        match self {
            Self::Legacy => "the legacy service".to_owned(),
            Self::Version(version) => format!("version {version}"),
        }
    }

    /// Creates a database with users.
    fn create(self, path: &Path, users: u32) -> Result<()> {
        let database = Connection::open(path)?;
        match self {
            Self::Legacy => {
                let schema = fs::read_to_string(in_repository("tests/legacy.sql"))?;
                database.execute_batch(&schema)?;
                population::fill_legacy(path, users)
            }
            Self::Version(version) => {
                migrate(&database, version)?;
                if version < BEFORE_ACCOUNTS {
                    population::fill_with_users(path, users)
                } else {
                    population::fill(path, users)
                }
            }
        }
    }
}

/// Migrates an empty database to a version.
fn migrate(database: &Connection, version: usize) -> Result<()> {
    let mut files: Vec<_> = fs::read_dir(in_repository("migrations"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    for file in &files[..version] {
        database.execute_batch(&fs::read_to_string(file)?)?;
    }
    Ok(database.pragma_update(None, "user_version", version)?)
}
