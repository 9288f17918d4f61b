//! The pages for people: forms that call the API as any other client does. They are no part of
//! the API, and its description does not list them.

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use minijinja::context;

use crate::app::App;
use crate::captcha::settings::CaptchaSettings;
use crate::http::error::Error;
use crate::languages::Language;

/// What a page may load and send: scripts and styles of its own, and nothing from or to anybody
/// else. No script can make markup or code of a text, but for the captcha's worker by its name.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types captcha";

/// A cache has to ask each time: the same address shows every language.
const ASK_EACH_TIME: &str = "no-cache";
/// Nothing of the page is kept: its address held a token.
const KEEP_NOTHING: &str = "no-store";

/// All pages.
pub static PAGES: &[Page] = &[
    Page::new("/auth/register", "pages/register.html", ASK_EACH_TIME),
    Page::new("/auth/login", "pages/login.html", ASK_EACH_TIME),
    Page::new(
        "/auth/forgot-password",
        "pages/forgot_password.html",
        ASK_EACH_TIME,
    ),
    // Where a reset link leads. Its script takes the token: to open the page uses nothing up.
    Page::new(
        "/auth/reset-password",
        "pages/reset_password.html",
        KEEP_NOTHING,
    ),
    Page::new("/account", "pages/account.html", ASK_EACH_TIME),
];

/// A page for people.
pub struct Page {
    /// Where it is served.
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

    /// The page in a language.
    ///
    /// # Errors
    /// Its template fails, which a test rules out.
    pub fn answer(&self, app: &App, language: Language) -> Result<Response, Error> {
        let settings = &app.settings;
        let context = context! {
            app_name => &settings.mail.from_name,
            captcha => captcha(&settings.captcha),
            min_length => settings.passwords.policy.min_length,
            minutes => settings.passwords.reset_token_lifetime.whole_minutes(),
        };
        let page = app.templates.render_in(language, self.template, context)?;
        let headers = [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, self.cache_control),
            (header::CONTENT_LANGUAGE, language.code()),
            (header::VARY, "Accept-Language"),
        ];
        Ok((headers, Html(page)).into_response())
    }
}

/// What the registration has to do about the captcha. Where a third party's script would show it,
/// the page sends people to the application instead.
fn captcha(settings: &CaptchaSettings) -> &'static str {
    match settings {
        CaptchaSettings::Builtin { .. } => "builtin",
        CaptchaSettings::Off => "off",
        CaptchaSettings::Service { .. } | CaptchaSettings::Siteverify { .. } => "elsewhere",
    }
}
