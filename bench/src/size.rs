//! Measures the size of the component and of database rows.

use std::fs;

use anyhow::Result;
use rusqlite::Connection;

use crate::host::Component;
use crate::report;
use crate::scale::Scale;
use crate::world::World;

/// Prints the table.
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "Sizes",
        "Rows include their share of the indexes and are averaged over whole database pages.",
    );
    report::head(&["", "bytes"]);
    for (name, component) in [
        ("component", Component::Gatehouse),
        ("empty component", Component::Empty),
    ] {
        let size = fs::metadata(component.file())?.len();
        report::row(&[name.to_owned(), size.to_string()]);
    }
    let world = World::with_users(scale.users)?;
    let database = world.database()?;
    for (name, table) in [
        ("a user", "users"),
        ("a session", "sessions"),
        ("a reset token", "password_reset_tokens"),
        ("a pending mail", "outbox"),
    ] {
        report::row(&[
            name.to_owned(),
            bytes_per_row(&database, table)?.to_string(),
        ]);
    }
    Ok(())
}

fn bytes_per_row(database: &Connection, table: &str) -> Result<i64> {
    let of_table = "SELECT sum(pgsize) FROM dbstat \
                    WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?1)";
    let bytes: i64 = database.query_row(of_table, [table], |row| row.get(0))?;
    let count = format!("SELECT count(*) FROM {table}");
    let rows: i64 = database.query_row(&count, [], |row| row.get(0))?;
    Ok(bytes / rows)
}
