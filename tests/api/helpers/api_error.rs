//! The errors of the API, except for 422 and the 409 of a taken username.

use serde_json::{Value, json};

/// An error as clients see it.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) detail: &'static str,
    pub(crate) code: &'static str,
}

impl ApiError {
    const fn new(status: u16, code: &'static str, detail: &'static str) -> Self {
        Self {
            status,
            detail,
            code,
        }
    }

    /// The expected response body.
    pub(crate) fn body(&self) -> Value {
        json!({"detail": self.detail, "error_code": self.code})
    }
}

pub(crate) const CROSS_SITE: ApiError = ApiError::new(
    403,
    "CROSS_SITE",
    "Requests from other sites are not allowed",
);
pub(crate) const INVALID_CAPTCHA: ApiError =
    ApiError::new(400, "INVALID_CAPTCHA", "Invalid CAPTCHA answer");
pub(crate) const CAPTCHA_TIMEOUT: ApiError = ApiError::new(
    504,
    "CAPTCHA_TIMEOUT",
    "Captcha verification timed out. Please try again later.",
);
pub(crate) const CAPTCHA_UNAVAILABLE: ApiError = ApiError::new(
    503,
    "CAPTCHA_UNAVAILABLE",
    "Captcha service unavailable. Please try again later.",
);
pub(crate) const CAPTCHA_ERROR: ApiError = ApiError::new(
    503,
    "CAPTCHA_ERROR",
    "Error communicating with captcha service.",
);
pub(crate) const EMAIL_TAKEN: ApiError =
    ApiError::new(409, "EMAIL_TAKEN", "Email already registered");
pub(crate) const INCORRECT_CREDENTIALS: ApiError =
    ApiError::new(401, "INCORRECT_CREDENTIALS", "Incorrect email or password");
pub(crate) const NOT_AUTHENTICATED: ApiError =
    ApiError::new(401, "NOT_AUTHENTICATED", "Not authenticated");
pub(crate) const INVALID_ACCESS_TOKEN: ApiError = ApiError::new(
    401,
    "INVALID_ACCESS_TOKEN",
    "Could not validate credentials",
);
pub(crate) const INVALID_REFRESH_TOKEN: ApiError = ApiError::new(
    401,
    "INVALID_REFRESH_TOKEN",
    "Invalid or expired refresh token",
);
pub(crate) const INVALID_RESET_TOKEN: ApiError =
    ApiError::new(400, "INVALID_RESET_TOKEN", "Invalid or expired reset token");
pub(crate) const NOT_FOUND: ApiError = ApiError::new(404, "NOT_FOUND", "Not Found");
pub(crate) const METHOD_NOT_ALLOWED: ApiError =
    ApiError::new(405, "METHOD_NOT_ALLOWED", "Method Not Allowed");
pub(crate) const BODY_TOO_LARGE: ApiError =
    ApiError::new(413, "BODY_TOO_LARGE", "Request body too large");
pub(crate) const TOO_MANY_REQUESTS: ApiError = ApiError::new(
    429,
    "TOO_MANY_REQUESTS",
    "Too many requests. Please try again later.",
);
pub(crate) const DB_LOCKED: ApiError = ApiError::new(
    503,
    "DB_LOCKED",
    "Database error: Resource is locked. Service temporarily unavailable.",
);
pub(crate) const DB_ERROR: ApiError = ApiError::new(
    500,
    "DB_ERROR",
    "Database error: Internal operation failed.",
);
pub(crate) const INVALID_VERIFICATION_TOKEN: ApiError = ApiError::new(
    400,
    "INVALID_VERIFICATION_TOKEN",
    "Invalid or expired link or code",
);
pub(crate) const INCORRECT_PASSWORD: ApiError =
    ApiError::new(403, "INCORRECT_PASSWORD", "Incorrect password");
pub(crate) const INVALID_NOTICE_TOKEN: ApiError =
    ApiError::new(400, "INVALID_NOTICE_TOKEN", "Invalid or expired link");
pub(crate) const FORBIDDEN: ApiError = ApiError::new(403, "FORBIDDEN", "Administrators only");
pub(crate) const REAUTHENTICATION_REQUIRED: ApiError =
    ApiError::new(403, "REAUTHENTICATION_REQUIRED", "Log in again to do this");
pub(crate) const LAST_ADMIN: ApiError = ApiError::new(
    409,
    "LAST_ADMIN",
    "The last administrator cannot be removed",
);
