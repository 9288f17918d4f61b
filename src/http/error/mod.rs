//! Error responses. Each feature declares its error kinds next to its code.

/// Declares kinds of errors, each a constant that is also its `error_code`: the status, the text for
/// people, and what else there is to say by a method of [`ErrorKind`].
macro_rules! error_kinds {
    ($($(#[$doc:meta])* $code:ident = $status:ident, $detail:expr $(, $method:ident($($value:expr),*))?;)+) => {$(
        $(#[$doc])*
        pub const $code: crate::http::error::ErrorKind = crate::http::error::ErrorKind::new(
            axum::http::StatusCode::$status,
            stringify!($code),
            $detail,
        )$(.$method($($value),*))?;
    )+};
}
pub(crate) use error_kinds;

pub mod body;
mod database;
pub mod validation;

use std::fmt::Display;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracing::Level;
use uuid::Uuid;

use self::body::Body;
pub use self::database::{DB_ERROR, DB_LOCKED};
use self::validation::{FieldError, VALIDATION_ERROR};

error_kinds! {
    NOT_FOUND = NOT_FOUND, "Not Found";
    METHOD_NOT_ALLOWED = METHOD_NOT_ALLOWED, "Method Not Allowed";
    /// The settings are invalid. The log names them.
    MISCONFIGURED = INTERNAL_SERVER_ERROR, "The service is misconfigured, its log says how.";
    /// A failure that should be impossible.
    INTERNAL_ERROR = INTERNAL_SERVER_ERROR, "Internal Server Error", logged(Level::ERROR, "request failed");
}

/// A kind of error with its response. Declare each one as a constant.
#[derive(Debug, Clone, Copy)]
pub struct ErrorKind {
    status: StatusCode,
    code: &'static str,
    detail: &'static str,
    has_bearer_challenge: bool,
    log: Option<(Level, &'static str)>,
}

impl ErrorKind {
    /// `code` is for programs and must never change. `detail` is for people.
    pub const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self {
            status,
            code,
            detail,
            has_bearer_challenge: false,
            log: None,
        }
    }

    /// The code for programs.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// Adds a `WWW-Authenticate` header that names the bearer scheme (RFC 6750, 3).
    pub const fn with_bearer_challenge(mut self) -> Self {
        self.has_bearer_challenge = true;
        self
    }

    /// The text for people.
    pub const fn detail(self) -> &'static str {
        self.detail
    }

    /// Logs each occurrence with its cause.
    pub const fn logged(mut self, level: Level, message: &'static str) -> Self {
        self.log = Some((level, message));
        self
    }
}

/// The error of a handler.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    details: Details,
    /// For the log only, never for the response.
    cause: Option<String>,
}

/// Details of the response beyond its kind.
#[derive(Debug)]
enum Details {
    Nothing,
    Fields(Vec<FieldError>),
    Suggestion(String),
    RetryAfter(i64),
    Verification(Uuid),
}

impl Error {
    /// Adds a cause for the log.
    pub fn with_cause(kind: ErrorKind, cause: impl Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..kind.into()
        }
    }

    /// Adds a suggested value.
    pub fn with_suggestion(kind: ErrorKind, suggestion: String) -> Self {
        Self {
            details: Details::Suggestion(suggestion),
            ..kind.into()
        }
    }

    /// Adds a `Retry-After` in seconds.
    pub fn with_retry_after(kind: ErrorKind, seconds: i64) -> Self {
        Self {
            details: Details::RetryAfter(seconds),
            ..kind.into()
        }
    }

    /// Adds the verification of an address that is needed first.
    pub fn with_verification(kind: ErrorKind, verification: Uuid) -> Self {
        Self {
            details: Details::Verification(verification),
            ..kind.into()
        }
    }

    pub fn is(&self, kind: ErrorKind) -> bool {
        self.kind.code == kind.code
    }

    pub fn status(&self) -> StatusCode {
        self.kind.status
    }

    pub fn code(&self) -> &'static str {
        self.kind.code
    }

    /// The invalid fields.
    #[cfg(test)]
    pub fn fields(&self) -> &[FieldError] {
        match &self.details {
            Details::Fields(errors) => errors,
            other => panic!("{other:?} has no fields"),
        }
    }

    /// The response header of this error, if it has one.
    pub fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self.details {
            Details::RetryAfter(seconds) => Some((header::RETRY_AFTER, seconds.into())),
            _ if self.kind.has_bearer_challenge => {
                let bearer = HeaderValue::from_static("Bearer");
                Some((header::WWW_AUTHENTICATE, bearer))
            }
            _ => None,
        }
    }

    /// Logs the error. Called only when the error becomes a response.
    fn log(&self) {
        let Some((level, message)) = self.kind.log else {
            return;
        };
        let error_code = self.kind.code;
        let cause = self.cause.as_deref();
        if level == Level::ERROR {
            tracing::error!(error_code, cause, "{message}");
        } else {
            tracing::warn!(error_code, cause, "{message}");
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self {
            kind,
            details: Details::Nothing,
            cause: None,
        }
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        Self {
            details: Details::Fields(errors),
            ..VALIDATION_ERROR.into()
        }
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        vec![error].into()
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::with_cause(INTERNAL_ERROR, format!("{error:#}"))
    }
}

impl IntoResponse for ErrorKind {
    fn into_response(self) -> Response {
        Error::from(self).into_response()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let status = self.kind.status;
        let header = self.header();
        let mut response = (status, Json(Body::from(self))).into_response();
        response.headers_mut().extend(header);
        response
    }
}

impl From<Error> for Body {
    fn from(error: Error) -> Self {
        let ErrorKind { code, detail, .. } = error.kind;
        match error.details {
            Details::Fields(errors) => Self::validation(errors),
            Details::Suggestion(suggestion) => Self::conflict(detail, suggestion, code),
            Details::Verification(id) => Self::other(detail, code, Some(id)),
            Details::Nothing | Details::RetryAfter(_) => Self::other(detail, code, None),
        }
    }
}
