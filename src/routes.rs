//! The only route table: what it lists is served and described.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use crate::app::App;
use crate::captcha::challenge;
use crate::http::assets::asset;
use crate::http::error::{METHOD_NOT_ALLOWED, MISCONFIGURED, NOT_FOUND};
use crate::http::middleware::Edge;
use crate::http::openapi::docs;
use crate::passwords::{forgot_password, reset_password};
use crate::sessions::{login, logout, refresh};
use crate::throttle::limits::{self, Limit};
use crate::users::{me, register, test_data};
use crate::{health, pages, throttle};

/// Makes of one list the routes with their limits and, for the tests, their description. A limit
/// is counted before the body is read.
macro_rules! table {
    ($($method:ident $path:literal $([$limit:expr])? => $($handler:ident)::+;)+) => {
        fn table(app: &'static App) -> Router<&'static App> {
            Router::new()$(.route(
                $path,
                limited(app, $method($($handler)::+), [$($limit)?].first().copied()),
            ))+
        }

        /// The description of the routes, as their handlers give it.
        #[cfg(test)]
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($handler)::+),+))]
        pub struct Described;

        /// Method and path of every route.
        #[cfg(test)]
        pub const SERVED: &[(&str, &str)] = &[$((stringify!($method), $path)),+];
    };
}

table! {
    get "/api/v1/captcha/challenge" => challenge::challenge;
    post "/api/v1/auth/register" [limits::REGISTER] => register::register;
    post "/api/v1/auth/login" [limits::LOGIN] => login::login;
    post "/api/v1/auth/refresh" [limits::REFRESH] => refresh::refresh;
    post "/api/v1/auth/logout" [limits::LOGOUT] => logout::logout;
    post "/api/v1/auth/forgot-password" [limits::FORGOT_PASSWORD]
        => forgot_password::forgot_password;
    post "/api/v1/auth/reset-password" [limits::RESET_PASSWORD]
        => reset_password::reset_password;
    get "/api/v1/auth/me" => me::me;
    get "/api/v1/data/test-data" => test_data::test_data;
    get "/health/live" => health::live;
    get "/health/ready" => health::ready;
    get "/" => health::hello;
    get "/openapi.json" => docs::openapi_json;
    get "/docs.yaml" => docs::openapi_yaml;
    get "/docs" => docs::docs;
}

/// A route that each network may call as often as the limit says.
fn limited(
    app: &'static App,
    route: MethodRouter<&'static App>,
    limit: Option<Limit>,
) -> MethodRouter<&'static App> {
    match limit {
        Some(limit) => route.route_layer(from_fn_with_state((app, limit), throttle::count_request)),
        None => route,
    }
}

/// The pages for people, and what they load.
fn pages() -> Router<&'static App> {
    let router = Router::new().route("/auth/assets/{name}", assets("auth"));
    pages::PAGES.iter().fold(router, |router, page| {
        let answer = async |State(app): State<&'static App>, language| page.answer(app, language);
        router.route(page.path, get(answer))
    })
}

/// The files that these pages load, by name.
fn assets(pages: &'static str) -> MethodRouter<&'static App> {
    get(async move |Path(name): Path<String>, request: HeaderMap| asset(pages, &name, &request))
}

/// All routes of a service whose settings can be used.
pub fn router(app: &'static App) -> Router {
    let pages = if app.settings.pages {
        pages()
    } else {
        Router::new()
    };
    let router = table(app)
        .route("/docs/{name}", assets("docs"))
        .merge(pages)
        .fallback(async || NOT_FOUND)
        .method_not_allowed_fallback(async || METHOD_NOT_ALLOWED)
        // The bodies' own limit is smaller, and answers in our words.
        .layer(DefaultBodyLimit::disable())
        .with_state(app);
    Edge::new(&app.settings).around(router)
}

/// All routes of a service whose settings cannot be used: a probe sees why, every other request only that.
pub fn misconfigured() -> Router {
    let router = Router::new()
        .route("/health/ready", get(health::misconfigured))
        .fallback(async || MISCONFIGURED);
    Edge::misconfigured().around(router)
}
