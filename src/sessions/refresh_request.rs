//! The refresh token of a request, in the body or in a cookie.

use axum::extract::{FromRequest, Request};
use secrecy::{ExposeSecret, SecretString};
use utoipa::ToSchema;

use super::EXAMPLE_REFRESH_TOKEN;
use super::cookie::{self, Jar};
use super::tokens::{Delivery, InCookies};
use crate::app::App;
use crate::http::body::{FromFields, receive_json, validate};
use crate::http::error::Error;
use crate::http::error::validation::FieldError;
use crate::http::fields::Fields;
use crate::settings::Settings;

const TOKEN: &str = "refresh_token";

/// Extracts the refresh token of a session to refresh or to end. A token in the body comes first.
pub struct RefreshRequest {
    pub token: SecretString,
    /// How the client gets the response. A session from a cookie stays in cookies.
    pub delivery: Delivery,
    /// The token comes from the cookie.
    pub is_from_cookie: bool,
}

impl FromRequest<&'static App> for RefreshRequest {
    type Rejection = Error;

    async fn from_request(request: Request, app: &&'static App) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let fields = receive_json(&parts.headers, body).await?;
        let has_field = |name| fields.as_ref().is_some_and(|fields| fields.has(name));
        let jar = Jar::open(app, &parts);
        // A client that asks for cookies and has none has no session. That is no error in its request.
        let expects_cookie = has_field("session") || cookie::has_refresh_token(app, &parts);
        let is_from_cookie = !has_field(TOKEN) && expects_cookie;
        let fields = if is_from_cookie {
            let token = jar.as_ref().ok().and_then(Jar::refresh_token);
            let token = token.map_or("", ExposeSecret::expose_secret).to_owned();
            fields.unwrap_or_else(Fields::none).with(TOKEN, token)
        } else {
            fields.ok_or_else(FieldError::no_body)?
        };
        let body: RefreshTokenRequest = validate(fields, &app.settings)?;
        let delivery = if is_from_cookie {
            Delivery::Cookies(jar?)
        } else {
            Delivery::new(body.session, jar)?
        };
        Ok(Self {
            token: body.refresh_token,
            delivery,
            is_from_cookie,
        })
    }
}

/// A session to refresh or to end.
#[derive(ToSchema)]
#[schema(example = json!({"refresh_token": EXAMPLE_REFRESH_TOKEN}))]
pub struct RefreshTokenRequest {
    /// The session's current refresh token. May be absent if it is in the cookie.
    #[schema(value_type = String, required = false)]
    refresh_token: SecretString,
    /// `cookie`: the client has its session in cookies, or moves it there.
    #[schema(value_type = Option<String>, required = false, pattern = "^cookie$")]
    session: Option<InCookies>,
}

impl FromFields for RefreshTokenRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let refresh_token = fields.required_text(TOKEN);
        let session = InCookies::take(fields);
        Some(Self {
            refresh_token: SecretString::from(refresh_token?),
            session,
        })
    }
}
