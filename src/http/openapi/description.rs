//! The API's description in OpenAPI: made of the code by the tests here, and kept in `docs/openapi`.
//!
//! The component serves the files. `make openapi` writes them anew.

use std::collections::BTreeSet;
use std::{env, fs};

use utoipa::OpenApi as _;
use utoipa::openapi::security::{Flow, OAuth2, Password, Scopes, SecurityScheme};
use utoipa::openapi::{OpenApi, PathItem};

use super::responses::answer;
use crate::http::error::MISCONFIGURED;
use crate::http::error::body::{ConflictBody, ErrorBody};
use crate::http::error::validation::ValidationErrorBody;
use crate::routes::{Described, SERVED};

/// What the description says that no single route knows.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Gatehouse",
        description = "Accounts for an application: register, log in, refresh, log out, reset the password."
    ),
    components(schemas(ErrorBody, ConflictBody, ValidationErrorBody)),
    tags(
        (name = "auth", description = "Accounts and sessions"),
        (name = "data", description = "Protected data"),
        (name = "health", description = "For probes and people"),
        (name = "docs", description = "This description"),
    )
)]
struct Description;

/// The whole description.
fn description() -> OpenApi {
    let mut openapi = Description::openapi().merge_from(Described::openapi());
    describe_login(&mut openapi);
    describe_misconfiguration(&mut openapi);
    openapi
}

/// Access tokens are those that the login gives.
fn describe_login(openapi: &mut OpenApi) {
    let login = Flow::Password(Password::new("/api/v1/auth/login", Scopes::new()));
    let scheme = SecurityScheme::OAuth2(OAuth2::new([login]));
    let components = openapi.components.get_or_insert_default();
    components.add_security_scheme("OAuth2PasswordBearer", scheme);
}

/// Every route answers 500 while the settings cannot be used, but for the probe that says so.
fn describe_misconfiguration(openapi: &mut OpenApi) {
    let paths = openapi.paths.paths.iter_mut();
    for (_, item) in paths.filter(|(path, _)| *path != "/health/ready") {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            let (status, response) = answer("The settings cannot be used", [MISCONFIGURED.into()]);
            let responses = &mut operation.responses.responses;
            responses.entry(status).or_insert(response);
        }
    }
}

/// The description as JSON, with a line break at its end.
fn json() -> String {
    let json = description().to_json();
    json.expect("the description is JSON") + "\n"
}

/// The description as YAML.
fn yaml() -> String {
    let yaml = description().to_yaml();
    yaml.expect("the description is YAML")
}

/// Compares a file with what it should be, or writes it if the environment says `UPDATE_OPENAPI`.
fn check(file: &str, expected: &str) {
    let path = format!("{}/docs/openapi/{file}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&path, expected).expect("the file can be written");
    }
    let found = fs::read_to_string(&path).expect("the file can be read");
    assert!(
        found == expected,
        "docs/openapi/{file} is not what the code says: run `make openapi`"
    );
}

#[test]
fn the_files_say_what_the_code_says() {
    check("openapi.json", &json());
    check("openapi.yaml", &yaml());
    check("openapi.html", &super::page::page(&json()));
}

#[test]
fn what_is_served_is_described_with_the_same_method_and_path() {
    let openapi = description();
    let methods = |(path, item): (&String, &PathItem)| {
        let operations = [("get", &item.get), ("post", &item.post)];
        let described = operations.map(|(method, operation)| {
            let is_there = operation.is_some();
            is_there.then(|| (method.to_owned(), path.clone()))
        });
        described.into_iter().flatten().collect::<Vec<_>>()
    };
    let described: BTreeSet<_> = openapi.paths.paths.iter().flat_map(methods).collect();
    let served = SERVED.iter();
    let served = served.map(|(method, path)| (method.to_string(), path.to_string()));
    assert_eq!(described, served.collect());
}
