//! Rate limits for requests, and limits on password guesses.

pub mod limits;
pub mod network;
pub mod store;

use std::fmt::Display;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use self::limits::{LOGIN_FAILURES, LOGIN_FAILURES_FROM_UNKNOWN_NETWORKS, Limit};
use self::store::guesses;
use crate::app::App;
use crate::crypto::digest::digest;
use crate::db::{Connection, DbError};
use crate::http::client_address::ClientAddress;
use crate::http::error::{Error, error_kinds};
use crate::http::openapi::responses::error_responses;
use crate::metrics::counters::THROTTLED;
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::users::store::LoginNames;

error_kinds! {
    TOO_MANY_REQUESTS = TOO_MANY_REQUESTS, "Too many requests. Please try again later.";
}

error_responses!(ThrottleErrors {
    "Too many attempts; `Retry-After` is in seconds" => [
        Error::with_retry_after(TOO_MANY_REQUESTS, 60),
    ],
});

/// Middleware that counts a request against the limit of its network.
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

/// Counts an attempt under `key` against `limit`.
pub fn count(
    app: &App,
    connection: &mut Connection<'_>,
    limit: Limit,
    key: impl Display,
    now: Timestamp,
) -> Result<(), Error> {
    if !app.settings.throttle {
        return Ok(());
    }
    let wait = store::count(connection, limit, &full_key(limit, key), now)?;
    refuse(limit, wait)
}

/// Counts an attempt like [`count`]. Returns `false`, instead of the error, beyond the limit: for routes whose
/// response must not tell.
pub fn is_within(
    app: &App,
    connection: &mut Connection<'_>,
    limit: Limit,
    key: impl Display,
    now: Timestamp,
) -> Result<bool, Error> {
    match count(app, connection, limit, key, now) {
        Ok(()) => Ok(true),
        Err(error) if error.is(TOO_MANY_REQUESTS) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A password guess. It counts for the submitted name, whether or not a user has it, so that a
/// refusal reveals neither whether an account exists nor which two names belong to one account.
pub struct Guess<'a> {
    /// The submitted name, in lowercase.
    pub name: &'a str,
    pub network: ClientAddress,
    /// The user never logged in from this network.
    pub is_unknown_network: bool,
}

/// Counts a guess before its password is checked, so that concurrent guesses cannot exceed the
/// limit.
pub fn count_guess(
    app: &App,
    connection: &mut Connection<'_>,
    guess: &Guess<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let account = digest(guess.name);
    let key = failures_key(&account, guess.network);
    count(app, connection, LOGIN_FAILURES, key, now)?;
    if app.settings.throttle && guess.is_unknown_network {
        let wait = guesses::count(connection, &account, now)?;
        refuse(LOGIN_FAILURES_FROM_UNKNOWN_NETWORKS, wait)?;
    }
    Ok(())
}

/// Records a successful login: uncounts its guess, and clears the failures from its network.
pub fn record_success(
    app: &App,
    connection: &mut Connection<'_>,
    user: &LoginNames,
    guess: &Guess<'_>,
) -> Result<(), Error> {
    if !app.settings.throttle {
        return Ok(());
    }
    let accounts = accounts(user);
    let has_guesses = clear_network_failures(connection, &accounts, guess.network)?;
    if has_guesses {
        let counted = guess.is_unknown_network.then(|| digest(guess.name));
        let accounts = accounts.each_ref().map(String::as_str);
        guesses::reset_streak(connection, accounts, counted.as_deref())?;
    }
    Ok(())
}

/// Clears all failures after a password reset.
pub fn clear_all_failures(
    app: &App,
    connection: &mut Connection<'_>,
    user: &LoginNames,
    network: ClientAddress,
) -> Result<(), Error> {
    if app.settings.throttle {
        let accounts = accounts(user);
        clear_network_failures(connection, &accounts, network)?;
        guesses::delete(connection, accounts.each_ref().map(String::as_str))?;
    }
    Ok(())
}

/// Forgets the guesses under a username that its user gives up. Otherwise, they would count against the next
/// user of the name.
pub fn forget_name(
    app: &App,
    connection: &mut Connection<'_>,
    username: &str,
) -> Result<(), DbError> {
    if app.settings.throttle {
        let account = digest(&username.to_lowercase());
        guesses::delete(connection, [&account, &account])?;
    }
    Ok(())
}

/// Deletes every count of an account that is gone.
pub fn forget_account(
    connection: &mut Connection<'_>,
    id: Uuid,
    user: &LoginNames,
) -> Result<(), DbError> {
    store::clear_all(connection, &full_key(limits::CHANGE_EMAIL_BY_USER, id))?;
    let accounts = accounts(user);
    for account in &accounts {
        for limit in limits::OF_ACCOUNTS {
            store::clear_all(connection, &full_key(limit, account))?;
        }
    }
    guesses::delete(connection, accounts.each_ref().map(String::as_str))
}

/// Returns whether either account may have consecutive wrong guesses.
fn clear_network_failures(
    connection: &mut Connection<'_>,
    accounts: &[String; 2],
    network: ClientAddress,
) -> Result<bool, Error> {
    let keys = accounts
        .each_ref()
        .map(|account| full_key(LOGIN_FAILURES, failures_key(account, network)));
    let [keys, accounts] = [&keys, accounts].map(|texts| texts.each_ref().map(String::as_str));
    Ok(store::clear(connection, keys, accounts)?)
}

fn refuse(limit: Limit, wait: Option<i64>) -> Result<(), Error> {
    let Some(retry_after_seconds) = wait else {
        return Ok(());
    };
    tracing::warn!(limit = limit.name, retry_after_seconds, "throttled");
    THROTTLED.count_by(limit.name);
    Err(Error::with_retry_after(
        TOO_MANY_REQUESTS,
        retry_after_seconds,
    ))
}

/// Digests of the two names that a user can log in with.
fn accounts(user: &LoginNames) -> [String; 2] {
    [digest(&user.email), digest(&user.username.to_lowercase())]
}

fn failures_key(account: &str, network: ClientAddress) -> String {
    format!("{account}:{network}")
}

fn full_key(limit: Limit, key: impl Display) -> String {
    format!("{}:{key}", limit.name)
}
