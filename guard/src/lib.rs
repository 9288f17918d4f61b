//! The guard of Gatehouse: lets only requests with a session through to another component, and tells
//! it who sent them.

mod cookies;
mod decision;
mod facts;
mod gatehouse;
mod headers;
mod log;
mod platform;
mod public_paths;
mod refusal;
mod settings;

use std::collections::HashMap;
use std::sync::OnceLock;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, header, response};

use crate::decision::{Decision, decide};
use crate::facts::{Credential, Facts};
use crate::gatehouse::{Answer, Identity};
pub use crate::platform::Stream;
use crate::refusal::Refusal;
use crate::settings::{Problem, Settings, VARIABLES};

/// In bytes. A shorter body is sent together with its head: otherwise they leave in two packets, and the
/// second waits up to 40 ms for the client to acknowledge the first, because Spin does not set
/// TCP_NODELAY.
const MAX_SHORT_BODY: usize = 64 * 1024;

/// The body of a response.
pub enum Body {
    /// The guard's own.
    Text(String),
    /// The application's, of at most [`MAX_SHORT_BODY`] or of unknown length.
    Short(Stream),
    /// The application's, longer than that.
    Long(Stream),
}

/// The settings of this instance, kept once they are valid.
static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// Handles a request.
pub async fn handle(request: Request<Stream>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let origin = log::Origin::of(&head);
    match respond(head, body).await {
        Ok(Reply::Application(response)) => response,
        Ok(Reply::LogIn(page)) => {
            origin.log_redirect();
            refusal::log_in(&page).map(Body::Text)
        }
        Err(refusal) => {
            origin.log_refusal(&refusal);
            refusal.response().map(Body::Text)
        }
    }
}

/// A response that is no error.
enum Reply {
    Application(Response<Body>),
    /// A redirect to the login, which leads back to this page.
    LogIn(String),
}

async fn respond(head: Parts, body: Stream) -> Result<Reply, Refusal> {
    let settings = settings().await.map_err(|problem| {
        log::log_problem(&problem);
        Refusal::Misconfigured
    })?;
    let facts = Facts::of(&head, settings.origin.as_deref());
    let decision = match decide(&facts, settings, None) {
        Decision::Ask(credential) => {
            let answer = ask(settings, credential, &head.headers).await;
            decide(&facts, settings, Some(answer))
        }
        decision => decision,
    };
    match decision {
        Decision::HandOn(identity) => hand_on(head, body, settings, identity.as_ref())
            .await
            .map(Reply::Application),
        Decision::LogIn => {
            let page = head.uri.path_and_query().map(|page| page.as_str());
            Ok(Reply::LogIn(page.unwrap_or_default().to_owned()))
        }
        Decision::Refuse(refusal) => Err(refusal),
        // An answer leads to no second question.
        Decision::Ask(_) => Err(Refusal::Unavailable("undecided".to_owned())),
    }
}

/// The settings of this instance. After a failure, the next request reads them again: the provider of
/// the variables may have been unreachable.
async fn settings() -> Result<&'static Settings, Problem> {
    if let Some(settings) = SETTINGS.get() {
        return Ok(settings);
    }
    let mut values = HashMap::new();
    for variable in VARIABLES {
        let value = platform::variable(variable).await;
        let value = value.map_err(|problem| Problem { variable, problem })?;
        values.extend(value.map(|value| (variable, value)));
    }
    let settings = Settings::parse(|name| values.get(name).cloned())?;
    if platform::NEEDS_UPSTREAM && settings.upstream.is_none() {
        return Err(Problem {
            variable: "guard_upstream",
            problem: "has no value: set it to the application's address",
        });
    }
    Ok(SETTINGS.get_or_init(|| settings))
}

async fn ask(settings: &Settings, credential: &Credential, headers: &HeaderMap) -> Answer {
    let question = match gatehouse::question(&settings.gatehouse, credential, headers) {
        Ok(question) => question,
        Err(error) => return Answer::Unusable(error.to_string()),
    };
    match platform::ask(question).await {
        Ok(response) => gatehouse::answer(response.status(), response.headers()),
        Err(cause) => Answer::Unusable(cause),
    }
}

async fn hand_on(
    mut head: Parts,
    body: Stream,
    settings: &Settings,
    identity: Option<&Identity>,
) -> Result<Response<Body>, Refusal> {
    headers::prepare(&mut head.headers, identity);
    let request = Request::from_parts(head, body);
    let response = platform::hand_on(request, settings).await;
    let (mut head, body) = response.map_err(Refusal::NoResponse)?.into_parts();
    if identity.is_some() && !head.headers.contains_key(header::CACHE_CONTROL) {
        // Without it, a shared cache may store a page of one person and serve it to another
        // (RFC 9111, 4.2.2): it does not know that the cookie decided about it.
        let private = HeaderValue::from_static("private");
        head.headers.insert(header::CACHE_CONTROL, private);
    }
    let body = match is_long(&head) {
        true => Body::Long(body),
        false => Body::Short(body),
    };
    Ok(Response::from_parts(head, body))
}

fn is_long(head: &response::Parts) -> bool {
    let length = head.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    length.is_some_and(|length| length > MAX_SHORT_BODY as u64)
}
