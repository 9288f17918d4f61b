//! The errors of routes, for the API's description: each with the answer that it really makes.
#![cfg_attr(
    not(test),
    allow(dead_code, reason = "only the tests write the description down")
)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use axum::http::HeaderValue;
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::Header;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use super::Error;
use super::body::{Body, ConflictBody, ErrorBody};
use super::validation::{FieldError, ValidationErrorBody};
use crate::store::db::DbError;

/// Answers by status, as the description lists them.
type Responses = BTreeMap<String, RefOr<Response>>;

/// What any route can answer that uses the database.
pub struct DatabaseErrors;

/// What any route can answer that takes a JSON body `T` and counts attempts.
pub struct JsonErrors<T>(PhantomData<T>);

/// What any route can answer that takes a form `T` and counts attempts.
pub struct FormErrors<T>(PhantomData<T>);

/// What any route can answer that asks for an access token.
pub struct AccessTokenErrors;

/// What only the route for challenges can answer.
pub struct ChallengeErrors;

/// What only a registration can answer.
pub struct RegistrationErrors;

/// What only a login can answer.
pub struct LoginErrors;

/// What only a route can answer that takes a refresh token for new ones.
pub struct RefreshTokenErrors;

/// What only a route can answer that takes a reset token.
pub struct ResetTokenErrors;

impl IntoResponses for DatabaseErrors {
    fn responses() -> Responses {
        let failed = [
            Error::Database(DbError::Failed(String::new())),
            Error::Internal(anyhow::Error::msg("told by the log only")),
            Error::Misconfigured,
        ];
        Responses::from([
            answer("The service failed; its log says why", failed),
            answer("The database is locked", [Error::Database(DbError::Locked)]),
        ])
    }
}

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

impl IntoResponses for AccessTokenErrors {
    fn responses() -> Responses {
        let refused = [Error::NotAuthenticated, Error::InvalidAccessToken];
        Responses::from([answer("No token, or not a good one", refused)])
    }
}

impl IntoResponses for ChallengeErrors {
    fn responses() -> Responses {
        let missing = [Error::NotFound];
        Responses::from([answer("The captcha is not the built-in one", missing)])
    }
}

impl IntoResponses for RegistrationErrors {
    fn responses() -> Responses {
        let suggestion = "Tom1".to_owned();
        let taken = [Error::EmailTaken, Error::UsernameTaken { suggestion }];
        let unavailable = [
            Error::CaptchaUnreachable(String::new()),
            Error::CaptchaMisbehaved(String::new()),
            Error::Database(DbError::Locked),
        ];
        Responses::from([
            answer(
                "Wrong captcha answer, or the body ended early",
                [Error::InvalidCaptcha, Error::BodyUnreadable],
            ),
            answer("The address or the name is taken", taken),
            answer(
                "The captcha service failed, or the database is locked",
                unavailable,
            ),
            answer("The captcha service took too long", [Error::CaptchaTimeout]),
        ])
    }
}

impl IntoResponses for LoginErrors {
    fn responses() -> Responses {
        let refused = [Error::IncorrectCredentials];
        Responses::from([answer("No user with this name and password", refused)])
    }
}

impl IntoResponses for RefreshTokenErrors {
    fn responses() -> Responses {
        let refused = [Error::InvalidRefreshToken];
        Responses::from([answer("Unknown, used up or expired", refused)])
    }
}

impl IntoResponses for ResetTokenErrors {
    fn responses() -> Responses {
        let refused = [Error::InvalidResetToken, Error::BodyUnreadable];
        let description = "Unknown, used or expired, or the body ended early";
        Responses::from([answer(description, refused)])
    }
}

/// What can be wrong with a body `T`; `empty` is what one without fields is told to be.
fn body_errors<T: ToSchema>(empty: Value) -> Responses {
    let throttled = Error::TooManyRequests {
        retry_after_seconds: 60,
    };
    Responses::from([
        answer("The body ended early", [Error::BodyUnreadable]),
        answer("A page of another site sent it", [Error::CrossSite]),
        answer("The body took longer than 10 seconds", [Error::BodyTimeout]),
        answer("The body is larger than 1 MiB", [Error::BodyTooLarge]),
        answer("Fields that break rules", [fields_missing::<T>(empty)]),
        answer(
            "Too many attempts; `Retry-After` says how many seconds to wait",
            [throttled],
        ),
    ])
}

/// All fields that a body `T` must have are missing.
fn fields_missing<T: ToSchema>(input: Value) -> Error {
    let required = match T::schema() {
        RefOr::T(Schema::Object(object)) => object.required,
        _ => Vec::new(),
    };
    let missing = |name: String| FieldError::missing(name.leak(), input.clone());
    Error::Validation(required.into_iter().map(missing).collect())
}

/// The answer of errors that share a status, with each of them as an example.
pub fn answer(
    description: &str,
    errors: impl IntoIterator<Item = Error>,
) -> (String, RefOr<Response>) {
    let mut status = String::new();
    let mut response = ResponseBuilder::new().description(description);
    let mut content = ContentBuilder::new();
    for error in errors {
        let (of_error, code, _) = error.shape();
        status = of_error.as_str().to_owned();
        if let Some((name, value)) = error.header() {
            response = response.header(name.as_str(), header(&value));
        }
        let body = Body::from(error);
        let example = ExampleBuilder::new().value(Some(json!(body))).build();
        content = content
            .schema(Some(Ref::from_schema_name(schema_name(&body))))
            .examples_from_iter([(code, example)]);
    }
    let response = response.content("application/json", content.build());
    (status, response.build().into())
}

fn header(value: &HeaderValue) -> Header {
    let mut header = Header::default();
    header.example = Some(json!(value.to_str().unwrap_or_default()));
    header
}

fn schema_name(body: &Body) -> Cow<'static, str> {
    match body {
        Body::Validation(_) => ValidationErrorBody::name(),
        Body::Conflict(_) => ConflictBody::name(),
        Body::Other(_) => ErrorBody::name(),
    }
}
