//! Describes the errors of routes, with examples generated from the real responses.
#![cfg_attr(
    not(test),
    allow(dead_code, reason = "only tests generate the description")
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
use crate::http::cross_site::CROSS_SITE;
use crate::http::error::body::{Body, ConflictBody, ErrorBody};
use crate::http::error::validation::{FieldError, ValidationErrorBody};
use crate::http::error::{DB_ERROR, DB_LOCKED, Error, INTERNAL_ERROR, MISCONFIGURED};

/// Responses by status, as in the description.
pub type Responses = BTreeMap<String, RefOr<Response>>;

/// Declares the error responses of a route, by status: a description and the errors that share it.
macro_rules! error_responses {
    ($name:ident { $($description:literal => [$($error:expr),+ $(,)?]),+ $(,)? }) => {
        /// The error responses that are specific to this route.
        #[cfg_attr(
            not(test),
            allow(dead_code, reason = "only tests generate the description")
        )]
        pub struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> crate::http::openapi::responses::Responses {
                use crate::http::openapi::responses::describe;
                [$(describe($description, [$($error.into()),+])),+].into()
            }
        }
    };
}
pub(crate) use error_responses;

error_responses!(DatabaseErrors {
    "Internal error; the log has the cause" => [DB_ERROR, INTERNAL_ERROR, MISCONFIGURED],
    "The database is locked" => [DB_LOCKED],
});

error_responses!(BodyErrors {
    "The body ended early" => [BODY_UNREADABLE],
    "The request comes from a page of another site" => [CROSS_SITE],
    "The body took longer than 10 seconds" => [BODY_TIMEOUT],
    "The body is larger than 1 MiB" => [BODY_TOO_LARGE],
});

error_responses!(CrossSiteErrors {
    "The request comes from a page of another site" => [CROSS_SITE],
});

/// Error responses of every route with a JSON body `T`.
pub struct JsonErrors<T>(PhantomData<T>);

/// Error responses of every route with a form body `T`.
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

/// Error responses for a body `T`. `empty` is the `input` that errors show for a body without
/// fields.
fn body_errors<T: ToSchema>(empty: Value) -> Responses {
    let (status, missing) = describe("Invalid fields", [fields_missing::<T>(empty)]);
    let mut responses = BodyErrors::responses();
    responses.insert(status, missing);
    responses
}

/// The error for a body `T` without any of its required fields, or for none if there are none.
fn fields_missing<T: ToSchema>(input: Value) -> Error {
    let required = match T::schema() {
        RefOr::T(Schema::Object(object)) => object.required,
        _ => Vec::new(),
    };
    if required.is_empty() {
        return FieldError::no_body().into();
    }
    let missing = |name: String| FieldError::missing(name.leak(), input.clone());
    required.into_iter().map(missing).collect::<Vec<_>>().into()
}

/// Describes the response of errors that share a status, with one example per error.
pub fn describe(
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
