//! Databases of earlier schema versions.

use std::fs;

use rusqlite::Connection;

use super::server::in_repository;

/// Migrates a database to a version of the schema, like the service of that time.
pub(crate) fn migrate(database: &Connection, version: usize) {
    let files = fs::read_dir(in_repository("migrations")).expect("the migrations");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    for path in &paths[..version] {
        let migration = fs::read_to_string(path).expect("a migration");
        database
            .execute_batch(&migration)
            .expect("a valid migration");
    }
    let set = database.pragma_update(None, "user_version", version);
    set.expect("the version is set");
}
