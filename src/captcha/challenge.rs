//! The built-in captcha: a challenge to solve before registering.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::builtin::Challenge;
use crate::app::App;
use crate::captcha::settings::CaptchaSettings;
use crate::http::error::{Error, NOT_FOUND};
use crate::http::openapi::responses::error_answers;
use crate::platform::{clock, random};

error_answers!(ChallengeErrors {
    "The captcha is not the built-in one" => [NOT_FOUND],
});

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
        return Err(NOT_FOUND.into());
    };
    let random = random::bytes();
    let challenge = app.challenges.issue(cost, random, clock::now());
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(challenge)))
}
