//! Errors as answers: the one shape that they have. Each feature declares its own next to its code.

pub mod body;
mod database;
pub mod validation;

use std::fmt::Display;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracing::Level;

use self::body::Body;
pub use self::database::{DATABASE_FAILED, DATABASE_LOCKED};
use self::validation::{FieldError, INVALID_INPUT};

/// The path does not exist.
pub const NOT_FOUND: ErrorKind = ErrorKind::new(StatusCode::NOT_FOUND, "NOT_FOUND", "Not Found");

/// The path exists, but not with this method.
pub const METHOD_NOT_ALLOWED: ErrorKind = ErrorKind::new(
    StatusCode::METHOD_NOT_ALLOWED,
    "METHOD_NOT_ALLOWED",
    "Method Not Allowed",
);

/// The settings cannot be used. The log names them.
pub const MISCONFIGURED: ErrorKind = ErrorKind::new(
    StatusCode::INTERNAL_SERVER_ERROR,
    "MISCONFIGURED",
    "The service is misconfigured, its log says how.",
);

/// Something failed that never should.
pub const INTERNAL_ERROR: ErrorKind = ErrorKind::new(
    StatusCode::INTERNAL_SERVER_ERROR,
    "INTERNAL_ERROR",
    "Internal Server Error",
)
.logged(Level::ERROR, "request failed");

/// A reason not to do what a request asks, and the answer it gets. Declared once, as a constant.
#[derive(Debug, Clone, Copy)]
pub struct ErrorKind {
    status: StatusCode,
    code: &'static str,
    detail: &'static str,
    asks_for_token: bool,
    log: Option<(Level, &'static str)>,
}

impl ErrorKind {
    /// `code` is for programs and never changes; `detail` is for people.
    pub const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self {
            status,
            code,
            detail,
            asks_for_token: false,
            log: None,
        }
    }

    /// The answer names the scheme to authenticate with (RFC 6750, 3).
    pub const fn asking_for_token(mut self) -> Self {
        self.asks_for_token = true;
        self
    }

    /// The operator reads it in the log, with its cause.
    pub const fn logged(mut self, level: Level, line: &'static str) -> Self {
        self.log = Some((level, line));
        self
    }
}

/// What a handler returns when it cannot do what it was asked.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    more: More,
    /// For the log alone: no answer tells it.
    cause: Option<String>,
}

/// What an answer says beyond its kind.
#[derive(Debug)]
enum More {
    Nothing,
    Fields(Vec<FieldError>),
    Suggestion(String),
    RetryAfter(i64),
}

impl Error {
    /// An error with a cause for the log.
    pub fn caused(kind: ErrorKind, cause: impl Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..kind.into()
        }
    }

    /// An error that suggests another value.
    pub fn with_suggestion(kind: ErrorKind, suggestion: String) -> Self {
        Self {
            more: More::Suggestion(suggestion),
            ..kind.into()
        }
    }

    /// An error that says how many seconds to wait.
    pub fn with_retry_after(kind: ErrorKind, seconds: i64) -> Self {
        Self {
            more: More::RetryAfter(seconds),
            ..kind.into()
        }
    }

    /// Whether it is of this kind.
    pub fn is(&self, kind: ErrorKind) -> bool {
        self.kind.code == kind.code
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.kind.status
    }

    /// The `error_code` of the answer.
    pub fn code(&self) -> &'static str {
        self.kind.code
    }

    /// The fields that break rules.
    #[cfg(test)]
    pub fn fields(&self) -> &[FieldError] {
        match &self.more {
            More::Fields(errors) => errors,
            other => panic!("{other:?} names no fields"),
        }
    }

    /// The header that says what would help, where one does.
    pub fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self.more {
            More::RetryAfter(seconds) => Some((header::RETRY_AFTER, seconds.into())),
            _ if self.kind.asks_for_token => {
                let bearer = HeaderValue::from_static("Bearer");
                Some((header::WWW_AUTHENTICATE, bearer))
            }
            _ => None,
        }
    }

    /// Writes the cause to the log: here, where the error becomes an answer, and nowhere else.
    fn log(&self) {
        let Some((level, line)) = self.kind.log else {
            return;
        };
        let error_code = self.kind.code;
        let cause = self.cause.as_deref();
        if level == Level::ERROR {
            tracing::error!(error_code, cause, "{line}");
        } else {
            tracing::warn!(error_code, cause, "{line}");
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self {
            kind,
            more: More::Nothing,
            cause: None,
        }
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        Self {
            more: More::Fields(errors),
            ..INVALID_INPUT.into()
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
        Self::caused(INTERNAL_ERROR, format!("{error:#}"))
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
        match error.more {
            More::Fields(errors) => Self::validation(errors),
            More::Suggestion(suggestion) => Self::conflict(detail, suggestion, code),
            More::Nothing | More::RetryAfter(_) => Self::other(detail, code),
        }
    }
}
