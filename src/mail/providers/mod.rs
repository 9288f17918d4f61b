//! Sends mail through the provider that the settings name.

mod requests;

use std::time::Duration;

use axum::http::StatusCode;
use uuid::Uuid;

use crate::mail::settings::{MailProvider, MailSettings};
use crate::platform::outbound::{self, Answer, HttpError};

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
    #[error("{cause}")]
    Temporary {
        /// What went wrong.
        cause: String,
        /// How long the provider asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It never will: the provider refuses this mail.
    #[error("refused: {0}")]
    Permanent(String),
}

/// Gives a mail to the provider.
///
/// # Errors
/// The provider did not take it.
pub async fn send(settings: &MailSettings, email: &Email) -> Result<(), SendError> {
    match &settings.provider {
        MailProvider::Log => {
            tracing::info!(subject = email.subject, text = email.text, "mail");
            Ok(())
        }
        MailProvider::Api { api, host, api_key } => {
            let request = requests::request(*api, host, api_key, settings, email)
                .map_err(|error| SendError::Permanent(error.to_string()))?;
            judge(outbound::send(request, DEADLINE).await)
        }
    }
}

fn judge(answer: Result<Answer, HttpError>) -> Result<(), SendError> {
    let temporary = |cause: String, retry_after| SendError::Temporary { cause, retry_after };
    let answer = answer.map_err(|error| temporary(error.to_string(), None))?;
    let status = answer.status;
    if status.is_success() {
        Ok(())
    } else if is_temporary(status) {
        Err(temporary(status.to_string(), answer.retry_after))
    } else {
        Err(SendError::Permanent(status.to_string()))
    }
}

/// What may go better later: a server's fault, too many requests, a conflict with a try that is
/// still under way, and a key that an operator is about to correct.
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
            let answer = Answer {
                status: StatusCode::from_u16(status).expect("a status"),
                retry_after: None,
                body: Default::default(),
            };
            let error = judge(Ok(answer)).expect_err("no success");
            let is_temporary = matches!(error, SendError::Temporary { .. });
            assert_eq!(is_temporary, temporary, "{status}");
        }
    }
}
