//! The question to Gatehouse, and its answer: one call for each request.

use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use serde::Deserialize;

use crate::facts::Credential;
use crate::headers::{SPIN_CLIENT_ADDRESS, client_address};
use crate::settings::Service;

const SESSION_PATH: &str = "/api/v1/auth/session";

/// What Gatehouse says about a credential.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Session(Identity),
    NoSession,
    /// Too many requests, with the seconds to wait if Gatehouse names them.
    Busy(Option<u32>),
    /// No answer, or one without a meaning. The reason is for the log.
    Unusable(String),
}

/// The owner of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// For the application.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub role: String,
    pub subscription: String,
    pub is_email_verified: bool,
}

/// The body of Gatehouse's answer.
#[derive(Deserialize)]
struct Session {
    /// Absent from tokens that another service issued before Gatehouse.
    session_id: Option<String>,
    user_id: String,
    username: String,
    email: String,
    email_verified: bool,
    account_role: String,
    account_subscription: String,
}

/// The request that asks whose credential it is. It carries nothing else of the client but its
/// address, by which Gatehouse may limit attempts.
///
/// # Errors
/// The address of Gatehouse is not usable in a request.
pub fn question(
    gatehouse: &Service,
    credential: &Credential,
    client_headers: &HeaderMap,
) -> http::Result<Request<()>> {
    let uri = Uri::builder()
        .scheme(gatehouse.scheme.clone())
        .authority(gatehouse.authority.clone())
        .path_and_query(SESSION_PATH)
        .build()?;
    let (name, value) = match credential {
        Credential::Bearer(value) => (header::AUTHORIZATION, value),
        Credential::Cookie(value) => (header::COOKIE, value),
    };
    let mut request = Request::get(uri).header(name, value.clone()).body(())?;
    if let Some(address) = client_address(client_headers) {
        let headers = request.headers_mut();
        headers.insert(SPIN_CLIENT_ADDRESS, address);
    }
    Ok(request)
}

/// Reads Gatehouse's answer.
pub fn answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answer {
    match status {
        StatusCode::OK => identity(body).map_or_else(Answer::Unusable, Answer::Session),
        StatusCode::UNAUTHORIZED => Answer::NoSession,
        StatusCode::TOO_MANY_REQUESTS => Answer::Busy(retry_after(headers)),
        status => Answer::Unusable(format!("Gatehouse answered {}", status.as_u16())),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<u32> {
    headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn identity(body: &[u8]) -> Result<Identity, String> {
    let session: Session = serde_json::from_slice(body)
        // The message names fields and places, and no values of strings.
        .map_err(|error| {
            format!(
                "Gatehouse's answer is not a session: {:?}",
                error.classify()
            )
        })?;
    if session.user_id.is_empty() {
        return Err("Gatehouse's answer names no user".to_owned());
    }
    let verified = session.email_verified.to_string();
    let mut headers = Vec::with_capacity(7);
    for (name, value) in [
        ("x-gatehouse-user-id", Some(&session.user_id)),
        ("x-gatehouse-username", Some(&session.username)),
        ("x-gatehouse-email", Some(&session.email)),
        ("x-gatehouse-email-verified", Some(&verified)),
        ("x-gatehouse-role", Some(&session.account_role)),
        (
            "x-gatehouse-subscription",
            Some(&session.account_subscription),
        ),
        ("x-gatehouse-session", session.session_id.as_ref()),
    ] {
        let Some(value) = value else { continue };
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| format!("Gatehouse's answer has no usable {name}"))?;
        headers.push((HeaderName::from_static(name), value));
    }
    Ok(Identity {
        headers,
        role: session.account_role,
        subscription: session.account_subscription,
        is_email_verified: session.email_verified,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn session() -> Value {
        json!({
            "session_id": "s", "user_id": "u", "username": "Tom", "email": "tom@example.com",
            "email_verified": true, "account_role": "ADMIN", "account_subscription": "PRO",
        })
    }

    fn answer_to(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).expect("a status");
        answer(status, &HeaderMap::new(), body.as_bytes())
    }

    fn identity_in(body: &Value) -> Identity {
        match answer_to(200, &body.to_string()) {
            Answer::Session(identity) => identity,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_session_becomes_headers_and_what_the_rules_need() {
        let identity = identity_in(&session());
        let headers = identity.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
            .collect();
        let expected = [
            "x-gatehouse-user-id: u",
            "x-gatehouse-username: Tom",
            "x-gatehouse-email: tom@example.com",
            "x-gatehouse-email-verified: true",
            "x-gatehouse-role: ADMIN",
            "x-gatehouse-subscription: PRO",
            "x-gatehouse-session: s",
        ];
        assert_eq!(headers, expected);
        assert_eq!((&*identity.role, &*identity.subscription), ("ADMIN", "PRO"));
        assert!(identity.is_email_verified);
    }

    #[test]
    fn a_token_without_a_session_of_its_own_has_no_session_header() {
        let mut body = session();
        body["session_id"] = Value::Null;
        assert_eq!(identity_in(&body).headers.len(), 6);
    }

    #[test]
    fn an_answer_that_is_not_a_whole_session_is_unusable() {
        for (field, value) in [
            ("user_id", json!("")),
            ("user_id", Value::Null),
            ("user_id", json!(7)),
            ("username", json!("a\r\nx-gatehouse-role: ADMIN")),
            ("email", json!("a\0b")),
            ("email_verified", json!("true")),
            ("email_verified", Value::Null),
            ("account_role", Value::Null),
            ("account_subscription", json!([])),
        ] {
            let mut body = session();
            body[field] = value.clone();
            let answer = answer_to(200, &body.to_string());
            assert!(matches!(answer, Answer::Unusable(_)), "{field}: {value}");
        }
        for body in ["", "{}", "null", "[]", "<html>", "{\"user_id\":\"u\"}"] {
            assert!(
                matches!(answer_to(200, body), Answer::Unusable(_)),
                "{body}"
            );
        }
    }

    #[test]
    fn every_status_but_three_is_unusable_whatever_the_body() {
        let body = session().to_string();
        for status in [201, 204, 302, 304, 400, 403, 404, 500, 502, 503] {
            let answer = answer_to(status, &body);
            assert!(matches!(answer, Answer::Unusable(_)), "{status}");
        }
        assert_eq!(answer_to(401, &body), Answer::NoSession);
        assert_eq!(answer_to(429, &body), Answer::Busy(None));
    }

    #[test]
    fn the_time_to_wait_is_taken_over_if_it_is_a_number() {
        for (value, expected) in [("7", Some(7)), ("soon", None), ("-1", None)] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
            let answer = answer(StatusCode::TOO_MANY_REQUESTS, &headers, b"");
            assert_eq!(answer, Answer::Busy(expected));
        }
    }

    #[test]
    fn the_question_carries_the_credential_and_the_address_and_nothing_else() {
        let gatehouse = crate::settings::Settings::parse(|_| None)
            .expect("defaults")
            .gatehouse;
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-gatehouse-client-addr", "forged"),
            ("spin-client-addr", "forged"),
            ("spin-client-addr", "192.0.2.1:5"),
            ("cookie", "other=1"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        for (credential, name) in [
            (
                Credential::Bearer(HeaderValue::from_static("x")),
                "authorization",
            ),
            (Credential::Cookie(HeaderValue::from_static("x")), "cookie"),
        ] {
            let request = question(&gatehouse, &credential, &headers).expect("a request");
            let uri = "http://gatehouse.spin.internal/api/v1/auth/session";
            assert_eq!(request.uri(), uri);
            assert_eq!(request.headers().len(), 2);
            assert_eq!(request.headers()[name], "x");
            assert_eq!(request.headers()[SPIN_CLIENT_ADDRESS], "192.0.2.1:5");
        }
    }
}
