//! Sends mail through the configured provider.

mod requests;

use std::time::Duration;

use axum::http::StatusCode;
use uuid::Uuid;

use crate::mail::settings::{MailProvider, MailSettings};
use crate::platform::outbound::{self, HttpError, Response};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailApi {
    /// <https://resend.com/docs/api-reference/emails/send-email>
    Resend,
    /// <https://postmarkapp.com/developer/api/email-api>
    Postmark,
    /// <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>
    Sendgrid,
    /// <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages>
    Mailgun,
}

/// Every provider with its default host.
pub const PROVIDERS: &[(&str, Option<(MailApi, &str)>)] = &[
    ("log", None),
    ("resend", Some((MailApi::Resend, "https://api.resend.com"))),
    (
        "postmark",
        Some((MailApi::Postmark, "https://api.postmarkapp.com")),
    ),
    (
        "sendgrid",
        Some((MailApi::Sendgrid, "https://api.sendgrid.com")),
    ),
    (
        "mailgun",
        Some((MailApi::Mailgun, "https://api.mailgun.net")),
    ),
];

/// Time limit of one attempt. No client waits for it.
const DEADLINE: Duration = Duration::from_secs(30);

/// A rendered mail.
#[derive(Debug)]
pub struct Email {
    /// The same for every attempt.
    pub idempotency_key: Uuid,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// A retry may succeed.
    #[error("{cause}")]
    Temporary {
        cause: String,
        /// The provider's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The provider rejects this mail.
    #[error("refused: {0}")]
    Permanent(String),
}

pub async fn send(settings: &MailSettings, email: &Email) -> Result<(), SendError> {
    match &settings.provider {
        MailProvider::Log => {
            tracing::info!(subject = email.subject, text = email.text, "mail");
            Ok(())
        }
        MailProvider::Api { api, host, api_key } => {
            let request = requests::request(*api, host, api_key, settings, email)
                .map_err(|error| SendError::Permanent(error.to_string()))?;
            classify(outbound::send(request, DEADLINE).await)
        }
    }
}

fn classify(response: Result<Response, HttpError>) -> Result<(), SendError> {
    let temporary = |cause: String, retry_after| SendError::Temporary { cause, retry_after };
    let response = response.map_err(|error| temporary(error.to_string(), None))?;
    let status = response.status;
    if status.is_success() {
        Ok(())
    } else if is_temporary(status) {
        Err(temporary(status.to_string(), response.retry_after))
    } else {
        Err(SendError::Permanent(status.to_string()))
    }
}

/// Statuses that a retry may change: server errors, rate limits, a conflict with an attempt in
/// progress, and key errors that an operator may fix.
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
    fn only_temporary_failures_are_retried() {
        for (status, temporary) in [
            (500, true),
            (429, true),
            (409, true),
            (401, true),
            (422, false),
            (400, false),
            (404, false),
        ] {
            let response = Response {
                status: StatusCode::from_u16(status).expect("a status"),
                retry_after: None,
                body: Default::default(),
            };
            let error = classify(Ok(response)).expect_err("no success");
            let is_temporary = matches!(error, SendError::Temporary { .. });
            assert_eq!(is_temporary, temporary, "{status}");
        }
    }
}
