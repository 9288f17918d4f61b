//! The endpoint that issues challenges of the built-in captcha.

use axum::Json;
use axum::extract::State;

use super::builtin::Challenge;
use crate::app::App;
use crate::captcha::settings::CaptchaSettings;
use crate::http::error::{Error, NOT_FOUND};
use crate::http::openapi::responses::error_responses;
use crate::platform::{clock, random};

error_responses!(ChallengeErrors {
    "The service uses another captcha provider" => [NOT_FOUND],
});

/// Get a captcha challenge
///
/// A proof of work for an [ALTCHA](https://altcha.org) widget or solver, protocol version 2. Send
/// the solution as `captcha_answer` of the registration. It is valid once, for 10 minutes.
#[utoipa::path(
    get,
    path = "/api/v1/captcha/challenge",
    tag = "auth",
    responses(
        (status = 200, description = "A challenge; `Cache-Control: no-store`", body = Challenge),
        ChallengeErrors,
    )
)]
pub async fn challenge(State(app): State<&'static App>) -> Result<Json<Challenge>, Error> {
    let CaptchaSettings::Builtin { cost } = app.settings.captcha else {
        return Err(NOT_FOUND.into());
    };
    let random = random::bytes();
    let challenge = app.challenges.issue(cost, random, clock::now());
    Ok(Json(challenge))
}
