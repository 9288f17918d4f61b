//! Asks others whether a captcha's answer is right.

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

/// How long a person who registers waits for the captcha's service, at most.
const DEADLINE: Duration = Duration::from_secs(5);

/// What a provider of the siteverify protocol reports of itself or of our key, and not of the
/// answer: <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>,
/// <https://docs.hcaptcha.com/#siteverify-error-codes-table>,
/// <https://developers.google.com/recaptcha/docs/verify>.
const FAULTS: &[&str] = &[
    "missing-input-secret",
    "invalid-input-secret",
    "sitekey-secret-mismatch",
    "internal-error",
];

/// Passes if the predecessor's captcha service says that `answer` is right for the captcha `id`.
///
/// # Errors
/// It is wrong, or nobody could tell.
pub async fn ask_service(
    host: &str,
    path: &str,
    id: Option<Uuid>,
    answer: &SecretString,
) -> Result<(), Error> {
    let url = format!("{host}{path}/captcha/verify");
    let question = json!({ "id": id, "answer": answer.expose_secret() });
    let verdict = ask(&url, "application/json", question.to_string()).await?;
    match verdict["is_valid"] {
        Value::Bool(true) => Ok(()),
        _ => Err(INVALID_CAPTCHA.into()),
    }
}

/// Passes if a provider of the siteverify protocol says that `answer`, which its widget gave to
/// the person, is right.
///
/// # Errors
/// It is wrong, or nobody could tell; the latter too if the provider complains about us.
pub async fn siteverify(
    url: &str,
    api_key: &SecretString,
    answer: &SecretString,
) -> Result<(), Error> {
    let question = form_urlencoded::Serializer::new(String::new())
        .append_pair("secret", api_key.expose_secret())
        .append_pair("response", answer.expose_secret())
        .finish();
    let verdict = ask(url, "application/x-www-form-urlencoded", question).await?;
    match verdict["success"] {
        Value::Bool(true) => Ok(()),
        _ => Err(our_fault(&verdict).unwrap_or(INVALID_CAPTCHA.into())),
    }
}

/// What a verdict blames on anybody but the person.
fn our_fault(verdict: &Value) -> Option<Error> {
    let codes = verdict["error-codes"].as_array()?;
    let is_ours = |fault: &&&str| codes.iter().any(|code| code == **fault);
    let fault = FAULTS.iter().find(is_ours)?;
    Some(Error::caused(CAPTCHA_ERROR, format!("it reports {fault}")))
}

async fn ask(url: &str, content_type: &'static str, question: String) -> Result<Value, Error> {
    let request = Request::post(url)
        .header(header::CONTENT_TYPE, content_type)
        .body(Full::new(Bytes::from(question)))
        .map_err(|error| Error::caused(CAPTCHA_UNAVAILABLE, error))?;
    let answer = outbound::send(request, DEADLINE)
        .await
        .map_err(not_reached)?;
    if !answer.status.is_success() {
        return Err(Error::caused(CAPTCHA_ERROR, answer.status));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|_| Error::caused(CAPTCHA_ERROR, "the answer is not JSON"))
}

fn not_reached(error: HttpError) -> Error {
    match error {
        HttpError::Timeout => Error::caused(CAPTCHA_TIMEOUT, "timed out"),
        HttpError::Unreachable(cause) => Error::caused(CAPTCHA_UNAVAILABLE, cause),
    }
}
