//! Deletion of users: at once or after some days, and so that nothing is left that names them.

pub mod delete_account;
pub mod settings;
pub mod store;

use uuid::Uuid;

use crate::app::App;
use crate::db::{Connection, DbError};
use crate::languages::Language;
use crate::mail::kinds::ACCOUNT_DELETED;
use crate::mail::{self, NewMail};
use crate::platform::random;
use crate::platform::timestamp::Timestamp;
use crate::users::store::LoginNames;
use crate::{throttle, users};

/// Users that are deleted in one run, so that the work between requests stays short.
const BATCH: usize = 20;

/// Deletes the users whose time has come.
pub async fn delete_due(app: &App, now: Timestamp) -> Result<(), DbError> {
    for _ in 0..BATCH {
        let mut transaction = app.database.connect().await?.begin()?;
        let Some(user) = users::store::deletion::find_due(&mut transaction, now)? else {
            return Ok(());
        };
        let language = store::find_language(&mut transaction, user)?;
        delete(&mut transaction, user, None, language, now)?;
        transaction.commit()?;
        tracing::info!(%user, "account deleted: its time has come");
    }
    Ok(())
}

/// Deletes users who registered before `since` and had to verify their address, but did not. They get no
/// farewell: the address may be anybody's.
pub async fn delete_unverified(app: &App, since: Timestamp, now: Timestamp) -> Result<(), DbError> {
    for _ in 0..BATCH {
        let mut transaction = app.database.connect().await?.begin()?;
        let user = users::store::deletion::find_unverified(&mut transaction, since)?;
        let Some(user) = user else {
            return Ok(());
        };
        erase(&mut transaction, user, None, now)?;
        let names = users::store::deletion::delete_unverified(&mut transaction, user)?;
        forget(&mut transaction, user, names)?;
        transaction.commit()?;
        tracing::info!(%user, "account deleted: its address was never verified");
    }
    Ok(())
}

/// Deletes a user who is due, with everything that is theirs, and queues a farewell. `administrator` is the
/// actor, if it is not the user. Call it in a transaction.
pub fn delete(
    connection: &mut Connection<'_>,
    user: Uuid,
    administrator: Option<&str>,
    language: Language,
    now: Timestamp,
) -> Result<(), DbError> {
    erase(connection, user, administrator, now)?;
    let names = users::store::deletion::delete_due(connection, user, now)?;
    let names = forget(connection, user, names)?;
    let mail = NewMail::new(ACCOUNT_DELETED, language);
    mail::store::insert_farewell(connection, &mail, &names, now)
}

/// Deletes everything of a user but the row in `users`. What happened to the account stays under a random id.
fn erase(
    connection: &mut Connection<'_>,
    user: Uuid,
    administrator: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    store::delete_rows(connection, user)?;
    store::pseudonymise_events(connection, user, random::id(), administrator, now)
}

/// Deletes the counts of attempts under the names of a deleted user.
fn forget(
    connection: &mut Connection<'_>,
    user: Uuid,
    deleted: Option<LoginNames>,
) -> Result<LoginNames, DbError> {
    let names = deleted.ok_or_else(|| DbError::Failed("the user is not due".into()))?;
    throttle::forget_account(connection, user, &names)?;
    Ok(names)
}
