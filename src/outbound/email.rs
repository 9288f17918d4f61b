//! Gives mail to whoever carries it.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, StatusCode, header};
use http_body_util::Full;
use serde_json::json;
use uuid::Uuid;

use super::http::{self, Answer, HttpError};
use crate::domain::secret::Secret;
use crate::settings::{EmailProvider, EmailSettings};

/// How long one try may take. Nobody waits for it.
const DEADLINE: Duration = Duration::from_secs(30);

/// A mail, ready to be sent.
#[derive(Debug)]
pub struct Email {
    /// The same at every try.
    pub idempotency_key: Uuid,
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
}

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It may go better later.
    #[error("{0}")]
    Temporary(String),
    /// It never will: the provider refuses this mail.
    #[error("refused: {0}")]
    Permanent(String),
}

/// Gives a mail to the provider.
///
/// # Errors
/// The provider did not take it.
pub async fn send(settings: &EmailSettings, email: &Email) -> Result<(), SendError> {
    match &settings.provider {
        EmailProvider::Log => {
            tracing::info!(subject = email.subject, text = email.text, "mail");
            Ok(())
        }
        EmailProvider::Resend { host, api_key } => {
            let request = resend(settings, email, host, api_key)?;
            judge(http::send(request, DEADLINE).await)
        }
    }
}

/// <https://resend.com/docs/api-reference/emails/send-email>
fn resend(
    settings: &EmailSettings,
    email: &Email,
    host: &str,
    api_key: &Secret,
) -> Result<Request<Full<Bytes>>, SendError> {
    let body = json!({
        "from": format!("{} <{}>", quoted(&settings.from_name), settings.from_email),
        "to": [email.to],
        "subject": email.subject,
        "text": email.text,
        "html": email.html,
    });
    Request::post(format!("{host}/emails"))
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", api_key.expose()),
        )
        .header(header::CONTENT_TYPE, "application/json")
        // Resend refuses requests without one.
        .header(header::USER_AGENT, "gatehouse")
        .header("Idempotency-Key", email.idempotency_key.to_string())
        .body(Full::new(Bytes::from(body.to_string())))
        .map_err(|error| SendError::Permanent(error.to_string()))
}

/// A display name that may hold any character (RFC 5322, 3.2.4).
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn judge(answer: Result<Answer, HttpError>) -> Result<(), SendError> {
    let answer = answer.map_err(|error| SendError::Temporary(error.to_string()))?;
    let status = answer.status;
    if status.is_success() {
        Ok(())
    } else if is_temporary(status) {
        Err(SendError::Temporary(status.to_string()))
    } else {
        Err(SendError::Permanent(status.to_string()))
    }
}

/// What may go better later: a server's fault, too many requests, a conflict with a try that is
/// still under way, and a key that somebody is about to correct.
fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::CONFLICT
                | StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_quotes() {
        assert_eq!(quoted(r#"Tom "T" \o/"#), r#""Tom \"T\" \\o/""#);
    }

    #[test]
    fn only_what_may_go_better_is_tried_again() {
        for (status, temporary) in [
            (500, true),
            (429, true),
            (409, true),
            (401, true),
            (422, false),
            (400, false),
            (404, false),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let answer = Answer {
                status,
                body: Bytes::new(),
            };
            let error = judge(Ok(answer)).expect_err("no success");
            assert_eq!(
                matches!(error, SendError::Temporary(_)),
                temporary,
                "{status}"
            );
        }
    }
}
