//! Writes users, sessions and mail straight into the database.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use rusqlite::{Connection, Transaction, params};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::hashing;
use crate::tokens;

/// The password of every user.
pub const PASSWORD: &str = "correct horse 1";
/// A hash of the legacy service.
const BCRYPT_HASH: &str = "$2b$12$shmg9g9f3.yfVJdRYk3ugeLG.t6O9eSpw/vKDHW2EoY3kfDxN.ije";
/// Every second user has this name, followed by a number.
pub const POPULAR_NAME: &str = "Popular";
/// One in this many users has a pending mail.
const USERS_PER_MAIL: u32 = 10;
/// In seconds; longer than the benchmark takes.
const DAY: u64 = 24 * 3600;

const INSERT_SESSION: &str = "INSERT INTO sessions (id, user_id, counter, created_at, rotated_at, \
                              expires_at) VALUES (?1, ?2, 0, ?3, ?3, ?3 + 86400)";
const INSERT_LEGACY_TOKEN: &str = "INSERT INTO refresh_tokens (id, user_id, refresh_token, expires_at) \
                                   VALUES (?1, ?1, ?2, datetime(?3 + 86400, 'unixepoch'))";
const INSERT_RESET_TOKEN: &str = "INSERT INTO password_reset_tokens (id, user_id, token, \
                                  expires_at, is_used, created_at) \
                                  VALUES (?1, ?2, ?3, datetime(?4 + 86400, 'unixepoch'), 0, \
                                  datetime(?4, 'unixepoch'))";

/// Fills a migrated database that is not in use: `users` users with a session each, and pending mail
/// for some of them, due after the benchmark.
pub fn fill(path: &Path, users: u32) -> Result<()> {
    write(path, |transaction| {
        insert_users(transaction, users, &hashing::phc_string(PASSWORD)?)?;
        for user in 0..users {
            insert_session(transaction, user_id(user), first_session(user))?;
        }
        for user in (0..users).step_by(USERS_PER_MAIL as usize) {
            insert_mail(transaction, user)?;
        }
        Ok(())
    })
}

/// Inserts only users.
pub fn fill_with_users(path: &Path, users: u32) -> Result<()> {
    let hash = hashing::phc_string(PASSWORD)?;
    write(path, |transaction| insert_users(transaction, users, &hash))
}

/// Fills a database of the legacy service: `users` users with a refresh token each. Every hundredth has
/// capitals in the address, which the migration rewrites.
pub fn fill_legacy(path: &Path, users: u32) -> Result<()> {
    write(path, |transaction| {
        insert_users(transaction, users, BCRYPT_HASH)?;
        let mut statement = transaction.prepare(INSERT_LEGACY_TOKEN)?;
        for user in 0..users {
            let id = user_id(user).to_string();
            statement.execute(params![id, format!("eyJ{id:x<200}"), now()])?;
        }
        let statement = "UPDATE users SET email = upper(email) WHERE rowid % 100 = 0";
        transaction.execute(statement, [])?;
        Ok(())
    })
}

/// Writes into a database that is not in use, in one transaction.
fn write(path: &Path, insert: impl FnOnce(&Transaction<'_>) -> Result<()>) -> Result<()> {
    let mut database = Connection::open(path)?;
    // The data of an interrupted benchmark is worthless.
    database.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;",
    )?;
    let transaction = database.transaction()?;
    insert(&transaction)?;
    transaction.commit()?;
    database.execute_batch("PRAGMA journal_mode = WAL")?;
    Ok(())
}

fn insert_users(transaction: &Transaction<'_>, users: u32, hash: &str) -> Result<()> {
    let mut statement = transaction.prepare(
        "INSERT INTO users (id, username, email, hashed_password, account_role, \
         account_subscription) VALUES (?1, ?2, ?3, ?4, 'REGULAR', 'FREE')",
    )?;
    for user in 0..users {
        let id = user_id(user).to_string();
        statement.execute(params![id, username(user), email(user), hash])?;
    }
    Ok(())
}

fn insert_mail(transaction: &Transaction<'_>, user: u32) -> Result<()> {
    let token = id_of("reset token", &format!("mail {user}"));
    insert_reset_token(transaction, user_id(user), token)?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO outbox (id, kind, user_id, reset_token_id, due_at) \
         VALUES (?1, 'password_reset', ?2, ?1, ?3)",
    )?;
    let due_at = now() + DAY;
    statement.execute(params![
        token.to_string(),
        user_id(user).to_string(),
        due_at
    ])?;
    Ok(())
}

/// Inserts a session of a user.
pub fn insert_session(database: &Connection, user: Uuid, session: Uuid) -> Result<()> {
    let mut statement = database.prepare_cached(INSERT_SESSION)?;
    statement.execute(params![session.to_string(), user.to_string(), now()])?;
    Ok(())
}

/// Inserts a reset token of a user.
pub fn insert_reset_token(database: &Connection, user: Uuid, id: Uuid) -> Result<()> {
    let hash = tokens::reset_token_hash(&tokens::reset_token(id));
    let mut statement = database.prepare_cached(INSERT_RESET_TOKEN)?;
    statement.execute(params![id.to_string(), user.to_string(), hash, now()])?;
    Ok(())
}

pub fn user_id(user: u32) -> Uuid {
    id_of("user", &user.to_string())
}

/// The id of the session that [`fill`] inserts for a user.
pub fn first_session(user: u32) -> Uuid {
    id_of("session", &user.to_string())
}

pub fn email(user: u32) -> String {
    format!("user{user}@example.com")
}

fn username(user: u32) -> String {
    match (user % 2, user / 2) {
        (0, 0) => POPULAR_NAME.to_owned(),
        (0, number) => format!("{POPULAR_NAME}{number}"),
        _ => format!("user{user}"),
    }
}

/// A UUID that looks random and is the same in every run.
pub fn id_of(kind: &str, name: &str) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(format!("{kind} {name}")).into();
    let half = digest.first_chunk().expect("32 bytes begin with 16");
    uuid::Builder::from_random_bytes(*half).into_uuid()
}

/// Seconds since 1970 in UTC.
pub fn now() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.unwrap_or(Duration::ZERO).as_secs()
}
