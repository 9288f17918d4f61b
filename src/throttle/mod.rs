//! Limits how often attempts may be made.

pub mod limits;
pub mod network;
pub mod store;

use std::fmt::Display;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use self::limits::{LOGIN_FAILURES, LOGIN_FAILURES_OF_STRANGERS, Limit};
use self::store::guesses;
use crate::app::App;
use crate::crypto::digest::digest;
use crate::db::Connection;
use crate::http::client_address::ClientAddress;
use crate::http::error::{Error, ErrorKind};
use crate::http::openapi::responses::error_answers;
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::users::store::LoginNames;

/// Too many attempts. The answer says how long to wait.
pub const TOO_MANY_REQUESTS: ErrorKind = ErrorKind::new(
    StatusCode::TOO_MANY_REQUESTS,
    "TOO_MANY_REQUESTS",
    "Too many requests. Please try again later.",
);

error_answers!(ThrottleErrors {
    "Too many attempts; `Retry-After` says how many seconds to wait" => [
        Error::with_retry_after(TOO_MANY_REQUESTS, 60),
    ],
});

/// Counts a request to a route against the limit of the network that it comes from.
///
/// # Errors
/// [`TOO_MANY_REQUESTS`], or the database failed.
pub async fn count_request(
    State((app, limit)): State<(&'static App, Limit)>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let network = ClientAddress::of(request.headers(), app.settings.http.trusted_proxy_hops);
    if app.settings.throttle {
        let mut connection = app.database.connect().await?;
        count(app, &mut connection, limit, network, clock::now())?;
    }
    Ok(next.run(request).await)
}

/// Counts an attempt of `caller` against `limit`.
///
/// # Errors
/// [`TOO_MANY_REQUESTS`], or the database failed.
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
/// [`TOO_MANY_REQUESTS`], or the database failed.
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
    Err(Error::with_retry_after(
        TOO_MANY_REQUESTS,
        retry_after_seconds,
    ))
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
