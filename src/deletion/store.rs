//! SQL that deletes everything of a user but the row in `users`.

use uuid::Uuid;

use crate::db::{Connection, DbError};
use crate::events::action::{DELETION_SCHEDULED, USER_DELETED};
use crate::languages::Language;
use crate::platform::timestamp::Timestamp;

/// The tables whose rows belong to a user. A mail refers to tokens, so it comes first.
const TABLES: [&str; 6] = [
    "outbox",
    "password_reset_tokens",
    "email_verifications",
    "refresh_tokens",
    "sessions",
    "known_networks",
];

/// Deletes what belongs to a user. It does not rely on foreign keys, which not every database enforces.
pub fn delete_rows(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    for table in TABLES {
        let statement = format!("DELETE FROM {table} WHERE user_id = ?1");
        connection.write(&statement, [user.to_string().into()])?;
    }
    Ok(())
}

/// Gives the events of a user the id `pseudonym`, removes everything from them that could tell who it was,
/// and adds the event of the deletion.
pub fn pseudonymise_events(
    connection: &mut Connection<'_>,
    user: Uuid,
    pseudonym: Uuid,
    administrator: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    let ids = || [user.to_string().into(), pseudonym.to_string().into()];
    let statement = "UPDATE events SET user_id = ?2, actor = CASE actor WHEN ?1 THEN ?2 ELSE actor END, \
                     network = NULL, request_id = NULL, detail = NULL WHERE user_id = ?1";
    connection.write(statement, ids())?;
    let user_id = user.to_string();
    let actor = administrator.filter(|actor| *actor != user_id);
    let actor = actor.map_or_else(|| pseudonym.to_string(), str::to_owned);
    // What the user did to others.
    let statement = "UPDATE events SET actor = ?2, network = NULL, request_id = NULL \
                     WHERE actor = ?1 AND actor <> user_id AND actor <> 'system'";
    connection.write(statement, ids())?;
    let statement = "INSERT INTO events (at, actor, action, user_id) VALUES (?1, ?4, ?3, ?2)";
    let parameters = [
        now.unix().into(),
        pseudonym.to_string().into(),
        USER_DELETED.name().into(),
        actor.into(),
    ];
    connection.write(statement, parameters).map(drop)
}

/// The language in which a user asked to be deleted.
pub fn find_language(connection: &mut Connection<'_>, user: Uuid) -> Result<Language, DbError> {
    let statement = "SELECT json_extract(detail, '$.language') FROM events \
                     WHERE user_id = ?1 AND action = ?2 ORDER BY id DESC LIMIT 1";
    let parameters = [user.to_string().into(), DELETION_SCHEDULED.name().into()];
    let row = connection.query_one(statement, parameters)?;
    let language = row.and_then(|row| Language::from_code(row.text(0).ok()?));
    Ok(language.unwrap_or_default())
}
