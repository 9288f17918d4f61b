//! Answers of the service, each of them compared with its description.

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use super::api_error::ApiError;
use super::description;

/// What the service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// What was asked, for the messages of failed tests.
    request: String,
}

impl Answer {
    /// Sends a request, and holds the answer against the service's own description.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.expect("the test makes a request that can be sent");
        let method = request.method().as_str().to_lowercase();
        let path = request.url().path().to_owned();
        let response = client.execute(request).await;
        let response = response.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.expect("the answer can be read");
        let answer = Self {
            status,
            headers,
            text,
            request: format!("{method} {path}"),
        };
        description::check(&method, &path, &answer).await;
        answer
    }

    /// The body, which is JSON and says so.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{self:?}"
        );
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A text of the body's top level.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> String {
        let json = self.json();
        let text = json[name].as_str();
        text.unwrap_or_else(|| panic!("no text {name}: {self:?}"))
            .to_owned()
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// It has this status and exactly this body.
    #[track_caller]
    pub(crate) fn assert_json(&self, status: u16, body: &Value) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(&self.json(), body, "{}", self.request);
    }

    /// It has this status.
    #[track_caller]
    pub(crate) fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// It is this error and nothing more.
    #[track_caller]
    pub(crate) fn assert_error(&self, error: &ApiError) {
        self.assert_json(error.status, &error.body());
        let is_unauthorized = self.status == StatusCode::UNAUTHORIZED.as_u16();
        let challenge = is_unauthorized.then_some("Bearer");
        assert_eq!(self.header("www-authenticate"), challenge, "{self:?}");
    }

    /// It lists exactly these broken rules, in this order.
    #[track_caller]
    pub(crate) fn assert_invalid(&self, errors: &[Value]) {
        self.assert_json(422, &serde_json::json!({ "detail": errors }));
    }
}
