//! The route table: the single source for routing and for the OpenAPI description.
//!
//! The router is built in parts, by the beginning of the path. With WASI 0.2 every request starts an instance, and
//! building all routes took two thirds of its instructions.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, patch, post};

use crate::app::App;
use crate::captcha::challenge;
use crate::deletion::delete_account;
use crate::events::{list as events_list, not_me};
use crate::http::assets::asset;
use crate::http::error::{METHOD_NOT_ALLOWED, MISCONFIGURED, NOT_FOUND};
use crate::http::middleware::Middleware;
use crate::http::openapi::docs;
use crate::metrics::scrape;
use crate::passwords::{change_password, forgot_password, reset_password};
use crate::sessions::{list, login, logout, refresh, revoke, revoke_others, session};
use crate::throttle::limits::{self, Limit};
use crate::users::{export, me, register, rename, test_data};
use crate::verification::{change_email, resend_verification, verify_email};
use crate::{admin, health, metrics, pages, throttle};

/// A part of the router: the routes whose paths have the same beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Admin,
    /// Few routes: a guard asks one of them for each of its requests.
    Sessions,
    Auth,
    Pages,
    /// Must be the last.
    Other,
}

impl Part {
    /// The number of parts.
    pub const COUNT: usize = Self::Other as usize + 1;

    /// The part that serves a path: the first of the list. No prefix has a parameter, so the pattern of a route is
    /// in the same part as the paths that it matches.
    pub fn of(path: &str) -> Self {
        let parts = [
            ("/api/v1/admin/", Self::Admin),
            ("/api/v1/auth/session", Self::Sessions),
            ("/api/v1/auth/", Self::Auth),
            ("/auth/", Self::Pages),
            ("/account", Self::Pages),
            ("/admin", Self::Pages),
        ];
        let part = parts.iter().find(|(prefix, _)| path.starts_with(prefix));
        part.map_or(Self::Other, |(_, part)| *part)
    }
}

/// Generates the router and, for the tests, the description from one list. A rate limit is counted
/// before the body is read. A route may depend on the settings.
macro_rules! table {
    ($(
        $method:ident $path:literal $([$limit:expr])? $(if $($is_served:ident)::+)?
            => $($handler:ident)::+;
    )+) => {
        fn table(app: &'static App, part: Part) -> Router<&'static App> {
            let mut router = Router::new();
            $(
                if Part::of($path) == part
                    && [$($($is_served)::+(app))?].first().copied().unwrap_or(true)
                {
                    let limit = [$($limit)?].first().copied();
                    router = router.route($path, limited(app, $method($($handler)::+), limit));
                }
            )+
            router
        }

        /// The OpenAPI description of the routes, collected from their handlers.
        #[cfg(test)]
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($handler)::+),+))]
        pub struct ApiDoc;

        /// The methods of the routes, each once, as CORS announces them.
        fn methods() -> Vec<Method> {
            let mut names = vec![$(stringify!($method)),+];
            names.sort_unstable();
            names.dedup();
            let methods = names.into_iter().map(str::to_ascii_uppercase);
            methods.filter_map(|name| name.parse().ok()).collect()
        }

        /// Method and path of every route.
        #[cfg(test)]
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),+];
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
    post "/api/v1/auth/not-me" [limits::NOT_ME] => not_me::not_me;
    post "/api/v1/auth/verify-email" [limits::VERIFY_EMAIL] => verify_email::verify_email;
    post "/api/v1/auth/resend-verification" [limits::RESEND_VERIFICATION]
        => resend_verification::resend_verification;
    post "/api/v1/auth/change-email" [limits::CHANGE_EMAIL] => change_email::change_email;
    get "/api/v1/auth/me" => me::me;
    patch "/api/v1/auth/me" [limits::RENAME] => rename::rename;
    post "/api/v1/auth/change-password" [limits::CHANGE_PASSWORD]
        => change_password::change_password;
    get "/api/v1/auth/sessions" => list::list_sessions;
    delete "/api/v1/auth/sessions" [limits::REVOKE] => revoke_others::revoke_other_sessions;
    delete "/api/v1/auth/sessions/{id}" [limits::REVOKE] => revoke::revoke_session;
    get "/api/v1/auth/events" => events_list::list_events;
    get "/api/v1/auth/export" [limits::EXPORT] => export::export;
    post "/api/v1/auth/delete-account" [limits::DELETE_ACCOUNT]
        => delete_account::delete_account;
    get "/api/v1/auth/session" => session::session;
    get "/api/v1/admin/users" [limits::ADMIN] => admin::list::list_users;
    post "/api/v1/admin/users" [limits::ADMIN] => admin::invite::invite_user;
    post "/api/v1/admin/users/import" [limits::ADMIN] => admin::transfer::import::import_users;
    get "/api/v1/admin/users/export" [limits::ADMIN] => admin::transfer::export::export_users;
    get "/api/v1/admin/users/{id}" [limits::ADMIN] => admin::show::show_user;
    patch "/api/v1/admin/users/{id}" [limits::ADMIN] => admin::update::update_user;
    delete "/api/v1/admin/users/{id}" [limits::ADMIN] => admin::delete::delete_user;
    post "/api/v1/admin/users/{id}/disable" [limits::ADMIN] => admin::disable::disable_user;
    post "/api/v1/admin/users/{id}/enable" [limits::ADMIN] => admin::enable::enable_user;
    post "/api/v1/admin/users/{id}/send-password-reset" [limits::ADMIN]
        => admin::send_password_reset::send_password_reset;
    post "/api/v1/admin/users/{id}/verify-email" [limits::ADMIN]
        => admin::verify_email::verify_user_email;
    get "/api/v1/admin/users/{id}/sessions" [limits::ADMIN]
        => admin::sessions::list_user_sessions;
    delete "/api/v1/admin/users/{id}/sessions" [limits::ADMIN]
        => admin::end_sessions::end_user_sessions;
    get "/api/v1/admin/events" [limits::ADMIN] => admin::audit::list_all_events;
    get "/api/v1/data/test-data" => test_data::test_data;
    get "/health/live" => health::live;
    get "/health/ready" => health::ready;
    get "/metrics" [limits::METRICS] if metrics::is_served => scrape::metrics;
    get "/" => health::hello;
    get "/openapi.json" => docs::openapi_json;
    get "/docs.yaml" => docs::openapi_yaml;
    get "/docs" => docs::docs;
}

/// Adds a per-network rate limit to a route.
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

/// The web pages and their assets.
fn pages() -> Router<&'static App> {
    let stylesheet = async |State(app): State<&'static App>, request: HeaderMap| {
        pages::stylesheet(app, &request)
    };
    let router = Router::new()
        .route("/auth/assets/{name}", assets("auth"))
        .route("/auth/assets/brand.css", get(stylesheet));
    pages::PAGES.iter().fold(router, |router, page| {
        let handler = async |State(app): State<&'static App>, language| page.render(app, language);
        router.route(page.path, get(handler))
    })
}

/// Serves the assets of a group of pages, by file name.
fn assets(pages: &'static str) -> MethodRouter<&'static App> {
    get(async move |Path(name): Path<String>, request: HeaderMap| asset(pages, &name, &request))
}

/// A part of the router of a configured service.
pub fn router(app: &'static App, part: Part) -> Router {
    let routes = match part {
        Part::Pages if app.settings.pages => pages(),
        Part::Other => table(app, part).route("/docs/{name}", assets("docs")),
        _ => table(app, part),
    };
    let router = routes
        .fallback(async || NOT_FOUND)
        .method_not_allowed_fallback(async || METHOD_NOT_ALLOWED)
        // `http::body` enforces a smaller limit, with an error in our format.
        .layer(DefaultBodyLimit::disable())
        .with_state(app);
    Middleware::new(&app.settings).wrap(router, methods)
}

/// The router of a service with invalid settings: `/health/ready` reports them, every other route
/// returns 500.
pub fn misconfigured() -> Router {
    let router = Router::new()
        .route("/health/ready", get(health::misconfigured))
        .fallback(async || MISCONFIGURED);
    Middleware::misconfigured().wrap(router, Vec::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_in_the_part_of_the_pages_and_no_other_route_is() {
        for page in pages::PAGES {
            assert_eq!(Part::of(page.path), Part::Pages, "{}", page.path);
        }
        for (_, path) in ROUTES {
            assert_ne!(Part::of(path), Part::Pages, "{path}");
        }
    }
}
