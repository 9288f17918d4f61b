//! The only route table: what it lists is served and described.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Extension, Router};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::Ref;
use utoipa::openapi::security::{Flow, OAuth2, Password, Scopes, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{captcha, docs, health, pages, password_reset, sessions, test_data, users};
use crate::app::App;
use crate::edge;
use crate::error::validation::ValidationErrorBody;
use crate::error::{Error, ErrorBody};
use crate::settings::CorsOrigins;

/// What the description says that no single route knows.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gatehouse",
        description = "Accounts for an application: register, log in, refresh, log out, reset the password."
    ),
    modifiers(&Security),
    components(schemas(ErrorBody, ValidationErrorBody)),
    tags(
        (name = "auth", description = "Accounts and sessions"),
        (name = "data", description = "Protected data"),
        (name = "health", description = "For probes and people"),
        (name = "docs", description = "This description"),
    )
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let login = Flow::Password(Password::new("/api/v1/auth/login", Scopes::new()));
        let scheme = SecurityScheme::OAuth2(OAuth2::new([login]));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("OAuth2PasswordBearer", scheme);
    }
}

fn table() -> OpenApiRouter<&'static App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(captcha::challenge))
        .routes(routes!(users::registration::register))
        .routes(routes!(sessions::login::login))
        .routes(routes!(sessions::refresh::refresh))
        .routes(routes!(sessions::logout::logout))
        .routes(routes!(password_reset::forgot_password))
        .routes(routes!(password_reset::reset_password))
        .routes(routes!(users::me::me))
        .routes(routes!(test_data::test_data))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::hello))
        .routes(routes!(docs::openapi_json))
        .routes(routes!(docs::openapi_yaml))
        .routes(routes!(docs::docs))
}

/// The pages for people, and what they load.
fn pages() -> Router<&'static App> {
    let pages = pages::PAGES.iter().fold(Router::new(), |router, page| {
        let answer = async |State(app): State<&'static App>, language| page.answer(app, language);
        router.route(page.path, get(answer))
    });
    pages::ASSETS.iter().fold(pages, |router, (path, asset)| {
        router.route(path, get(async |request: HeaderMap| asset.answer(&request)))
    })
}

/// All routes of a service whose settings can be used.
pub fn router(app: &'static App) -> Router {
    let (router, mut openapi) = table().split_for_parts();
    describe_misconfiguration(&mut openapi);
    let pages = match app.settings.pages {
        true => pages(),
        false => Router::new(),
    };
    let router = router
        .merge(pages)
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        // The bodies' own limit is smaller, and answers in our words.
        .layer(DefaultBodyLimit::disable())
        .layer(Extension(Arc::new(openapi)))
        .with_state(app);
    edge::around(router, &app.settings.cors)
}

/// Every route answers 500 while the settings cannot be used, but for the probe that says so.
fn describe_misconfiguration(openapi: &mut utoipa::openapi::OpenApi) {
    let schema = Ref::from_schema_name(ErrorBody::name());
    let body = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new()
        .description("The settings cannot be used")
        .content("application/json", body)
        .build();
    for (path, item) in &mut openapi.paths.paths {
        let operations = [item.get.as_mut(), item.post.as_mut()];
        for operation in operations.into_iter().flatten() {
            if path != "/health/ready" {
                let responses = &mut operation.responses.responses;
                responses
                    .entry("500".into())
                    .or_insert_with(|| response.clone().into());
            }
        }
    }
}

/// All routes of a service whose settings cannot be used: a probe sees why, everybody else that.
pub fn misconfigured() -> Router {
    let router = Router::new()
        .route("/health/ready", get(health::misconfigured))
        .fallback(async || Error::Misconfigured);
    edge::around(router, &CorsOrigins::None)
}
