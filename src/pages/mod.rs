//! The web pages: forms that call the API like any other client. They are not part of the API or
//! its description.

use axum::http::header::{self, HeaderMap};
use axum::response::{Html, IntoResponse, Response};
use minijinja::context;

use crate::app::App;
use crate::captcha::settings::CaptchaSettings;
use crate::http::assets;
use crate::http::error::Error;
use crate::languages::Language;
use crate::verification::settings::VerificationMode;

/// Content-Security-Policy of the pages: only their own scripts and styles, and no other origin.
/// Trusted Types forbid turning text into markup or code, except for the URL of the captcha worker.
/// It ends with the sources of images, so that the logo's origin can follow.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types captcha; img-src 'self'";

/// Clients must revalidate: the same URL serves every language.
const NO_CACHE: &str = "no-cache";
/// No caching at all: the URL contains a token.
const NO_STORE: &str = "no-store";

pub static PAGES: &[Page] = &[
    Page::new("/auth/register", "pages/register.html", NO_CACHE),
    Page::new("/auth/login", "pages/login.html", NO_CACHE),
    Page::new(
        "/auth/forgot-password",
        "pages/forgot_password.html",
        NO_CACHE,
    ),
    // Target of reset links. Its script reads the token, so opening the page does not use it up.
    Page::new(
        "/auth/reset-password",
        "pages/reset_password.html",
        NO_STORE,
    ),
    // Targets of links in mails. Their scripts read the tokens, and send them when a button is pressed.
    Page::new("/auth/verify-email", "pages/verify_email.html", NO_STORE),
    Page::new("/auth/not-me", "pages/not_me.html", NO_STORE),
    // Between a protected page and the login.
    Page::new("/auth/continue", "pages/continue.html", NO_CACHE),
    Page::new("/account", "pages/account.html", NO_CACHE),
    Page::new("/admin", "pages/admin.html", NO_CACHE),
];

pub struct Page {
    pub path: &'static str,
    template: &'static str,
    cache_control: &'static str,
}

impl Page {
    const fn new(path: &'static str, template: &'static str, cache_control: &'static str) -> Self {
        Self {
            path,
            template,
            cache_control,
        }
    }

    /// Renders the page in a language.
    ///
    /// # Errors
    /// The template fails to render. A test rules this out.
    pub fn render(&self, app: &App, language: Language) -> Result<Response, Error> {
        let settings = &app.settings;
        let context = context! {
            brand => settings.brand.on_pages(),
            app_name => &settings.mail.from_name,
            captcha => captcha(&settings.captcha),
            password_rules => settings.passwords.policy.rules.name(),
            verification => verification(settings.verification),
            grace_days => settings.deletion.grace.whole_days(),
            min_length => settings.passwords.policy.min_length,
            minutes => settings.passwords.reset_token_lifetime.whole_minutes(),
        };
        let page = app.templates.render_in(language, self.template, context)?;
        let policy = [(
            header::CONTENT_SECURITY_POLICY,
            policy(settings.brand.logo_origin()),
        )];
        let headers = [
            (header::CACHE_CONTROL, self.cache_control),
            (header::CONTENT_LANGUAGE, language.code()),
            (header::VARY, "Accept-Language"),
        ];
        Ok((policy, headers, Html(page)).into_response())
    }
}

/// The policy, with the origin of the logo if it is another.
fn policy(logo_origin: Option<String>) -> String {
    match logo_origin {
        Some(origin) => format!("{POLICY} {origin}"),
        None => POLICY.to_owned(),
    }
}

/// Serves the stylesheet with the brand's colours.
///
/// # Errors
/// The template fails to render. A test rules this out.
pub fn stylesheet(app: &App, request: &HeaderMap) -> Result<Response, Error> {
    let context = context! { brand => app.settings.brand.on_pages() };
    let css = app.templates.render("pages/brand.css", context)?;
    assets::rendered("brand.css", css, request)
}

/// The captcha mode of the registration page. With a provider that needs a third-party script, the
/// page refers users to the application.
fn captcha(settings: &CaptchaSettings) -> &'static str {
    match settings {
        CaptchaSettings::Builtin { .. } => "builtin",
        CaptchaSettings::Off => "off",
        CaptchaSettings::Service { .. } | CaptchaSettings::Siteverify { .. } => "elsewhere",
    }
}

/// Whether the pages ask users to verify their addresses.
fn verification(mode: VerificationMode) -> &'static str {
    match mode {
        VerificationMode::Off => "off",
        VerificationMode::Optional => "optional",
        VerificationMode::Required => "required",
    }
}
