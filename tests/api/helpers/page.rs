//! The service's pages and their strings.

use std::fs;

use reqwest::Method;
use serde_json::Value;

use super::app::App;
use super::response::Response;
use super::server::in_repository;

pub(crate) const PAGES: [&str; 9] = [
    "/auth/register",
    "/auth/login",
    "/auth/forgot-password",
    "/auth/reset-password",
    "/auth/verify-email",
    "/auth/not-me",
    "/auth/continue",
    "/account",
    "/admin",
];

pub(crate) fn strings(language: &str) -> Value {
    let path = format!("templates/languages/{language}.json");
    let text = fs::read_to_string(in_repository(&path)).expect("a file for the language");
    serde_json::from_str(&text).expect("strings are JSON")
}

impl App {
    /// Requests a path with an `Accept-Language` header.
    pub(crate) async fn page_in(&self, path: &str, accept_language: &str) -> Response {
        let request = self.request(Method::GET, path);
        Response::to(request.header("accept-language", accept_language)).await
    }
}

/// The unescaped values of an attribute, in order.
pub(crate) fn attributes(html: &str, name: &str) -> Vec<String> {
    let begin = format!(" {name}=\"");
    let values = html.split(&begin).skip(1);
    let values = values.map(|rest| rest.split('"').next().unwrap_or_default());
    values.map(unescape).collect()
}

/// The text that a browser would show.
pub(crate) fn unescape(html: &str) -> String {
    html.replace("&#x2f;", "/")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
