//! The guard's own responses, in the stable format of Gatehouse's API.

use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::log::Level;

/// Gatehouse's page that renews a session or shows the login, and leads back.
const CONTINUE_PATH: &str = "/auth/continue";
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Why a request is not handed on, or why there is no response of the application.
#[derive(Debug, PartialEq)]
pub enum Refusal {
    NotAuthenticated,
    InvalidCredentials,
    CrossSite,
    EmailNotVerified,
    Forbidden,
    /// With the seconds to wait, if Gatehouse names them.
    Busy(Option<u32>),
    /// A connection that the host cannot hand on.
    Tunnel,
    /// Gatehouse gave no answer that counts.
    Unavailable(String),
    /// The application gave no response.
    NoResponse(String),
    Misconfigured,
}

#[derive(Serialize)]
struct ErrorBody {
    detail: &'static str,
    error_code: &'static str,
}

impl Refusal {
    /// The stable code for programs.
    pub fn code(&self) -> &'static str {
        self.parts().1
    }

    pub fn status(&self) -> StatusCode {
        self.parts().0
    }

    /// The details for the log.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Unavailable(cause) | Self::NoResponse(cause) => Some(cause),
            _ => None,
        }
    }

    pub fn level(&self) -> Level {
        match self.status() {
            status if status.is_server_error() => Level::Error,
            StatusCode::UNAUTHORIZED => Level::Info,
            _ => Level::Warn,
        }
    }

    /// The response to the client. It never includes the cause.
    pub fn response(&self) -> Response<String> {
        let (status, error_code, detail) = self.parts();
        let body = ErrorBody { detail, error_code };
        let mut response = own_response(status, serde_json::to_string(&body).unwrap_or_default());
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        if let Self::Busy(Some(seconds)) = self {
            headers.insert(header::RETRY_AFTER, (*seconds).into());
        }
        response
    }

    /// Status, code and text of each. What Gatehouse refuses as well has its code and its text.
    fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotAuthenticated => (
                StatusCode::UNAUTHORIZED,
                "NOT_AUTHENTICATED",
                "Not authenticated",
            ),
            Self::InvalidCredentials => (
                StatusCode::UNAUTHORIZED,
                "INVALID_ACCESS_TOKEN",
                "Could not validate credentials",
            ),
            Self::CrossSite => (
                StatusCode::FORBIDDEN,
                "CROSS_SITE",
                "Requests from other sites are not allowed",
            ),
            Self::EmailNotVerified => (
                StatusCode::FORBIDDEN,
                "EMAIL_NOT_VERIFIED",
                "Please verify your email address first.",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "FORBIDDEN",
                "You are not allowed to do this.",
            ),
            Self::Busy(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "TOO_MANY_REQUESTS",
                "Too many requests. Please try again later.",
            ),
            Self::Tunnel => (
                StatusCode::NOT_IMPLEMENTED,
                "NOT_IMPLEMENTED",
                "WebSockets and tunnels are not supported.",
            ),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "ACCOUNTS_UNAVAILABLE",
                "The accounts service is unavailable. Please try again later.",
            ),
            Self::NoResponse(_) => (
                StatusCode::BAD_GATEWAY,
                "BAD_GATEWAY",
                "The application does not answer. Please try again later.",
            ),
            Self::Misconfigured => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "MISCONFIGURED",
                "The service is misconfigured, its log says how.",
            ),
        }
    }
}

/// Redirects a person to the login, which leads back to `page`, a path with its query.
pub fn log_in(page: &str) -> Response<String> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("return_to", local(page))
        .finish();
    let mut response = own_response(StatusCode::SEE_OTHER, String::new());
    // Percent-encoded, so always a valid value.
    if let Ok(location) = HeaderValue::from_str(&format!("{CONTINUE_PATH}?{query}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The page, unless a browser would take it for one of another host.
fn local(page: &str) -> &str {
    let is_local = page.starts_with('/') && !page.starts_with("//") && !page.contains('\\');
    if is_local { page } else { "/" }
}

fn own_response(status: StatusCode, body: String) -> Response<String> {
    let length = body.len().into();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_encoded_and_stays_on_the_same_host() {
        for (page, expected) in [
            ("/", "%2F"),
            ("/a b?q=1&r=2#x", "%2Fa+b%3Fq%3D1%26r%3D2%23x"),
            (
                "/a?next=https://evil.example",
                "%2Fa%3Fnext%3Dhttps%3A%2F%2Fevil.example",
            ),
            ("//evil.example/", "%2F"),
            ("/\\evil.example/", "%2F"),
            ("https://evil.example/", "%2F"),
            ("*", "%2F"),
            ("", "%2F"),
        ] {
            let response = log_in(page);
            let expected = format!("/auth/continue?return_to={expected}");
            assert_eq!(response.headers()["location"], expected, "{page}");
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!(response.status(), 303);
        }
    }

    #[test]
    fn a_refusal_has_a_body_for_programs_and_keeps_its_cause_to_itself() {
        let refusal = Refusal::Unavailable("a secret cause".into());
        let response = refusal.response();
        assert_eq!(response.status(), 503);
        let length = response.body().len().to_string();
        assert_eq!(response.headers()["content-length"], length);
        assert!(!response.body().contains("secret"));
        let body: serde_json::Value = serde_json::from_str(response.body()).expect("JSON");
        assert_eq!(body["error_code"], "ACCOUNTS_UNAVAILABLE");
    }

    #[test]
    fn each_header_that_a_refusal_needs_is_there() {
        let challenge = Refusal::NotAuthenticated.response();
        assert_eq!(challenge.headers()["www-authenticate"], "Bearer");
        let busy = Refusal::Busy(Some(7)).response();
        assert_eq!(busy.headers()["retry-after"], "7");
        let unknown = Refusal::Busy(None).response();
        assert!(!unknown.headers().contains_key("retry-after"));
    }
}
