//! Verifies captcha answers with the provider that the settings name.

use uuid::Uuid;

use crate::app::App;
use crate::domain::secret::Secret;
use crate::error::Error;
use crate::outbound::captcha::{self, CaptchaError};
use crate::platform::clock;
use crate::settings::CaptchaSettings;
use crate::store::captcha as store;
use crate::store::db::Connection;

/// Passes if `answer` is right; with the built-in captcha it is used up by that. `id` says which
/// captcha was shown, where the provider wants to know.
///
/// # Errors
/// The answer is wrong, nobody could tell, or the database failed.
pub async fn verify(
    app: &App,
    connection: &mut Connection<'_>,
    id: Option<Uuid>,
    answer: &Secret,
) -> Result<(), Error> {
    match &app.settings.captcha {
        CaptchaSettings::Builtin { .. } => verify_builtin(app, connection, answer),
        CaptchaSettings::Service { host, path } => {
            Ok(captcha::ask_service(host, path, id, answer).await?)
        }
        CaptchaSettings::Siteverify { url, api_key } => {
            Ok(captcha::siteverify(url, api_key, answer).await?)
        }
        CaptchaSettings::Off => Ok(()),
    }
}

fn verify_builtin(
    app: &App,
    connection: &mut Connection<'_>,
    answer: &Secret,
) -> Result<(), Error> {
    let solved = app.challenges.verify(answer, clock::now());
    let solved = solved.ok_or(Error::InvalidCaptcha)?;
    if store::consume(connection, &solved)? {
        Ok(())
    } else {
        Err(Error::InvalidCaptcha)
    }
}

impl From<CaptchaError> for Error {
    fn from(error: CaptchaError) -> Self {
        match error {
            CaptchaError::WrongAnswer => Self::InvalidCaptcha,
            CaptchaError::Timeout => Self::CaptchaTimeout,
            CaptchaError::Unreachable(cause) => Self::CaptchaUnreachable(cause),
            CaptchaError::Misbehaved(cause) => Self::CaptchaMisbehaved(cause),
        }
    }
}
