//! Everything that can go wrong, and the answer that it makes.

pub mod body;
pub mod responses;
pub mod validation;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::access_token::SigningFailed;
use crate::domain::password::HashingFailed;
use crate::store::db::DbError;
use body::{Body, ConflictBody, ConflictDetail, ErrorBody, UsernameTaken};
use validation::{FieldError, ValidationErrorBody};

/// What a handler answers when it cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body breaks rules: all of them, in the order of the fields.
    #[error("invalid input")]
    Validation(Vec<FieldError>),
    /// The body is larger than any of ours needs to be.
    #[error("body too large")]
    BodyTooLarge,
    /// The body took too long to arrive.
    #[error("the body is too slow")]
    BodyTimeout,
    /// The body could not be read to its end.
    #[error("the body ended early")]
    BodyUnreadable,
    /// The captcha's answer is wrong.
    #[error("wrong captcha answer")]
    InvalidCaptcha,
    /// The captcha service took too long.
    #[error("captcha service timed out")]
    CaptchaTimeout,
    /// The captcha service could not be reached.
    #[error("captcha service unreachable: {0}")]
    CaptchaUnreachable(String),
    /// The captcha service answered, but not as agreed.
    #[error("captcha service misbehaves: {0}")]
    CaptchaMisbehaved(String),
    /// Another user has this address.
    #[error("email taken")]
    EmailTaken,
    /// Another user has this name.
    #[error("username taken")]
    UsernameTaken {
        /// A name like it that is free.
        suggestion: String,
    },
    /// No user with this name and password.
    #[error("login failed")]
    IncorrectCredentials,
    /// A protected route without a token.
    #[error("not authenticated")]
    NotAuthenticated,
    /// A token that is bad, expired, of another type, or whose user or session is gone.
    #[error("invalid access token")]
    InvalidAccessToken,
    /// A refresh token that is unknown, used up or expired.
    #[error("invalid refresh token")]
    InvalidRefreshToken,
    /// A reset token that is unknown, used or expired.
    #[error("invalid reset token")]
    InvalidResetToken,
    /// A page of another site sent the request, and CORS does not allow its origin.
    #[error("cross-site request")]
    CrossSite,
    /// Too many attempts.
    #[error("too many requests")]
    TooManyRequests {
        /// After how many seconds one more is allowed.
        retry_after_seconds: i64,
    },
    /// No such path.
    #[error("not found")]
    NotFound,
    /// The path is there, the method is not.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The settings cannot be used; the log names them.
    #[error("misconfigured")]
    Misconfigured,
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] DbError),
    /// Something that should never fail did.
    #[error("internal: {0:#}")]
    Internal(#[from] anyhow::Error),
}

impl From<HashingFailed> for Error {
    fn from(error: HashingFailed) -> Self {
        Self::Internal(error.into())
    }
}

impl From<SigningFailed> for Error {
    fn from(error: SigningFailed) -> Self {
        Self::Internal(error.into())
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Validation(vec![error])
    }
}

impl Error {
    /// Status, `error_code` and `detail` of the answer.
    fn shape(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::Validation(_) => (S::UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", "Invalid input"),
            Self::BodyTooLarge => (
                S::PAYLOAD_TOO_LARGE,
                "BODY_TOO_LARGE",
                "Request body too large",
            ),
            Self::BodyTimeout => (
                S::REQUEST_TIMEOUT,
                "BODY_TIMEOUT",
                "Request body took too long to arrive",
            ),
            Self::BodyUnreadable => (
                S::BAD_REQUEST,
                "BODY_UNREADABLE",
                "Request body could not be read",
            ),
            Self::InvalidCaptcha => (S::BAD_REQUEST, "INVALID_CAPTCHA", "Invalid CAPTCHA answer"),
            Self::CaptchaTimeout => (
                S::GATEWAY_TIMEOUT,
                "CAPTCHA_TIMEOUT",
                "Captcha verification timed out. Please try again later.",
            ),
            Self::CaptchaUnreachable(_) => (
                S::SERVICE_UNAVAILABLE,
                "CAPTCHA_UNAVAILABLE",
                "Captcha service unavailable. Please try again later.",
            ),
            Self::CaptchaMisbehaved(_) => (
                S::SERVICE_UNAVAILABLE,
                "CAPTCHA_ERROR",
                "Error communicating with captcha service.",
            ),
            Self::EmailTaken => (S::CONFLICT, "EMAIL_TAKEN", "Email already registered"),
            Self::UsernameTaken { .. } => (S::CONFLICT, "USERNAME_TAKEN", "Username already taken"),
            Self::IncorrectCredentials => (
                S::UNAUTHORIZED,
                "INCORRECT_CREDENTIALS",
                "Incorrect email or password",
            ),
            Self::NotAuthenticated => (S::UNAUTHORIZED, "NOT_AUTHENTICATED", "Not authenticated"),
            Self::InvalidAccessToken => (
                S::UNAUTHORIZED,
                "INVALID_ACCESS_TOKEN",
                "Could not validate credentials",
            ),
            Self::InvalidRefreshToken => (
                S::UNAUTHORIZED,
                "INVALID_REFRESH_TOKEN",
                "Invalid or expired refresh token",
            ),
            Self::InvalidResetToken => (
                S::BAD_REQUEST,
                "INVALID_RESET_TOKEN",
                "Invalid or expired reset token",
            ),
            Self::CrossSite => (
                S::FORBIDDEN,
                "CROSS_SITE",
                "Requests from other sites are not allowed",
            ),
            Self::TooManyRequests { .. } => (
                S::TOO_MANY_REQUESTS,
                "TOO_MANY_REQUESTS",
                "Too many requests. Please try again later.",
            ),
            Self::NotFound => (S::NOT_FOUND, "NOT_FOUND", "Not Found"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                "Method Not Allowed",
            ),
            Self::Misconfigured => (
                S::INTERNAL_SERVER_ERROR,
                "MISCONFIGURED",
                "The service is misconfigured, its log says how.",
            ),
            Self::Database(DbError::Locked) => (
                S::SERVICE_UNAVAILABLE,
                "DB_LOCKED",
                "Database error: Resource is locked. Service temporarily unavailable.",
            ),
            Self::Database(_) => (
                S::INTERNAL_SERVER_ERROR,
                "DB_ERROR",
                "Database error: Internal operation failed.",
            ),
            Self::Internal(_) => (
                S::INTERNAL_SERVER_ERROR,
                "INTERNAL_ERROR",
                "Internal Server Error",
            ),
        }
    }

    /// The header that says what would help, where one does.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::TooManyRequests {
                retry_after_seconds,
            } => Some((header::RETRY_AFTER, (*retry_after_seconds).into())),
            Self::IncorrectCredentials
            | Self::NotAuthenticated
            | Self::InvalidAccessToken
            | Self::InvalidRefreshToken => {
                // RFC 6750, 3: which scheme to come back with.
                let bearer = HeaderValue::from_static("Bearer");
                Some((header::WWW_AUTHENTICATE, bearer))
            }
            _ => None,
        }
    }

    /// Writes the cause to the log if it is one for the operator: here, where the error becomes
    /// an answer, and nowhere else.
    fn log(&self, code: &'static str) {
        match self {
            Self::Database(_) | Self::Internal(_) => {
                tracing::error!(error_code = code, cause = %self, "request failed");
            }
            Self::CaptchaTimeout | Self::CaptchaUnreachable(_) | Self::CaptchaMisbehaved(_) => {
                tracing::warn!(error_code = code, cause = %self, "captcha not verified");
            }
            Self::CrossSite => tracing::warn!(error_code = code, "request refused"),
            _ => {}
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, code, _) = self.shape();
        self.log(code);
        let header = self.header();
        let mut response = (status, Json(Body::from(self))).into_response();
        response.headers_mut().extend(header);
        response
    }
}

impl From<Error> for Body {
    fn from(error: Error) -> Self {
        let (_, code, text) = error.shape();
        let error_code = code.to_owned();
        let message = text.to_owned();
        let detail = match error {
            Error::Validation(detail) => return Self::Validation(ValidationErrorBody { detail }),
            Error::EmailTaken => ConflictDetail::Email(message),
            Error::UsernameTaken { suggestion } => ConflictDetail::Username(UsernameTaken {
                message,
                suggestion,
            }),
            _ => {
                let detail = message;
                return Self::Other(ErrorBody { detail, error_code });
            }
        };
        Self::Conflict(ConflictBody { detail, error_code })
    }
}
