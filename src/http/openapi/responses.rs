//! The errors of routes in the API's description, each with the answer that it really makes.
#![cfg_attr(
    not(test),
    allow(dead_code, reason = "only the tests write the description down")
)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use axum::http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::Header;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use crate::http::body::{BODY_TIMEOUT, BODY_TOO_LARGE, BODY_UNREADABLE};
use crate::http::error::body::{Body, ConflictBody, ErrorBody};
use crate::http::error::validation::{FieldError, ValidationErrorBody};
use crate::http::error::{DATABASE_FAILED, DATABASE_LOCKED, Error, INTERNAL_ERROR, MISCONFIGURED};
use crate::http::middleware::CROSS_SITE;

/// Answers by status, as the description lists them.
pub type Responses = BTreeMap<String, RefOr<Response>>;

/// Declares the errors of a route for the API's description, by status: a sentence and the errors
/// that share it.
macro_rules! error_answers {
    ($name:ident { $($description:literal => [$($error:expr),+ $(,)?]),+ $(,)? }) => {
        /// What this route can answer besides what others do.
        #[cfg_attr(
            not(test),
            allow(dead_code, reason = "only the tests write the description down")
        )]
        pub struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> crate::http::openapi::responses::Responses {
                use crate::http::openapi::responses::answer;
                [$(answer($description, [$($error.into()),+])),+].into()
            }
        }
    };
}
pub(crate) use error_answers;

error_answers!(DatabaseErrors {
    "The service failed; its log says why" => [DATABASE_FAILED, INTERNAL_ERROR, MISCONFIGURED],
    "The database is locked" => [DATABASE_LOCKED],
});

error_answers!(BodyErrors {
    "The body ended early" => [BODY_UNREADABLE],
    "A page of another site sent it" => [CROSS_SITE],
    "The body took longer than 10 seconds" => [BODY_TIMEOUT],
    "The body is larger than 1 MiB" => [BODY_TOO_LARGE],
});

/// What any route can answer that takes a JSON body `T`.
pub struct JsonErrors<T>(PhantomData<T>);

/// What any route can answer that takes a form `T`.
pub struct FormErrors<T>(PhantomData<T>);

impl<T: ToSchema> IntoResponses for JsonErrors<T> {
    fn responses() -> Responses {
        body_errors::<T>(json!({}))
    }
}

impl<T: ToSchema> IntoResponses for FormErrors<T> {
    fn responses() -> Responses {
        body_errors::<T>(Value::Null)
    }
}

/// What can be wrong with a body `T`; `empty` is the input that an error shows of one without fields.
fn body_errors<T: ToSchema>(empty: Value) -> Responses {
    let (status, missing) = answer("Fields that break rules", [fields_missing::<T>(empty)]);
    let mut responses = BodyErrors::responses();
    responses.insert(status, missing);
    responses
}

/// All fields that a body `T` must have are missing.
fn fields_missing<T: ToSchema>(input: Value) -> Error {
    let required = match T::schema() {
        RefOr::T(Schema::Object(object)) => object.required,
        _ => Vec::new(),
    };
    let missing = |name: String| FieldError::missing(name.leak(), input.clone());
    required.into_iter().map(missing).collect::<Vec<_>>().into()
}

/// The answer of errors that share a status, with each of them as an example.
pub fn answer(
    description: &str,
    errors: impl IntoIterator<Item = Error>,
) -> (String, RefOr<Response>) {
    let mut status = StatusCode::default();
    let mut response = ResponseBuilder::new().description(description);
    let mut content = ContentBuilder::new();
    for error in errors {
        status = error.status();
        if let Some((name, value)) = error.header() {
            response = response.header(name.as_str(), header(&value));
        }
        let code = error.code();
        let body = Body::from(error);
        let schema = Ref::from_schema_name(schema_name(status, &body));
        let example = ExampleBuilder::new().value(Some(json!(body))).build();
        content = content
            .schema(Some(schema))
            .examples_from_iter([(code, example)]);
    }
    let response = response.content("application/json", content.build());
    (status.as_str().to_owned(), response.build().into())
}

fn header(value: &HeaderValue) -> Header {
    let mut header = Header::default();
    header.example = Some(json!(value.to_str().unwrap_or_default()));
    header
}

fn schema_name(status: StatusCode, body: &Body) -> Cow<'static, str> {
    match (status, body) {
        (_, Body::Validation(_)) => ValidationErrorBody::name(),
        (StatusCode::CONFLICT, _) => ConflictBody::name(),
        _ => ErrorBody::name(),
    }
}
