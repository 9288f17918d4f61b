//! Calls the service on the page's own origin.

use gloo_net::http::{Request, Response};
use serde::{Deserialize, Serialize};
use web_sys::UrlSearchParams;

use crate::problem::Problem;

/// Seconds to wait after a 429 without `Retry-After`.
const DEFAULT_RETRY_AFTER: u32 = 60;

/// A refresh token, in the format that requests, responses and the storage share.
#[derive(PartialEq, Serialize, Deserialize)]
pub struct RefreshToken {
    refresh_token: String,
}

/// The tokens of a session.
#[derive(Deserialize)]
pub struct Tokens {
    /// For the `Authorization` header.
    pub access_token: String,
    /// For the next tokens; valid once.
    #[serde(flatten)]
    pub refresh_token: RefreshToken,
}

/// The response of the protected route.
#[derive(Deserialize)]
pub struct TestData {
    pub message: String,
    /// The id of the access token's user.
    pub user_id: String,
}

/// Starts a session. `username` may be an email address.
pub async fn log_in(username: &str, password: &str) -> Result<Tokens, Problem> {
    // OAuth2's password grant requires a form.
    let form = UrlSearchParams::new().map_err(|_| Problem::Unreadable)?;
    form.append("username", username);
    form.append("password", password);
    let response = send(Request::post("/api/v1/auth/login").body(form)).await?;
    read(response).await
}

/// Exchanges a refresh token for its successor and an access token.
pub async fn refresh(token: &RefreshToken) -> Result<Tokens, Problem> {
    let response = send(Request::post("/api/v1/auth/refresh").json(token)).await?;
    read(response).await
}

/// Ends a session.
pub async fn log_out(token: &RefreshToken) -> Result<(), Problem> {
    send(Request::post("/api/v1/auth/logout").json(token)).await?;
    Ok(())
}

/// Requests the protected route.
pub async fn test_data(access_token: &str) -> Result<TestData, Problem> {
    let request = Request::get("/api/v1/data/test-data");
    let request = request.header("authorization", &format!("Bearer {access_token}"));
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
