//! Verifies captcha answers with the provider that the settings name.

pub mod builtin;
pub mod challenge;
mod providers;
pub mod settings;
pub mod store;

use axum::http::StatusCode;
use secrecy::SecretString;
use tracing::Level;
use uuid::Uuid;

use crate::app::App;
use crate::captcha::settings::CaptchaSettings;
use crate::db::Connection;
use crate::http::error::{Error, ErrorKind};
use crate::platform::clock;

/// The captcha's answer is wrong.
pub const INVALID_CAPTCHA: ErrorKind = ErrorKind::new(
    StatusCode::BAD_REQUEST,
    "INVALID_CAPTCHA",
    "Invalid CAPTCHA answer",
);

/// The captcha service took too long.
pub const CAPTCHA_TIMEOUT: ErrorKind = ErrorKind::new(
    StatusCode::GATEWAY_TIMEOUT,
    "CAPTCHA_TIMEOUT",
    "Captcha verification timed out. Please try again later.",
)
.logged(Level::WARN, NOT_VERIFIED);

/// The captcha service could not be reached.
pub const CAPTCHA_UNAVAILABLE: ErrorKind = ErrorKind::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "CAPTCHA_UNAVAILABLE",
    "Captcha service unavailable. Please try again later.",
)
.logged(Level::WARN, NOT_VERIFIED);

/// The captcha service answered, but not as agreed.
pub const CAPTCHA_ERROR: ErrorKind = ErrorKind::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "CAPTCHA_ERROR",
    "Error communicating with captcha service.",
)
.logged(Level::WARN, NOT_VERIFIED);

/// The log's line when no service could tell whether an answer is right.
const NOT_VERIFIED: &str = "captcha not verified";

/// Passes if `answer` is right; with the built-in captcha it is used up by that. `id` says which
/// captcha was shown, where the provider wants to know.
///
/// # Errors
/// The answer is wrong, nobody could tell, or the database failed.
pub async fn verify(
    app: &App,
    connection: &mut Connection<'_>,
    id: Option<Uuid>,
    answer: &SecretString,
) -> Result<(), Error> {
    match &app.settings.captcha {
        CaptchaSettings::Builtin { .. } => verify_builtin(app, connection, answer),
        CaptchaSettings::Service { host, path } => {
            providers::ask_service(host, path, id, answer).await
        }
        CaptchaSettings::Siteverify { url, api_key } => {
            providers::siteverify(url, api_key, answer).await
        }
        CaptchaSettings::Off => Ok(()),
    }
}

fn verify_builtin(
    app: &App,
    connection: &mut Connection<'_>,
    answer: &SecretString,
) -> Result<(), Error> {
    let solved = app.challenges.verify(answer, clock::now());
    let solved = solved.ok_or(INVALID_CAPTCHA)?;
    if store::consume(connection, &solved)? {
        Ok(())
    } else {
        Err(INVALID_CAPTCHA.into())
    }
}
