//! Migrates the database to the schema of this version.

use super::{Connection, Database, DbError, MigrationStep};

/// The migrations, in order. Append only; never change one.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_users.sql"),
    include_str!("../../migrations/0002_sessions.sql"),
    include_str!("../../migrations/0003_outbox.sql"),
    include_str!("../../migrations/0004_throttle.sql"),
    include_str!("../../migrations/0005_captcha.sql"),
    include_str!("../../migrations/0006_language.sql"),
    include_str!("../../migrations/0007_predecessor.sql"),
    include_str!("../../migrations/0008_disabling_and_adoption.sql"),
    include_str!("../../migrations/0009_guessing.sql"),
];

/// The schema version whose migration normalizes all email addresses.
const ADDRESSES_NORMALIZED: usize = 8;

/// Migrates the database if its schema is older. Of several instances that start together, one
/// migrates and the others wait for it. A newer schema is left alone, so that old instances keep
/// running during a rolling update.
pub(super) async fn run(
    database: &Database,
    normalize_addresses: MigrationStep,
) -> Result<(), DbError> {
    if version(&mut database.open().await?)? >= MIGRATIONS.len() {
        return Ok(());
    }
    let mut transaction = database.open().await?.begin()?;
    let from = version(&mut transaction)?;
    for (migration, version) in MIGRATIONS.iter().zip(1..).skip(from) {
        for statement in statements(migration) {
            transaction.write(&statement, [])?;
        }
        if version == ADDRESSES_NORMALIZED {
            normalize_addresses(&mut transaction)?;
        }
    }
    let to = from.max(MIGRATIONS.len());
    transaction.write(&format!("PRAGMA user_version = {to}"), [])?;
    transaction.commit()?;
    Ok(())
}

/// Number of applied migrations.
fn version(connection: &mut Connection<'_>) -> Result<usize, DbError> {
    let row = connection.query_one("PRAGMA user_version", [])?;
    row.map_or(Ok(0), |row| row.number(0))
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
        assert_eq!(tables, 11);
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
