//! The behaviour of Spin's in-process SQLite that the component relies on, including error texts.

use tempfile::TempDir;

use super::*;
use crate::trace::{InstanceTrace, Trace};

struct Fixture {
    connection: Connection,
    database: Database,
    _dir: TempDir,
}

fn untraced() -> InstanceTrace {
    Trace::to(None).unwrap().of_new_instance()
}

/// A new database with two tables.
async fn fixture() -> Fixture {
    let dir = TempDir::new().unwrap();
    let database = Database::in_dir(dir.path(), Backend::Sqlite).unwrap();
    let connection = database.connect(&untraced()).await.unwrap();
    for sql in [
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT)",
        "CREATE UNIQUE INDEX ix_lower ON users (lower(name))",
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id))",
        "INSERT INTO users (email, name) VALUES ('a@x', 'ann')",
    ] {
        query(&connection, sql).await.unwrap();
    }
    Fixture {
        connection,
        database,
        _dir: dir,
    }
}

async fn query(connection: &Connection, sql: &str) -> Result<Vec<Vec<Value>>, Error> {
    query_with(connection, sql, Vec::new()).await
}

async fn query_with(
    connection: &Connection,
    sql: &str,
    parameters: Vec<Value>,
) -> Result<Vec<Vec<Value>>, Error> {
    let result = connection.execute(sql.to_owned(), parameters).await?;
    Ok(result.rows.into_iter().map(|row| row.values).collect())
}

async fn count(connection: &Connection, table: &str) -> i64 {
    let rows = query(connection, &format!("SELECT count(*) FROM {table}"))
        .await
        .unwrap();
    let Value::Integer(count) = rows[0][0] else {
        panic!("a count is a number")
    };
    count
}

#[tokio::test]
async fn errors_have_sqlites_own_text() {
    let Fixture {
        connection, _dir, ..
    } = fixture().await;
    for (sql, expected) in [
        (
            "INSERT INTO users (email) VALUES ('a@x')",
            "UNIQUE constraint failed: users.email",
        ),
        (
            "INSERT INTO users (email, name) VALUES ('b@x', 'ANN')",
            "UNIQUE constraint failed: index 'ix_lower'",
        ),
        (
            "INSERT INTO users (email) VALUES (NULL)",
            "NOT NULL constraint failed: users.email",
        ),
        (
            "INSERT INTO posts (user_id) VALUES (9)",
            "FOREIGN KEY constraint failed",
        ),
        ("SELECT * FROM nobody", "no such table: nobody"),
        ("SELEC", "near \"SELEC\": syntax error in SELEC at offset 0"),
        ("ATTACH 'other.db' AS other", "not authorized"),
    ] {
        match query(&connection, sql).await {
            Err(Error::Io(text)) => assert_eq!(text, expected, "{sql}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_missing_parameter_is_an_error() {
    let Fixture {
        connection, _dir, ..
    } = fixture().await;
    let outcome = query(&connection, "INSERT INTO users (email) VALUES (?)").await;
    assert!(matches!(outcome, Err(Error::Io(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_lock_held_too_long_is_an_error() {
    let Fixture {
        connection,
        database,
        _dir,
    } = fixture().await;
    query(&connection, "BEGIN IMMEDIATE").await.unwrap();
    let other = database.connect(&untraced()).await.unwrap();
    query(&other, "PRAGMA busy_timeout = 1").await.unwrap();
    match query(&other, "BEGIN IMMEDIATE").await {
        Err(Error::Io(text)) => assert_eq!(text, "database is locked"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_the_first_statement_of_a_text_runs() {
    let Fixture {
        connection, _dir, ..
    } = fixture().await;
    let text = "INSERT INTO posts (id) VALUES (1); INSERT INTO posts (id) VALUES (2)";
    query(&connection, text).await.unwrap();
    assert_eq!(count(&connection, "posts").await, 1);
}

#[tokio::test]
async fn dropping_a_connection_rolls_its_transaction_back() {
    let Fixture {
        connection,
        database,
        _dir,
    } = fixture().await;
    query(&connection, "BEGIN").await.unwrap();
    query(&connection, "INSERT INTO posts (id) VALUES (1)")
        .await
        .unwrap();
    drop(connection);
    let other = database.connect(&untraced()).await.unwrap();
    assert_eq!(count(&other, "posts").await, 0);
}

#[tokio::test]
async fn values_come_back_as_they_were_given() {
    let Fixture {
        connection, _dir, ..
    } = fixture().await;
    let given = vec![
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(0.5),
        Value::Text("ü".to_owned()),
        Value::Blob(vec![0, 255]),
    ];
    let rows = query_with(&connection, "SELECT ?, ?, ?, ?, ?", given.clone())
        .await
        .unwrap();
    assert_eq!(format!("{:?}", rows[0]), format!("{given:?}"));
}

#[tokio::test]
async fn a_database_in_memory_can_be_attached() {
    let Fixture {
        connection, _dir, ..
    } = fixture().await;
    query(&connection, "ATTACH ':memory:' AS other")
        .await
        .unwrap();
}

#[test]
fn a_file_that_is_not_a_database_is_rejected() {
    let dir = TempDir::new().unwrap();
    std::fs::write(
        dir.path().join("sqlite_db.db"),
        "plain text, long enough for a header",
    )
    .unwrap();
    assert!(Database::in_dir(dir.path(), Backend::Sqlite).is_err());
}
