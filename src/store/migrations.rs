//! Brings the database to the schema of this version, whatever it held before.

use super::adopted_addresses;
use super::db::{Connection, Database, DbError};

/// What each version of the schema adds to the one before: append, never change.
const MIGRATIONS: [&str; 8] = [
    include_str!("../../migrations/0001_users.sql"),
    include_str!("../../migrations/0002_sessions.sql"),
    include_str!("../../migrations/0003_outbox.sql"),
    include_str!("../../migrations/0004_throttle.sql"),
    include_str!("../../migrations/0005_captcha.sql"),
    include_str!("../../migrations/0006_language.sql"),
    include_str!("../../migrations/0007_predecessor.sql"),
    include_str!("../../migrations/0008_disabling_and_adoption.sql"),
];

/// The version from which on every email address is in its one form: SQL alone cannot bring it
/// there.
const ADDRESSES_IN_FORM: usize = 8;

/// Migrates the database if it is behind. Of two instances that start together one migrates, and
/// the other waits for it and finds it done. A database of a newer version is taken as it is:
/// while versions are exchanged one by one, old instances go on.
pub(super) async fn run(database: &Database) -> Result<(), DbError> {
    if version(&mut database.open().await?)? >= MIGRATIONS.len() {
        return Ok(());
    }
    let mut transaction = database.open().await?.begin()?;
    let from = version(&mut transaction)?;
    for (migration, version) in MIGRATIONS.iter().zip(1..).skip(from) {
        for statement in statements(migration) {
            transaction.write(&statement, [])?;
        }
        if version == ADDRESSES_IN_FORM {
            adopted_addresses::bring_into_form(&mut transaction)?;
        }
    }
    let to = from.max(MIGRATIONS.len());
    transaction.write(&format!("PRAGMA user_version = {to}"), [])?;
    transaction.commit()?;
    Ok(())
}

/// How many migrations the database has seen.
fn version(connection: &mut Connection<'_>) -> Result<usize, DbError> {
    let row = connection.query_one("PRAGMA user_version", [])?;
    row.map_or(Ok(0), |row| row.number(0))
}

/// The statements of a migration, without its comments. A statement ends with a semicolon at the
/// end of a line, and `--` begins a comment wherever it stands.
fn statements(migration: &str) -> Vec<String> {
    let without_comments: Vec<_> = migration
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default().trim_end())
        .filter(|line| !line.is_empty())
        .collect();
    without_comments
        .join("\n")
        .split_inclusive(";\n")
        .map(|statement| statement.trim_end().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_is_cut_into_whole_statements() {
        let migration = "-- why; and how\nCREATE TABLE a (\n  b TEXT -- c;\n);\n\nDROP TABLE a;\n";
        assert_eq!(
            statements(migration),
            ["CREATE TABLE a (\n  b TEXT\n);", "DROP TABLE a;"]
        );
    }

    #[test]
    fn every_statement_runs_on_an_empty_database() {
        let database = rusqlite::Connection::open_in_memory().expect("a database");
        for statement in MIGRATIONS
            .iter()
            .flat_map(|migration| statements(migration))
        {
            database.execute(&statement, []).expect(&statement);
        }
        let tables: i64 = database
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
                [],
                |row| row.get(0),
            )
            .expect("a count");
        assert_eq!(tables, 8);
    }
}
