//! Verifies captcha answers with external services.

use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, header};
use http_body_util::Full;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CAPTCHA_ERROR, CAPTCHA_TIMEOUT, CAPTCHA_UNAVAILABLE, INVALID_CAPTCHA};
use crate::http::error::Error;
use crate::platform::outbound::{self, HttpError};

/// A value of `captcha_provider`.
#[derive(Clone, Copy)]
pub enum Provider {
    Builtin,
    Service,
    Siteverify {
        default_host: &'static str,
        path: &'static str,
    },
    Off,
}

pub const PROVIDERS: &[(&str, Provider)] = &[
    ("builtin", Provider::Builtin),
    ("service", Provider::Service),
    (
        "turnstile",
        siteverify(
            "https://challenges.cloudflare.com",
            "/turnstile/v0/siteverify",
        ),
    ),
    (
        "hcaptcha",
        siteverify("https://api.hcaptcha.com", "/siteverify"),
    ),
    (
        "recaptcha",
        siteverify("https://www.google.com", "/recaptcha/api/siteverify"),
    ),
    ("off", Provider::Off),
];

const fn siteverify(default_host: &'static str, path: &'static str) -> Provider {
    Provider::Siteverify { default_host, path }
}

/// Maximum time that a registration waits for the captcha service.
const DEADLINE: Duration = Duration::from_secs(5);

/// Siteverify error codes that blame the provider or our key, not the answer:
/// <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>,
/// <https://docs.hcaptcha.com/#siteverify-error-codes-table>,
/// <https://developers.google.com/recaptcha/docs/verify>.
const PROVIDER_ERRORS: &[&str] = &[
    "missing-input-secret",
    "invalid-input-secret",
    "sitekey-secret-mismatch",
    "internal-error",
];

/// Verifies `answer` to the captcha `id` with a service that speaks the legacy captcha protocol.
///
/// # Errors
/// The answer is wrong, or the service gives no verdict.
pub async fn verify_with_service(
    host: &str,
    path: &str,
    id: Option<Uuid>,
    answer: &SecretString,
) -> Result<(), Error> {
    let url = format!("{host}{path}/captcha/verify");
    let body = json!({ "id": id, "answer": answer.expose_secret() });
    let verdict = post(&url, "application/json", body.to_string()).await?;
    match verdict["is_valid"] {
        Value::Bool(true) => Ok(()),
        _ => Err(INVALID_CAPTCHA.into()),
    }
}

/// Verifies the response token of a widget with a siteverify provider.
///
/// # Errors
/// The answer is wrong, or the provider gives no verdict, for example because it rejects our key.
pub async fn verify_with_siteverify(
    url: &str,
    api_key: &SecretString,
    answer: &SecretString,
) -> Result<(), Error> {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("secret", api_key.expose_secret())
        .append_pair("response", answer.expose_secret())
        .finish();
    let verdict = post(url, "application/x-www-form-urlencoded", body).await?;
    match verdict["success"] {
        Value::Bool(true) => Ok(()),
        _ => Err(provider_error(&verdict).unwrap_or(INVALID_CAPTCHA.into())),
    }
}

/// The error that a verdict reports about the provider or our key, if any.
fn provider_error(verdict: &Value) -> Option<Error> {
    let codes = verdict["error-codes"].as_array()?;
    let is_reported = |error: &&&str| codes.iter().any(|code| code == **error);
    let error = PROVIDER_ERRORS.iter().find(is_reported)?;
    Some(Error::with_cause(
        CAPTCHA_ERROR,
        format!("the provider reports {error}"),
    ))
}

async fn post(url: &str, content_type: &'static str, body: String) -> Result<Value, Error> {
    let request = Request::post(url)
        .header(header::CONTENT_TYPE, content_type)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| Error::with_cause(CAPTCHA_UNAVAILABLE, error))?;
    let response = outbound::send(request, DEADLINE)
        .await
        .map_err(transport_error)?;
    if !response.status.is_success() {
        return Err(Error::with_cause(CAPTCHA_ERROR, response.status));
    }
    serde_json::from_slice(&response.body)
        .map_err(|_| Error::with_cause(CAPTCHA_ERROR, "the response is not JSON"))
}

fn transport_error(error: HttpError) -> Error {
    match error {
        HttpError::Timeout => Error::with_cause(CAPTCHA_TIMEOUT, "timed out"),
        HttpError::Unreachable(cause) => Error::with_cause(CAPTCHA_UNAVAILABLE, cause),
    }
}
