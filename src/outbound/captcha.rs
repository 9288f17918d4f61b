//! Asks whether a captcha's answer is right.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, header};
use http_body_util::Full;
use serde_json::{Value, json};
use uuid::Uuid;

use super::http::{self, HttpError};
use crate::domain::secret::Secret;
use crate::settings::CaptchaSettings;

/// How long a person who registers waits for the captcha's service, at most.
const DEADLINE: Duration = Duration::from_secs(5);

/// Why an answer did not pass.
#[derive(Debug, thiserror::Error)]
pub enum CaptchaError {
    /// The service says no.
    #[error("wrong answer")]
    WrongAnswer,
    /// The service took too long.
    #[error("timed out")]
    Timeout,
    /// The service could not be reached.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The service answered, but not as agreed.
    #[error("misbehaves: {0}")]
    Misbehaved(String),
}

/// Passes if `answer` is right for the captcha `id`.
///
/// # Errors
/// It is wrong, or nobody could tell.
pub async fn verify(
    settings: &CaptchaSettings,
    id: Uuid,
    answer: &Secret,
) -> Result<(), CaptchaError> {
    match settings {
        CaptchaSettings::Off => Ok(()),
        CaptchaSettings::Service { host, path } => {
            let uri = format!("{host}{path}/captcha/verify");
            let question = json!({ "id": id, "answer": answer.expose() });
            ask(uri, &question).await
        }
    }
}

async fn ask(uri: String, question: &Value) -> Result<(), CaptchaError> {
    let request = Request::post(uri)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(question.to_string())))
        .map_err(|error| CaptchaError::Unreachable(error.to_string()))?;
    let answer = http::send(request, DEADLINE).await?;
    if !answer.status.is_success() {
        return Err(CaptchaError::Misbehaved(answer.status.to_string()));
    }
    let verdict: Value = serde_json::from_slice(&answer.body)
        .map_err(|_| CaptchaError::Misbehaved("the answer is not JSON".into()))?;
    match verdict.get("is_valid") {
        Some(Value::Bool(true)) => Ok(()),
        _ => Err(CaptchaError::WrongAnswer),
    }
}

impl From<HttpError> for CaptchaError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Timeout => Self::Timeout,
            HttpError::Unreachable(cause) => Self::Unreachable(cause),
        }
    }
}
