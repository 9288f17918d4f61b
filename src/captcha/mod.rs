//! Verifies captcha answers with the configured provider.

pub mod builtin;
pub mod challenge;
mod providers;
pub mod settings;
pub mod store;

use secrecy::SecretString;
use tracing::Level;
use uuid::Uuid;

use crate::app::App;
use crate::captcha::settings::CaptchaSettings;
use crate::db::Connection;
use crate::http::error::{Error, ErrorKind, error_kinds};
use crate::metrics::counters::CAPTCHA_FAILURES;
use crate::platform::clock;

error_kinds! {
    INVALID_CAPTCHA = BAD_REQUEST, "Invalid CAPTCHA answer";
    CAPTCHA_TIMEOUT = GATEWAY_TIMEOUT, "Captcha verification timed out. Please try again later.", logged(Level::WARN, NOT_VERIFIED);
    CAPTCHA_UNAVAILABLE = SERVICE_UNAVAILABLE, "Captcha service unavailable. Please try again later.", logged(Level::WARN, NOT_VERIFIED);
    /// The captcha service sent an error or an invalid response.
    CAPTCHA_ERROR = SERVICE_UNAVAILABLE, "Error communicating with captcha service.", logged(Level::WARN, NOT_VERIFIED);
}

/// The errors of a captcha that was not passed.
pub const FAILURES: [ErrorKind; 4] = [
    INVALID_CAPTCHA,
    CAPTCHA_TIMEOUT,
    CAPTCHA_UNAVAILABLE,
    CAPTCHA_ERROR,
];

/// Log message if the provider gives no verdict.
const NOT_VERIFIED: &str = "captcha not verified";

/// Verifies a captcha answer. The built-in captcha uses it up. `id` identifies the captcha, for
/// providers that need it.
///
/// # Errors
/// The answer is wrong, the provider gives no verdict, or the database fails.
pub async fn verify(
    app: &App,
    connection: &mut Connection<'_>,
    id: Option<Uuid>,
    answer: &SecretString,
) -> Result<(), Error> {
    let result = match &app.settings.captcha {
        CaptchaSettings::Builtin { .. } => verify_builtin(app, connection, answer),
        CaptchaSettings::Service { host, path } => {
            providers::verify_with_service(host, path, id, answer).await
        }
        CaptchaSettings::Siteverify { url, api_key } => {
            providers::verify_with_siteverify(url, api_key, answer).await
        }
        CaptchaSettings::Off => Ok(()),
    };
    result.inspect_err(|error| {
        if FAILURES.iter().any(|failure| error.is(*failure)) {
            CAPTCHA_FAILURES.count_by(error.code());
        }
    })
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
