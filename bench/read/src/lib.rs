//! A component that runs the protected GET's one statement and nothing else: the bound of the service.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]
#![expect(clippy::disallowed_methods, reason = "the statement needs the time")]

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{Response, StatusCode, header};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use spin_sdk::sqlite::Value;
use spin_sdk::sqlite::wit::sqlite::Connection;

/// The statement of `is_alive` in `src/sessions/store.rs`. The benchmark checks that it is the same.
const STATEMENT: &str = include_str!("../../is_alive.sql");
const BODY: &str = "ok";

/// Open as long as the instance exists, like the service's.
static CONNECTION: OnceLock<Connection> = OnceLock::new();

#[http_service]
async fn answer(request: Request) -> Response<String> {
    let mut response = Response::new(BODY.to_owned());
    if is_alive(&request) != Some(true) {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    // With a length, the response leaves in one packet.
    let length = BODY.len().into();
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    response
}

/// Whether the session is active. `None` if the request has no ids or the database fails.
fn is_alive(request: &Request) -> Option<bool> {
    let ids = request.headers().get(header::AUTHORIZATION)?;
    let (user, session) = ids.to_str().ok()?.split_once(' ')?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let parameters = [
        Value::Text(session.to_owned()),
        Value::Text(user.to_owned()),
        Value::Integer(now.try_into().ok()?),
    ];
    let result = connection()?.execute(STATEMENT, &parameters).ok()?;
    Some(!result.rows.is_empty())
}

fn connection() -> Option<&'static Connection> {
    if CONNECTION.get().is_none() {
        // Another request may have been faster.
        _ = CONNECTION.set(Connection::open("default").ok()?);
    }
    CONNECTION.get()
}
