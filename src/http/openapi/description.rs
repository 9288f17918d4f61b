//! Generates the OpenAPI description and compares it with the files in `docs/openapi`.
//!
//! The component serves these files. `make openapi` regenerates them.

use std::collections::BTreeSet;
use std::{env, fs};

use utoipa::OpenApi as _;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes,
    SecurityScheme,
};
use utoipa::openapi::{OpenApi, PathItem, RefOr, Required};

use super::responses::describe;
use crate::http::error::MISCONFIGURED;
use crate::http::error::body::{ConflictBody, ErrorBody};
use crate::http::error::validation::ValidationErrorBody;
use crate::routes::{ApiDoc, ROUTES};

/// The parts of the description that belong to no single route.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Gatehouse",
        description = "Accounts for an application: register, log in, refresh, log out, reset the password."
    ),
    components(schemas(ErrorBody, ConflictBody, ValidationErrorBody)),
    tags(
        (name = "auth", description = "Accounts and sessions"),
        (name = "admin", description = "For administrators"),
        (name = "data", description = "Protected data"),
        (name = "health", description = "For probes and people"),
        (name = "docs", description = "API description"),
    )
)]
struct Description;

fn description() -> OpenApi {
    let mut openapi = Description::openapi().merge_from(ApiDoc::openapi());
    describe_login(&mut openapi);
    describe_misconfiguration(&mut openapi);
    describe_optional_bodies(&mut openapi);
    openapi
}

/// Adds the two ways to send an access token, from the OAuth2 password flow and in a cookie, the
/// administrators' key, and the token of the metrics.
fn describe_login(openapi: &mut OpenApi) {
    let login = Flow::Password(Password::new("/api/v1/auth/login", Scopes::new()));
    let scheme = SecurityScheme::OAuth2(OAuth2::new([login]));
    let components = openapi.components.get_or_insert_default();
    components.add_security_scheme("OAuth2PasswordBearer", scheme);
    let cookie = ApiKeyValue::with_description(
        "__Host-gatehouse",
        "Set by a login with `session=cookie`. Without HTTPS its name is `gatehouse`.",
    );
    let scheme = SecurityScheme::ApiKey(ApiKey::Cookie(cookie));
    components.add_security_scheme("SessionCookie", scheme);
    let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let key = key.description(Some("The setting `admin_api_key`, for machines."));
    components.add_security_scheme("AdminKey", SecurityScheme::Http(key.build()));
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let token = token.description(Some("The setting `metrics_token`."));
    components.add_security_scheme("MetricsToken", SecurityScheme::Http(token.build()));
}

/// Marks the bodies that may be absent: those without a required field.
fn describe_optional_bodies(openapi: &mut OpenApi) {
    let components = openapi.components.get_or_insert_default();
    let has_required = |reference: &str| {
        let name = reference.rsplit('/').next().unwrap_or_default();
        match components.schemas.get(name) {
            Some(RefOr::T(Schema::Object(object))) => {
                !object.required.is_empty() || object.min_properties.is_some()
            }
            _ => true,
        }
    };
    for item in openapi.paths.paths.values_mut() {
        let operations = item.post.iter_mut();
        for body in operations.filter_map(|operation| operation.request_body.as_mut()) {
            let RefOr::T(body) = body else { continue };
            let is_required = body.content.values().all(|content| match content {
                RefOr::T(content) => match &content.schema {
                    Some(RefOr::Ref(reference)) => has_required(&reference.ref_location),
                    _ => true,
                },
                RefOr::Ref(_) => true,
            });
            body.required = is_required.then_some(Required::True);
        }
    }
}

/// Adds the 500 for invalid settings to every route except `/health/ready`, which reports them.
fn describe_misconfiguration(openapi: &mut OpenApi) {
    let paths = openapi.paths.paths.iter_mut();
    for (_, item) in paths.filter(|(path, _)| *path != "/health/ready") {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            let (status, response) = describe("The settings are invalid", [MISCONFIGURED.into()]);
            let responses = &mut operation.responses.responses;
            responses.entry(status).or_insert(response);
        }
    }
}

/// The description as JSON, with a final newline.
fn json() -> String {
    let json = description().to_json();
    json.expect("the description is JSON") + "\n"
}

/// Compares a file with the generated text, or writes it if `UPDATE_OPENAPI` is set.
fn check(file: &str, expected: &str) {
    let path = format!("{}/docs/openapi/{file}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&path, expected).expect("the file can be written");
    }
    let found = fs::read_to_string(&path).expect("the file can be read");
    assert!(
        found == expected,
        "docs/openapi/{file} is out of date: run `make openapi`"
    );
}

#[test]
fn the_files_are_up_to_date() {
    check("openapi.json", &json());
    check("openapi.html", &super::page::page(&json()));
}

#[test]
fn every_route_is_described_and_every_described_route_exists() {
    let openapi = description();
    let methods = |(path, item): (&String, &PathItem)| {
        let operations = [
            ("get", &item.get),
            ("post", &item.post),
            ("put", &item.put),
            ("patch", &item.patch),
            ("delete", &item.delete),
        ];
        let described = operations.map(|(method, operation)| {
            let is_there = operation.is_some();
            is_there.then(|| (method.to_owned(), path.clone()))
        });
        described.into_iter().flatten().collect::<Vec<_>>()
    };
    let described: BTreeSet<_> = openapi.paths.paths.iter().flat_map(methods).collect();
    let served = ROUTES.iter();
    let served = served.map(|(method, path)| (method.to_string(), path.to_string()));
    assert_eq!(described, served.collect());
}
