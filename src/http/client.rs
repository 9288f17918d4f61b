//! What sessions and events keep of the client that sent a request.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use super::client_address::ClientAddress;
use crate::app::App;
use crate::languages::Language;

/// Bytes of a `User-Agent` that are kept. Those of browsers have fewer, and a client can send any.
const MAX_USER_AGENT_BYTES: usize = 256;

/// The id of a request, as the middleware has chosen it.
#[derive(Debug, Clone)]
pub struct RequestId(pub HeaderValue);

/// The client of a request.
#[derive(Debug, Clone)]
pub struct Client {
    pub network: ClientAddress,
    /// The start of its `User-Agent`.
    pub user_agent: Option<String>,
    /// The id of the request, as in the log.
    pub request_id: String,
    /// The language that it asks for.
    pub language: Language,
}

impl FromRequestParts<&'static App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &&'static App) -> Result<Self, Infallible> {
        let hops = app.settings.http.trusted_proxy_hops;
        let request_id = parts.extensions.get::<RequestId>();
        let request_id = request_id.and_then(|RequestId(id)| id.to_str().ok());
        Ok(Self {
            network: ClientAddress::of(&parts.headers, hops),
            user_agent: user_agent(&parts.headers),
            request_id: request_id.unwrap_or_default().to_owned(),
            language: Language::of(&parts.headers),
        })
    }
}

/// The start of the `User-Agent`, of whole characters.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let whole = String::from_utf8_lossy(headers.get(USER_AGENT)?.as_bytes()).into_owned();
    let end = whole.floor_char_boundary(MAX_USER_AGENT_BYTES);
    Some(whole[..end].to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &[u8]) -> Option<String> {
        let value = HeaderValue::from_bytes(value).expect("a header");
        user_agent(&[(USER_AGENT, value)].into_iter().collect())
    }

    #[test]
    fn a_user_agent_is_kept_up_to_a_whole_character() {
        assert_eq!(read(b"curl/8.5.0").as_deref(), Some("curl/8.5.0"));
        let long = format!("{}ż and more", "a".repeat(MAX_USER_AGENT_BYTES - 1));
        assert_eq!(
            read(long.as_bytes()),
            Some("a".repeat(MAX_USER_AGENT_BYTES - 1))
        );
        assert_eq!(read(b"\xff").as_deref(), Some("\u{fffd}"));
    }

    #[test]
    fn a_client_without_a_user_agent_has_none() {
        assert_eq!(read(b""), None);
        assert_eq!(user_agent(&HeaderMap::new()), None);
    }
}
