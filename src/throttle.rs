//! Holds back whoever tries too often.

use std::fmt::Display;

use crate::app::App;
use crate::domain::throttle::Limit;
use crate::domain::timestamp::Timestamp;
use crate::error::Error;
use crate::store::db::Connection;
use crate::store::throttle as store;

/// Counts an attempt of `who` against `limit`.
///
/// # Errors
/// [`Error::TooManyRequests`], or the database failed.
pub fn count(
    app: &App,
    connection: &mut Connection<'_>,
    limit: Limit,
    who: impl Display,
    now: Timestamp,
) -> Result<(), Error> {
    if !app.settings.throttle {
        return Ok(());
    }
    match store::count(connection, limit, &key(limit, who), now)? {
        None => Ok(()),
        Some(retry_after_seconds) => {
            tracing::warn!(limit = limit.name, retry_after_seconds, "throttled");
            Err(Error::TooManyRequests {
                retry_after_seconds,
            })
        }
    }
}

/// Takes back an attempt that turned out to be none of those that are limited.
///
/// # Errors
/// The database failed.
pub fn give_back(
    app: &App,
    connection: &mut Connection<'_>,
    limit: Limit,
    who: impl Display,
) -> Result<(), Error> {
    if app.settings.throttle {
        store::give_back(connection, limit, &key(limit, who))?;
    }
    Ok(())
}

/// Forgets all attempts of `who`.
///
/// # Errors
/// The database failed.
pub fn clear(
    app: &App,
    connection: &mut Connection<'_>,
    limit: Limit,
    who: impl Display,
) -> Result<(), Error> {
    if app.settings.throttle {
        store::clear(connection, &key(limit, who))?;
    }
    Ok(())
}

fn key(limit: Limit, who: impl Display) -> String {
    format!("{}:{who}", limit.name)
}
