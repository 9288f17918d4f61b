//! The question to Gatehouse, and its answer: one call for each request.

use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header};

use crate::facts::Credential;
use crate::headers::{SPIN_CLIENT_ADDRESS, client_address};
use crate::settings::Service;

const SESSION_PATH: &str = "/api/v1/auth/session";
const EMAIL_VERIFIED: &str = "x-gatehouse-email-verified";
const ROLE: &str = "x-gatehouse-role";
const SUBSCRIPTION: &str = "x-gatehouse-subscription";
/// Absent from tokens that another service issued before Gatehouse.
const SESSION: &str = "x-gatehouse-session";
/// The headers of every answer that names a session.
const HEADERS: [&str; 6] = [
    "x-gatehouse-user-id",
    "x-gatehouse-username",
    "x-gatehouse-email",
    EMAIL_VERIFIED,
    ROLE,
    SUBSCRIPTION,
];

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

/// The request that asks whose credential it is. It carries nothing else of the client but its
/// address, by which Gatehouse may limit attempts. `HEAD`, because the headers of the answer say it all.
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
    let mut request = Request::head(uri).header(name, value.clone()).body(())?;
    if let Some(address) = client_address(client_headers) {
        let headers = request.headers_mut();
        headers.insert(SPIN_CLIENT_ADDRESS, address);
    }
    Ok(request)
}

/// Reads Gatehouse's answer.
pub fn answer(status: StatusCode, headers: &HeaderMap) -> Answer {
    match status {
        StatusCode::OK => identity(headers).map_or_else(Answer::Unusable, Answer::Session),
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

fn identity(headers: &HeaderMap) -> Result<Identity, String> {
    let mut own = Vec::with_capacity(HEADERS.len() + 1);
    for name in HEADERS {
        let value = headers.get(name).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| format!("Gatehouse's answer has no {name}"))?;
        own.push((HeaderName::from_static(name), value.clone()));
    }
    if let Some(session) = headers.get(SESSION) {
        own.push((HeaderName::from_static(SESSION), session.clone()));
    }
    let is_email_verified = match text(headers, EMAIL_VERIFIED)? {
        "true" => true,
        "false" => false,
        _ => return Err(format!("Gatehouse's answer has no usable {EMAIL_VERIFIED}")),
    };
    Ok(Identity {
        headers: own,
        role: text(headers, ROLE)?.to_owned(),
        subscription: text(headers, SUBSCRIPTION)?.to_owned(),
        is_email_verified,
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, String> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.ok_or_else(|| format!("Gatehouse's answer has no usable {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> HeaderMap {
        let values = ["u", "Tom", "tom@example.com", "true", "ADMIN", "PRO"];
        let values = HEADERS.into_iter().zip(values).chain([(SESSION, "s")]);
        let values = values.map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        values.collect()
    }

    fn answer_to(status: u16, headers: &HeaderMap) -> Answer {
        let status = StatusCode::from_u16(status).expect("a status");
        answer(status, headers)
    }

    fn identity_in(headers: &HeaderMap) -> Identity {
        match answer_to(200, headers) {
            Answer::Session(identity) => identity,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_session_becomes_headers_and_what_the_rules_need() {
        let mut answer = session();
        answer.insert("x-request-id", HeaderValue::from_static("7"));
        let identity = identity_in(&answer);
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
        let mut answer = session();
        answer.remove(SESSION);
        assert_eq!(identity_in(&answer).headers.len(), 6);
    }

    #[test]
    fn a_name_outside_of_ascii_is_handed_on() {
        let mut answer = session();
        let name = HeaderValue::from_bytes("Żółć".as_bytes()).expect("a value");
        answer.insert("x-gatehouse-username", name.clone());
        let headers: HeaderMap = identity_in(&answer).headers.into_iter().collect();
        assert_eq!(headers["x-gatehouse-username"], name);
    }

    #[test]
    fn an_answer_that_is_not_a_whole_session_is_unusable() {
        for name in HEADERS {
            let mut answer = session();
            answer.insert(name, HeaderValue::from_static(""));
            assert!(
                matches!(answer_to(200, &answer), Answer::Unusable(_)),
                "{name}"
            );
            answer.remove(name);
            assert!(
                matches!(answer_to(200, &answer), Answer::Unusable(_)),
                "{name}"
            );
        }
        for (name, value) in [
            (EMAIL_VERIFIED, "yes"),
            (ROLE, "\u{e9}"),
            (SUBSCRIPTION, "\u{e9}"),
        ] {
            let mut answer = session();
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            answer.insert(name, value);
            assert!(
                matches!(answer_to(200, &answer), Answer::Unusable(_)),
                "{name}"
            );
        }
    }

    #[test]
    fn every_status_but_three_is_unusable_whatever_the_headers() {
        let session = session();
        for status in [201, 204, 302, 304, 400, 403, 404, 500, 502, 503] {
            let answer = answer_to(status, &session);
            assert!(matches!(answer, Answer::Unusable(_)), "{status}");
        }
        assert_eq!(answer_to(401, &session), Answer::NoSession);
        assert_eq!(answer_to(429, &session), Answer::Busy(None));
    }

    #[test]
    fn the_time_to_wait_is_taken_over_if_it_is_a_number() {
        for (value, expected) in [("7", Some(7)), ("soon", None), ("-1", None)] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
            let answer = answer(StatusCode::TOO_MANY_REQUESTS, &headers);
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
            assert_eq!(
                (request.method(), request.uri()),
                (&http::Method::HEAD, &uri.parse().expect("a URI"))
            );
            assert_eq!(request.headers().len(), 2);
            assert_eq!(request.headers()[name], "x");
            assert_eq!(request.headers()[SPIN_CLIENT_ADDRESS], "192.0.2.1:5");
        }
    }
}
