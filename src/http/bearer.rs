//! Bearer tokens that the settings have, for machines.

use axum::http::HeaderMap;
use headers::authorization::Bearer;
use headers::{Authorization, HeaderMapExt};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// Whether a request has this token. Without a token in the settings, none is right. Comparing takes the same
/// time for every wrong one.
pub fn has_token(request: &HeaderMap, token: Option<&SecretString>) -> bool {
    let received: Option<Authorization<Bearer>> = request.typed_get();
    let (Some(received), Some(token)) = (received, token) else {
        return false;
    };
    let received = received.token().as_bytes();
    received.ct_eq(token.expose_secret().as_bytes()).into()
}
