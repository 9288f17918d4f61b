//! Migrates the database to the schema of this version.

use rust_embed::Embed;

use super::journal::WRITE_AHEAD_LOG;
use super::{Connection, Database, DbError, MigrationStep};

/// The folder `migrations`: each file is a version of the schema, in the order of their names. A file
/// that was released never changes.
#[derive(Embed)]
#[folder = "migrations"]
struct Migrations;

/// The schema version whose migration normalizes all email addresses.
const ADDRESSES_NORMALIZED: usize = 8;

/// What an instance has to know about the database before it uses it.
pub(super) struct State {
    /// Number of applied migrations.
    version: usize,
    /// Whether the database has a write-ahead log.
    pub(super) has_log: bool,
}

impl State {
    /// Whether the schema needs no migration.
    pub(super) fn is_current(&self) -> bool {
        is_current(self.version)
    }
}

/// Whether a schema of this version needs no migration.
pub(super) fn is_current(version: usize) -> bool {
    version >= newest_version()
}

/// Reads the state with one statement, because with WASI 0.2 every request that writes starts with it.
pub(super) fn find_state(connection: &mut Connection<'_>) -> Result<State, DbError> {
    let statement =
        "SELECT user_version, journal_mode FROM pragma_user_version, pragma_journal_mode";
    match connection.query_one(statement, [])? {
        Some(row) => Ok(State {
            version: row.number(0)?,
            has_log: row.text(1)? == WRITE_AHEAD_LOG,
        }),
        None => Err(DbError::Failed("the database has no version".into())),
    }
}

/// Migrates the database. Of several instances that start together, one migrates and the others wait
/// for it. A newer schema is left alone, so that old instances keep running during a rolling update.
pub(super) fn run(database: &Database, normalize_addresses: MigrationStep) -> Result<(), DbError> {
    let mut transaction = database.connect_unprepared()?.begin()?;
    let from = find_state(&mut transaction)?.version;
    for (migration, version) in migrations().zip(1..).skip(from) {
        for statement in statements(&migration) {
            transaction.write(&statement, [])?;
        }
        if version == ADDRESSES_NORMALIZED {
            normalize_addresses(&mut transaction)?;
        }
    }
    let to = from.max(newest_version());
    transaction.write(&format!("PRAGMA user_version = {to}"), [])?;
    transaction.commit()?;
    Ok(())
}

fn newest_version() -> usize {
    Migrations::iter().count()
}

/// The text of each migration, from the first to the newest.
fn migrations() -> impl Iterator<Item = String> {
    let files = Migrations::iter().filter_map(|name| Migrations::get(&name));
    files.map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

/// Splits a migration into statements and removes comments. A statement ends with a semicolon at
/// the end of a line, and `--` always starts a comment.
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
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_migration_is_split_into_whole_statements() {
        let migration = "-- why; and how\nCREATE TABLE a (\n  b TEXT -- c;\n);\n\nDROP TABLE a;\n";
        assert_eq!(
            statements(migration),
            ["CREATE TABLE a (\n  b TEXT\n);", "DROP TABLE a;"]
        );
    }

    #[test]
    fn every_statement_runs_on_an_empty_database() {
        let database = rusqlite::Connection::open_in_memory().expect("a database");
        for statement in migrations().flat_map(|migration| statements(&migration)) {
            database.execute(&statement, []).expect(&statement);
        }
        let tables: i64 = database
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
                [],
                |row| row.get(0),
            )
            .expect("a count");
        assert_eq!(tables, 15);
    }

    #[test]
    fn migrations_are_numbered_without_a_gap() {
        for (name, number) in Migrations::iter().zip(1..) {
            let beginning = format!("{number:04}_");
            assert!(
                name.starts_with(&beginning) && name.ends_with(".sql"),
                "{name}"
            );
        }
    }

    /// Lines of a statement, with a semicolon only at the end.
    fn statement() -> impl Strategy<Value = String> {
        let line = "[ \t]{0,4}[A-Za-z0-9(,)'=;]{0,40}[A-Za-z0-9(,)'=]";
        vec(line, 1..5).prop_map(|lines| lines.join("\n") + ";")
    }

    proptest! {
        #[test]
        fn statements_are_no_longer_than_the_text_and_have_no_comments(text in "([ -~żó\n]|--|;\n|\r\n){0,200}") {
            let statements = statements(&text);
            let length: usize = statements.iter().map(String::len).sum();
            prop_assert!(length <= text.len());
            prop_assert!(statements.iter().all(|it| !it.is_empty() && !it.contains("--")));
        }

        #[test]
        fn statements_survive_any_comments_between_them(
            written in vec((statement(), "[ \t]{0,3}(-- [ -~]{0,40})?(\n--[ -~]{0,40}|\n){0,3}"), 0..6),
        ) {
            let lines = written.iter().map(|(statement, comment)| format!("{statement}{comment}\n"));
            let expected: Vec<_> = written.iter().map(|(statement, _)| statement.clone()).collect();
            prop_assert_eq!(statements(&lines.collect::<String>()), expected);
        }
    }
}
