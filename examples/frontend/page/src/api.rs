//! The calls to the service. They go to the page's own origin.

use gloo_net::http::{Request, Response};
use serde::{Deserialize, Serialize};
use web_sys::UrlSearchParams;

use crate::problem::Problem;

/// Seconds to wait when a refusal does not say how many.
const DEFAULT_RETRY_AFTER: u32 = 60;

/// What a session goes on with; it names the field in requests, answers and the storage alike.
#[derive(PartialEq, Serialize, Deserialize)]
pub struct RefreshToken {
    refresh_token: String,
}

/// The tokens of a session.
#[derive(Deserialize)]
pub struct Tokens {
    /// For the `Authorization` header.
    pub access_token: String,
    /// For the next tokens; good once.
    #[serde(flatten)]
    pub refresh_token: RefreshToken,
}

/// The protected route's answer.
#[derive(Deserialize)]
pub struct TestData {
    /// What the service says.
    pub message: String,
    /// Whom it takes us for.
    pub user_id: String,
}

/// Begins a session. `username` may be the email address.
pub async fn log_in(username: &str, password: &str) -> Result<Tokens, Problem> {
    // Sent as a form is: OAuth2's password grant wants it so.
    let form = UrlSearchParams::new().map_err(|_| Problem::Unreadable)?;
    form.append("username", username);
    form.append("password", password);
    let answer = send(Request::post("/api/v1/auth/login").body(form)).await?;
    read(answer).await
}

/// Exchanges a refresh token for its successor and an access token.
pub async fn refresh(token: &RefreshToken) -> Result<Tokens, Problem> {
    let answer = send(Request::post("/api/v1/auth/refresh").json(token)).await?;
    read(answer).await
}

/// Ends a session.
pub async fn log_out(token: &RefreshToken) -> Result<(), Problem> {
    send(Request::post("/api/v1/auth/logout").json(token)).await?;
    Ok(())
}

/// Asks the protected route.
pub async fn test_data(access_token: &str) -> Result<TestData, Problem> {
    let request = Request::get("/api/v1/data/test-data");
    let request = request.header("authorization", &format!("Bearer {access_token}"));
    read(send(request.build()).await?).await
}

/// Sends a request, and takes everything but a success for a problem.
async fn send(request: Result<Request, gloo_net::Error>) -> Result<Response, Problem> {
    let request = request.map_err(|_| Problem::Unreadable)?;
    let answer = request.send().await.map_err(|_| Problem::Unreachable)?;
    if answer.ok() {
        Ok(answer)
    } else {
        Err(refusal(answer).await)
    }
}

async fn read<T: for<'de> Deserialize<'de>>(answer: Response) -> Result<T, Problem> {
    answer.json().await.map_err(|_| Problem::Unreadable)
}

/// An error's body: `detail` is a text, or lists what is wrong with which field.
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

async fn refusal(answer: Response) -> Problem {
    let status = answer.status();
    if status == 429 {
        let seconds = answer.headers().get("retry-after");
        let seconds = seconds.and_then(|seconds| seconds.parse().ok());
        return Problem::TooManyRequests(seconds.unwrap_or(DEFAULT_RETRY_AFTER));
    }
    let detail = match read(answer).await {
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
