//! Calls the service on the page's own origin.

use gloo_net::http::{Request, Response};
use serde::{Deserialize, Serialize};
use web_sys::UrlSearchParams;

use crate::problem::Problem;

/// Seconds to wait after a 429 without `Retry-After`.
const DEFAULT_RETRY_AFTER: u32 = 60;

/// The choice of a session in cookies, which no script can read.
const IN_COOKIES: &str = "cookie";

/// A refresh token that an earlier version of the page has stored.
#[derive(Serialize, Deserialize)]
pub struct StoredToken {
    refresh_token: String,
}

/// The body of a request about the session in the cookies, or about a stored one.
#[derive(Serialize)]
struct SessionRequest<'a> {
    session: &'static str,
    #[serde(flatten)]
    stored: Option<&'a StoredToken>,
}

impl<'a> SessionRequest<'a> {
    fn new(stored: Option<&'a StoredToken>) -> Self {
        Self {
            session: IN_COOKIES,
            stored,
        }
    }
}

/// The response of the protected route.
#[derive(Deserialize)]
pub struct TestData {
    pub message: String,
    /// The id of the session's user.
    pub user_id: String,
}

/// Starts a session. `username` may be an email address.
pub async fn log_in(username: &str, password: &str) -> Result<(), Problem> {
    // OAuth2's password grant requires a form.
    let form = UrlSearchParams::new().map_err(|_| Problem::Unreadable)?;
    form.append("username", username);
    form.append("password", password);
    form.append("session", IN_COOKIES);
    send(Request::post("/api/v1/auth/login").body(form)).await?;
    Ok(())
}

/// Renews the session in the cookies, or moves a stored one there.
pub async fn refresh(stored: Option<&StoredToken>) -> Result<(), Problem> {
    let body = SessionRequest::new(stored);
    send(Request::post("/api/v1/auth/refresh").json(&body)).await?;
    Ok(())
}

/// Ends the session in the cookies, or a stored one.
pub async fn log_out(stored: Option<&StoredToken>) -> Result<(), Problem> {
    let body = SessionRequest::new(stored);
    send(Request::post("/api/v1/auth/logout").json(&body)).await?;
    Ok(())
}

/// Requests the protected route. The browser adds the cookie.
pub async fn test_data() -> Result<TestData, Problem> {
    let request = Request::get("/api/v1/data/test-data");
    read(send(request.build()).await?).await
}

/// Sends a request, and turns every response except a success into a problem.
async fn send(request: Result<Request, gloo_net::Error>) -> Result<Response, Problem> {
    let request = request.map_err(|_| Problem::Unreadable)?;
    let response = request.send().await.map_err(|_| Problem::Unreachable)?;
    if response.ok() {
        Ok(response)
    } else {
        Err(problem_of(response).await)
    }
}

async fn read<T: for<'de> Deserialize<'de>>(response: Response) -> Result<T, Problem> {
    response.json().await.map_err(|_| Problem::Unreadable)
}

/// The body of an error: `detail` is a string or a list of invalid fields.
#[derive(Deserialize)]
struct ErrorBody {
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Detail {
    Text(String),
    Fields(Vec<FieldError>),
}

#[derive(Deserialize)]
struct FieldError {
    msg: String,
}

async fn problem_of(response: Response) -> Problem {
    let status = response.status();
    if status == 429 {
        let seconds = response.headers().get("retry-after");
        let seconds = seconds.and_then(|seconds| seconds.parse().ok());
        return Problem::TooManyRequests(seconds.unwrap_or(DEFAULT_RETRY_AFTER));
    }
    let detail = match read(response).await {
        Ok(ErrorBody {
            detail: Detail::Text(text),
        }) => text,
        Ok(ErrorBody {
            detail: Detail::Fields(fields),
        }) => {
            let messages: Vec<_> = fields.into_iter().map(|field| field.msg).collect();
            messages.join(". ")
        }
        Err(_) => format!("The service failed with status {status}"),
    };
    Problem::Refused { status, detail }
}
