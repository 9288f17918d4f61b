//! The look of the application on the pages and in mails: its colours, its logo, and the links to its
//! legal texts.

mod address;
mod colors;
pub mod settings;

use std::borrow::Cow;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use self::address::Address;
use self::colors::Colors;
use self::settings::BrandSettings;

/// The brand as templates read it.
#[derive(Serialize)]
struct View<'a> {
    colors: &'a Colors,
    logo: Option<Cow<'a, str>>,
    terms: Option<Cow<'a, str>>,
    privacy: Option<Cow<'a, str>>,
}

impl BrandSettings {
    /// The brand for a template of a page.
    pub fn on_pages(&self) -> Value {
        let written = |address| Option::map(address, |it: &Address| Cow::from(it.as_written()));
        Value::from(Serde(View {
            colors: &self.colors,
            logo: written(self.logo.as_ref()),
            terms: written(self.terms.as_ref()),
            privacy: written(self.privacy.as_ref()),
        }))
    }

    /// The brand for a template of a mail. Its paths become URLs on the origin of `frontend_url`. A
    /// logo without HTTPS is left out: mail programs would not load it.
    pub fn in_mails(&self, frontend_url: &str) -> Value {
        let absolute = |address| {
            Option::and_then(address, |it: &Address| it.absolute(frontend_url)).map(Cow::from)
        };
        let is_secure = |url: &Cow<str>| url.starts_with("https:");
        Value::from(Serde(View {
            colors: &self.colors,
            logo: absolute(self.logo.as_ref()).filter(is_secure),
            terms: absolute(self.terms.as_ref()),
            privacy: absolute(self.privacy.as_ref()),
        }))
    }

    /// The origin of the logo, if it is not the pages' own.
    pub fn logo_origin(&self) -> Option<String> {
        self.logo.as_ref()?.origin()
    }
}
