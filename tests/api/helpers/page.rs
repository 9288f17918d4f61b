//! The pages for people, and the strings that they are made of.

use std::fs;

use reqwest::Method;
use serde_json::Value;

use super::answer::Answer;
use super::app::App;
use super::server::in_repository;

/// Every page.
pub(crate) const PAGES: [&str; 5] = [
    "/auth/register",
    "/auth/login",
    "/auth/forgot-password",
    "/auth/reset-password",
    "/account",
];

/// The strings of a language.
pub(crate) fn strings(language: &str) -> Value {
    let path = format!("templates/languages/{language}.json");
    let text = fs::read_to_string(in_repository(&path)).expect("the language has a file");
    serde_json::from_str(&text).expect("strings are JSON")
}

impl App {
    /// A page, or what else is at a path, for whoever accepts these languages.
    pub(crate) async fn page_in(&self, path: &str, accept_language: &str) -> Answer {
        let request = self.request(Method::GET, path);
        Answer::to(request.header("accept-language", accept_language)).await
    }
}

/// The values of an attribute, in order, without their escapes.
pub(crate) fn attributes(html: &str, name: &str) -> Vec<String> {
    let begin = format!(" {name}=\"");
    let values = html.split(&begin).skip(1);
    let values = values.map(|rest| rest.split('"').next().unwrap_or_default());
    values.map(unescape).collect()
}

/// A text as the browser shows it.
pub(crate) fn unescape(html: &str) -> String {
    html.replace("&#x2f;", "/")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
