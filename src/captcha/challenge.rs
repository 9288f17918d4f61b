//! The built-in captcha: a challenge to solve before registering.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::app::App;
use crate::domain::captcha::Challenge;
use crate::error::Error;
use crate::error::responses::ChallengeErrors;
use crate::platform::{clock, random};
use crate::settings::CaptchaSettings;

/// Get a captcha challenge
///
/// A proof of work for an [ALTCHA](https://altcha.org) widget or solver of version 2 of the
/// protocol. What it makes of the challenge is the registration's `captcha_answer`: good once, for
/// 10 minutes.
#[utoipa::path(
    get,
    path = "/api/v1/captcha/challenge",
    tag = "auth",
    responses(
        (status = 200, description = "A challenge; `Cache-Control: no-store`", body = Challenge),
        ChallengeErrors,
    )
)]
pub async fn challenge(State(app): State<&'static App>) -> Result<impl IntoResponse, Error> {
    let CaptchaSettings::Builtin { cost } = app.settings.captcha else {
        return Err(Error::NotFound);
    };
    let random = random::bytes();
    let challenge = app.challenges.issue(cost, random, clock::now());
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(challenge)))
}
