//! The session in cookies, for pages of the application's own origin: how they are set, read and cleared.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use axum::response::AppendHeaders;
use cookie::{Cookie, CookieBuilder, SameSite};
use secrecy::{ExposeSecret, SecretString};
use time::Duration;

use super::tokens::Tokens;
use crate::app::App;
use crate::http::cross_site::require_same_origin;
use crate::http::error::Error;

/// Path of the routes that take a refresh token.
const REFRESH_PATH: &str = "/api/v1/auth";

/// The headers that set or clear both cookies.
pub type SetCookies = AppendHeaders<[(HeaderName, String); 2]>;

/// The names of the cookies. Browsers accept the prefixes only over HTTPS, and protect such cookies from
/// being set by plain HTTP, `__Host-` also by a neighbouring domain (RFC 6265bis, 4.1.3).
struct Names {
    access: &'static str,
    refresh: &'static str,
}

const OVER_HTTPS: Names = Names {
    access: "__Host-gatehouse",
    refresh: "__Secure-gatehouse-refresh",
};
const OVER_HTTP: Names = Names {
    access: "gatehouse",
    refresh: "gatehouse-refresh",
};

impl Names {
    /// The names by the scheme of `frontend_url`. The request's own headers are the client's.
    fn of(app: &App) -> &'static Self {
        if app.settings.http.is_https() {
            &OVER_HTTPS
        } else {
            &OVER_HTTP
        }
    }
}

/// The right to put a session into the cookies of the client, with the session that is in them. Only a
/// request from a page of our own origin has it, so that no other page can log its visitor in.
pub struct Jar {
    refresh_token: Option<SecretString>,
}

impl Jar {
    /// # Errors
    /// `CROSS_SITE`, if the request does not come from our own origin.
    pub fn open(app: &App, request: &Parts) -> Result<Self, Error> {
        require_same_origin(&app.settings.http, &request.headers)?;
        let refresh_token = read(request, Names::of(app).refresh);
        Ok(Self { refresh_token })
    }

    /// The refresh token in the cookies.
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// Sets both cookies for as long as the session can be refreshed. So an expired access token stays,
    /// and tells that there is a session to refresh.
    pub fn set(&self, app: &App, tokens: &Tokens) -> SetCookies {
        let lifetime = tokens.session_lifetime;
        set_cookies(app, [&tokens.access, &tokens.refresh], lifetime)
    }

    /// Removes both cookies.
    pub fn clear(&self, app: &App) -> SetCookies {
        let empty = SecretString::default();
        set_cookies(app, [&empty, &empty], Duration::ZERO)
    }
}

impl FromRequestParts<&'static App> for Jar {
    type Rejection = Error;

    async fn from_request_parts(request: &mut Parts, app: &&'static App) -> Result<Self, Error> {
        Self::open(app, request)
    }
}

/// Whether there is a refresh token in the cookies.
pub fn has_refresh_token(app: &App, request: &Parts) -> bool {
    read(request, Names::of(app).refresh).is_some()
}

/// The access token in the cookies.
///
/// # Errors
/// `CROSS_SITE`, if there is one and the request is unsafe and does not come from our own origin.
pub fn access_token(app: &App, request: &Parts) -> Result<Option<SecretString>, Error> {
    let token = read(request, Names::of(app).access);
    if token.is_some() && !request.method.is_safe() {
        require_same_origin(&app.settings.http, &request.headers)?;
    }
    Ok(token)
}

/// The value of a cookie. Of two cookies with one name, a neighbouring domain may have set either, so
/// they count as an empty one, which no token is.
fn read(request: &Parts, name: &str) -> Option<SecretString> {
    let headers = request.headers.get_all(header::COOKIE).iter();
    let mut values = headers.flat_map(|header| {
        // Other applications of the domain may set cookies that are not UTF-8.
        let header = String::from_utf8_lossy(header.as_bytes()).into_owned();
        let cookies = Cookie::split_parse(header).filter_map(Result::ok);
        let ours = cookies.filter(|cookie| cookie.name() == name);
        let values = ours.map(|cookie| SecretString::from(cookie.value()));
        values.collect::<Vec<_>>()
    });
    let value = values.next()?;
    Some(values.next().map_or(value, |_| SecretString::default()))
}

fn set_cookies(app: &App, tokens: [&SecretString; 2], lifetime: Duration) -> SetCookies {
    let names = Names::of(app);
    let [access, refresh] = tokens.map(ExposeSecret::expose_secret);
    // Links from other sites lead to pages for logged-in users, but only our own pages refresh.
    let access = cookie(names.access, access, SameSite::Lax).path("/");
    let refresh = cookie(names.refresh, refresh, SameSite::Strict).path(REFRESH_PATH);
    AppendHeaders([access, refresh].map(|cookie| {
        let cookie = cookie
            .max_age(lifetime)
            .secure(app.settings.http.is_https());
        (header::SET_COOKIE, cookie.build().to_string())
    }))
}

fn cookie<'a>(name: &'a str, value: &'a str, same_site: SameSite) -> CookieBuilder<'a> {
    Cookie::build((name, value))
        .http_only(true)
        .same_site(same_site)
}
