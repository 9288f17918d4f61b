//! Extracts a request's language from `Accept-Language`.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;

use super::Language;

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let values = parts.headers.get_all(ACCEPT_LANGUAGE).iter();
        let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        Ok(Self::negotiate(&values.join(",")))
    }
}
