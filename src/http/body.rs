//! Reads and validates request bodies, within limits of size and time.

use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use futures_util::future::{Either, poll_immediate, select};
use headers::{ContentType, HeaderMapExt};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mime::Mime;
use serde_json::value::RawValue;

use super::error::validation::FieldError;
use super::error::{Error, error_kinds};
use super::fields::Fields;
use crate::app::App;
use crate::platform::{clock, instance_lock};
use crate::settings::Settings;

error_kinds! {
    BODY_TOO_LARGE = PAYLOAD_TOO_LARGE, "Request body too large";
    BODY_TIMEOUT = REQUEST_TIMEOUT, "Request body took too long to arrive";
    BODY_UNREADABLE = BAD_REQUEST, "Request body could not be read";
}

/// Maximum size of a body, in bytes, unless its route takes larger ones.
const MAX_BODY_BYTES: usize = MIB;
/// A mebibyte, in bytes.
pub const MIB: usize = 1024 * 1024;
/// How much of an oversized body is read and discarded before the response, in bytes.
const MAX_DISCARDED_BYTES: usize = 16 * MAX_BODY_BYTES;
/// Time limit for each mebibyte that a body may have. A slow phone's 1 Mbit/s transfers more than a megabyte
/// in that time.
const DEADLINE_PER_MIB: Duration = Duration::from_secs(10);
/// How often the host gets a turn to hand over a body that has already arrived.
const HOST_TURNS: usize = 3;
/// How long an instance waits for a body before it accepts other requests.
const EXCLUSIVE_WAIT: Duration = Duration::from_millis(20);

/// A request type that is parsed from the fields of a body.
pub trait FromFields: Sized {
    /// Takes the fields in order, and records their errors. Returns `None` if one is invalid.
    fn from_fields(fields: &mut Fields, settings: &Settings) -> Option<Self>;
}

/// Extracts and validates a JSON body.
pub struct ValidJson<T>(pub T);

/// Extracts and validates a form body.
pub struct ValidForm<T>(pub T);

impl<T: FromFields> FromRequest<&'static App> for ValidJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &&'static App) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let fields = receive_json(&parts.headers, body).await?;
        let fields = fields.ok_or_else(FieldError::no_body)?;
        validate(fields, &app.settings).map(Self)
    }
}

impl<T: FromFields> FromRequest<&'static App> for ValidForm<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &&'static App) -> Result<Self, Error> {
        let media_type = media_type(request.headers());
        let body = receive(request.into_body(), MAX_BODY_BYTES).await?;
        // Any other media type counts as an empty form, as in the legacy service.
        let is_form =
            |it: &Mime| it.essence_str() == mime::APPLICATION_WWW_FORM_URLENCODED.essence_str();
        let form = if media_type.as_ref().is_some_and(is_form) {
            body.as_ref()
        } else {
            b""
        };
        validate(Fields::from_form(form), &app.settings).map(Self)
    }
}

/// Extracts and validates the parameters of the query. An empty one counts as absent.
pub struct ValidQuery<T>(pub T);

impl<T: FromFields> FromRequestParts<&'static App> for ValidQuery<T> {
    type Rejection = Error;

    async fn from_request_parts(request: &mut Parts, app: &&'static App) -> Result<Self, Error> {
        let query = request.uri.query().unwrap_or_default();
        let mut fields = Fields::from_form(query.as_bytes());
        let parsed = T::from_fields(&mut fields, &app.settings);
        let errors = fields.into_errors();
        match parsed {
            Some(query) if errors.is_empty() => Ok(Self(query)),
            _ => {
                let errors = errors.into_iter().map(FieldError::in_query);
                Err(errors.collect::<Vec<_>>().into())
            }
        }
    }
}

/// Receives a JSON body for an extractor that has something to add. `None` if the body is empty.
pub async fn receive_json(headers: &HeaderMap, body: Body) -> Result<Option<Fields>, Error> {
    let body = receive(body, MAX_BODY_BYTES).await?;
    json_fields(&body, media_type(headers).as_ref())
}

/// Takes the fields of a request. All errors are reported together.
pub fn validate<T: FromFields>(mut fields: Fields, settings: &Settings) -> Result<T, Error> {
    let parsed = T::from_fields(&mut fields, settings);
    let errors = fields.into_errors();
    match parsed {
        Some(body) if errors.is_empty() => Ok(body),
        _ => Err(errors.into()),
    }
}

/// Reads a body of at most `max_bytes`, whose time limit grows with them. Most bodies have already arrived: the host hands them over within a
/// turn or two, and they need no timer. Otherwise the instance waits exclusively for a moment, and then
/// accepts other requests.
pub async fn receive(body: Body, max_bytes: usize) -> Result<Bytes, Error> {
    let mut reading = pin!(read(body, max_bytes));
    for _ in 0..HOST_TURNS {
        if let Some(body) = poll_immediate(&mut reading).await {
            return body;
        }
        instance_lock::yield_to_host().await;
    }
    let reading = match select(reading, pin!(clock::sleep(EXCLUSIVE_WAIT))).await {
        Either::Left((body, _)) => return body,
        Either::Right((_, reading)) => reading,
    };
    let _released = instance_lock::release_while_waiting();
    match select(
        reading,
        pin!(clock::sleep(deadline(max_bytes) - EXCLUSIVE_WAIT)),
    )
    .await
    {
        Either::Left((body, _)) => body,
        Either::Right(_) => Err(BODY_TIMEOUT.into()),
    }
}

/// The time limit for a body of at most `max_bytes`.
fn deadline(max_bytes: usize) -> Duration {
    let mebibytes = max_bytes.div_ceil(MIB);
    DEADLINE_PER_MIB * u32::try_from(mebibytes).unwrap_or(u32::MAX)
}

async fn read(mut body: Body, max_bytes: usize) -> Result<Bytes, Error> {
    match Limited::new(&mut body, max_bytes).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            discard(body).await;
            Err(BODY_TOO_LARGE.into())
        }
        Err(_) => Err(BODY_UNREADABLE.into()),
    }
}

/// Reads and discards the rest, up to a limit. A client that is cut off while sending often gets a
/// connection reset instead of the response.
async fn discard(body: Body) {
    let mut rest = Limited::new(body, MAX_DISCARDED_BYTES);
    while let Some(Ok(_)) = rest.frame().await {}
}

/// The media type. `None` if the header is absent or malformed.
pub fn media_type(headers: &HeaderMap) -> Option<Mime> {
    let content_type: ContentType = headers.typed_get()?;
    Some(content_type.into())
}

pub(super) fn json_fields(body: &[u8], media_type: Option<&Mime>) -> Result<Option<Fields>, Error> {
    if body.is_empty() {
        return Ok(None);
    }
    // Browsers send JSON cross-origin only after a CORS preflight. Without this check, a page of
    // another site could send it as a simple request.
    if !media_type.is_some_and(is_json) {
        return Err(FieldError::not_an_object().into());
    }
    let not_json = |error| not_json(body, &error);
    let value: &RawValue = serde_json::from_slice(body).map_err(not_json)?;
    if !value.get().starts_with('{') {
        return Err(FieldError::not_an_object().into());
    }
    Fields::from_json(body).map(Some).map_err(not_json)
}

/// Whether it is JSON.
pub fn is_json(media_type: &Mime) -> bool {
    let is_json = media_type.subtype() == mime::JSON || media_type.suffix() == Some(mime::JSON);
    media_type.type_() == mime::APPLICATION && is_json
}

fn not_json(body: &[u8], error: &serde_json::Error) -> Error {
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or_default();
    let offset = if error.is_eof() {
        String::from_utf8_lossy(body).chars().count()
    } else if reason.starts_with("control character") {
        // Here serde_json's column is that of the character before the wrong one.
        offset(body, error.line(), error.column() + 1)
    } else {
        offset(body, error.line(), error.column())
    };
    FieldError::not_json(offset, reason).into()
}

/// Converts a line and column, which count bytes from one, to an offset in characters.
fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let lines_before = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1));
    let line_start: usize = lines_before.map(<[u8]>::len).sum();
    let end = (line_start + column.saturating_sub(1)).min(body.len());
    String::from_utf8_lossy(&body[..end]).chars().count()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(body: &str, content_type: Option<&str>) -> Value {
        let media_type = content_type.map(|it| it.parse().expect("a media type"));
        let Err(error) = json_fields(body.as_bytes(), media_type.as_ref()) else {
            panic!("{body} is accepted");
        };
        serde_json::to_value(&error.fields()[0]).expect("JSON")
    }

    #[test]
    fn an_empty_body_has_no_fields_whatever_its_media_type() {
        for content_type in [None, Some("application/json"), Some("text/plain")] {
            let media_type: Option<Mime> = content_type.map(|it| it.parse().expect("a media type"));
            let fields = json_fields(b"", media_type.as_ref());
            assert!(
                fields.is_ok_and(|fields| fields.is_none()),
                "{content_type:?}"
            );
        }
    }

    #[test]
    fn only_a_json_object_with_a_json_media_type_has_fields() {
        for (body, content_type) in [
            ("[]", Some("application/json")),
            ("\"text\"", Some("application/json")),
            ("5", Some("application/json")),
            ("null", Some("application/json")),
            ("{}", Some("text/plain")),
            ("{}", Some("application/x-www-form-urlencoded")),
            ("{}", None),
        ] {
            let error = refused(body, content_type);
            assert_eq!(error["type"], "model_attributes_type", "{body}");
            assert_eq!(error.get("input"), None);
        }
    }

    #[test]
    fn invalid_json_is_reported_with_its_offset_in_characters() {
        for (body, offset) in [
            ("{", 1),
            ("nope", 1),
            ("{\"żółw\": nope}", 10),
            ("{\n \"a\": 1,\n}", 11),
            ("{\"email\": 1, \"email\": 2}", 23),
            ("{\"email\": \"\\ud800\"}", 18),
            ("{\"a\": \"\u{1}\"}", 7),
        ] {
            let error = refused(body, Some("application/json"));
            assert_eq!(error["type"], "json_invalid", "{body}");
            assert_eq!(error["loc"], json!(["body", offset]), "{body}");
            assert_eq!(error["msg"], "JSON decode error");
            assert_eq!(error["input"], json!({}));
            let reason = error["ctx"]["error"].as_str().expect("a reason");
            assert!(!reason.is_empty() && !reason.contains("line"), "{reason}");
        }
    }

    #[test]
    fn every_json_media_type_is_accepted() {
        for content_type in ["application/json", "application/vnd.api+json"] {
            assert!(
                json_fields(b"{}", content_type.parse().ok().as_ref()).is_ok(),
                "{content_type}"
            );
        }
    }

    #[test]
    fn excessive_nesting_is_refused() {
        let error = refused(&"[".repeat(100_000), Some("application/json"));
        assert_eq!(error["type"], "json_invalid");
    }
}
