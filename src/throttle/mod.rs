//! Limits how often attempts may be made.

use std::fmt::Display;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::domain::digest::digest;
use crate::domain::throttle::{LOGIN_FAILURES, LOGIN_FAILURES_OF_STRANGERS, Limit};
use crate::domain::timestamp::Timestamp;
use crate::error::Error;
use crate::extract::client::ClientAddress;
use crate::platform::clock;
use crate::store::db::Connection;
use crate::store::users::LoginNames;
use crate::store::{guesses, throttle as store};

/// Counts a request to a route against the limit of the network that it comes from.
///
/// # Errors
/// [`Error::TooManyRequests`], or the database failed.
pub async fn count_request(
    State((app, limit)): State<(&'static App, Limit)>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let network = ClientAddress::of(request.headers(), app.settings.trusted_proxy_hops);
    if app.settings.throttle {
        let mut connection = app.database.connect().await?;
        count(app, &mut connection, limit, network, clock::now())?;
    }
    Ok(next.run(request).await)
}

/// Counts an attempt of `caller` against `limit`.
///
/// # Errors
/// [`Error::TooManyRequests`], or the database failed.
pub fn count(
    app: &App,
    connection: &mut Connection<'_>,
    limit: Limit,
    caller: impl Display,
    now: Timestamp,
) -> Result<(), Error> {
    if !app.settings.throttle {
        return Ok(());
    }
    let wait = store::count(connection, limit, &key(limit, caller), now)?;
    refuse(limit, wait)
}

/// A guess at a password. It counts for the name that was typed, whether a user has it or not: so a
/// refusal tells neither who exists nor which two names are one account.
pub struct Guess<'a> {
    /// The name, in lower case.
    pub name: &'a str,
    /// Where it comes from.
    pub network: ClientAddress,
    /// The account was never logged in to from there.
    pub is_strange: bool,
}

/// Counts a guess, before the password is looked at: of many at once, no more pass than may.
///
/// # Errors
/// [`Error::TooManyRequests`], or the database failed.
pub fn count_guess(
    app: &App,
    connection: &mut Connection<'_>,
    guess: &Guess<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let account = digest(guess.name);
    let caller = caller(&account, guess.network);
    count(app, connection, LOGIN_FAILURES, caller, now)?;
    if app.settings.throttle && guess.is_strange {
        let wait = guesses::count(connection, &account, now)?;
        refuse(LOGIN_FAILURES_OF_STRANGERS, wait)?;
    }
    Ok(())
}

/// Takes back a guess that was right, and forgets the failures from where it came.
pub fn forgive(
    app: &App,
    connection: &mut Connection<'_>,
    user: &LoginNames,
    guess: &Guess<'_>,
) -> Result<(), Error> {
    if app.settings.throttle {
        let accounts = accounts(user);
        forget_failures(connection, &accounts, guess.network)?;
        let counted = guess.is_strange.then(|| digest(guess.name));
        let accounts = accounts.each_ref().map(String::as_str);
        guesses::end_row(connection, accounts, counted.as_deref())?;
    }
    Ok(())
}

/// Forgets all guesses at the password that the user has just reset.
pub fn forgive_all(
    app: &App,
    connection: &mut Connection<'_>,
    user: &LoginNames,
    network: ClientAddress,
) -> Result<(), Error> {
    if app.settings.throttle {
        let accounts = accounts(user);
        forget_failures(connection, &accounts, network)?;
        guesses::delete(connection, accounts.each_ref().map(String::as_str))?;
    }
    Ok(())
}

fn forget_failures(
    connection: &mut Connection<'_>,
    accounts: &[String; 2],
    network: ClientAddress,
) -> Result<(), Error> {
    let keys = accounts
        .each_ref()
        .map(|account| key(LOGIN_FAILURES, caller(account, network)));
    Ok(store::clear(
        connection,
        keys.each_ref().map(String::as_str),
    )?)
}

fn refuse(limit: Limit, wait: Option<i64>) -> Result<(), Error> {
    let Some(retry_after_seconds) = wait else {
        return Ok(());
    };
    tracing::warn!(limit = limit.name, retry_after_seconds, "throttled");
    Err(Error::TooManyRequests {
        retry_after_seconds,
    })
}

/// The two names that a user can log in by, as guesses count for them.
fn accounts(user: &LoginNames) -> [String; 2] {
    [digest(&user.email), digest(&user.username.to_lowercase())]
}

fn caller(account: &str, network: ClientAddress) -> String {
    format!("{account}:{network}")
}

fn key(limit: Limit, caller: impl Display) -> String {
    format!("{}:{caller}", limit.name)
}
