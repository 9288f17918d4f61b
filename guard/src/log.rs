//! The log: one JSON object a line, on standard error, in the format of Gatehouse's own.

use std::io::Write as _;

use http::request::Parts;
use http::{HeaderMap, HeaderName};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::platform;
use crate::refusal::Refusal;
use crate::settings::Problem;

/// Maximum length of a caller's request id, in characters.
const MAX_REQUEST_ID_LENGTH: usize = 64;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Spin's header with the route as the manifest has it. Paths may name people, routes do not.
const ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// What is known about a request before it is handed on.
pub struct Origin {
    method: String,
    route: Option<String>,
    request_id: Option<String>,
}

#[derive(Serialize)]
struct Refused<'a> {
    timestamp: String,
    level: Level,
    message: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    status: u16,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Unusable {
    timestamp: String,
    level: Level,
    message: String,
    variable: &'static str,
}

impl Origin {
    /// Takes from a request what its line in the log would name.
    pub fn of(head: &Parts) -> Self {
        Self {
            method: head.method.to_string(),
            route: last(&head.headers, &ROUTE),
            request_id: last(&head.headers, &REQUEST_ID).filter(|id| is_safe_to_log(id)),
        }
    }

    /// Writes the line about a refused request.
    pub fn log_refusal(&self, refusal: &Refusal) {
        self.log(
            refusal.level(),
            refusal.code(),
            refusal.cause(),
            refusal.status().as_u16(),
        );
    }

    /// Writes the line about a person who is led to the login.
    pub fn log_redirect(&self) {
        self.log(Level::Info, "LOGIN_REQUIRED", None, 303);
    }

    fn log(&self, level: Level, reason: &'static str, cause: Option<&str>, status: u16) {
        write(&Refused {
            timestamp: timestamp(),
            level,
            message: "request refused",
            reason,
            cause,
            status,
            method: &self.method,
            route: self.route.as_deref(),
            request_id: self.request_id.as_deref(),
        });
    }
}

/// Writes the line about a variable that cannot be used.
pub fn log_problem(problem: &Problem) {
    let Problem { variable, problem } = problem;
    write(&Unusable {
        timestamp: timestamp(),
        level: Level::Error,
        message: format!("cannot use the settings: {variable} {problem}"),
        variable,
    });
}

/// The host adds its header after those that a client sent by the same name.
fn last(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get_all(name).iter().next_back()?;
    Some(value.to_str().ok()?.to_owned())
}

fn is_safe_to_log(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_REQUEST_ID_LENGTH).contains(&id.len()) && id.bytes().all(is_allowed)
}

fn timestamp() -> String {
    let now = OffsetDateTime::from(platform::now());
    now.format(&Rfc3339).unwrap_or_default()
}

fn write(line: &impl Serialize) {
    let Ok(mut line) = serde_json::to_vec(line) else {
        return;
    };
    line.push(b'\n');
    // There is nowhere to report a log that cannot be written.
    _ = std::io::stderr().write_all(&line);
}
