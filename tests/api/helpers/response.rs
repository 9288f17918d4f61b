//! Responses of the service, each checked against the OpenAPI description.

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use super::api_error::ApiError;
use super::description;

/// A response of the service.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The method and path of the request, for failure messages.
    request: String,
}

impl Response {
    /// Sends a request, and checks the response against the OpenAPI description.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.expect("a valid request");
        let method = request.method().as_str().to_lowercase();
        let path = request.url().path().to_owned();
        let response = client.execute(request).await;
        let response = response.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.expect("a readable response");
        let response = Self {
            status,
            headers,
            text,
            request: format!("{method} {path}"),
        };
        description::check(&method, &path, &response).await;
        response
    }

    /// The body, which must be JSON with the right content type.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{self:?}"
        );
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A string field at the top level of the body.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> String {
        let json = self.json();
        let text = json[name].as_str();
        text.unwrap_or_else(|| panic!("no string {name}: {self:?}"))
            .to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Asserts the status and the exact body.
    #[track_caller]
    pub(crate) fn assert_json(&self, status: u16, body: &Value) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(&self.json(), body, "{}", self.request);
    }

    #[track_caller]
    pub(crate) fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts that the response is exactly this error.
    #[track_caller]
    pub(crate) fn assert_error(&self, error: &ApiError) {
        self.assert_json(error.status, &error.body());
        let is_unauthorized = self.status == StatusCode::UNAUTHORIZED.as_u16();
        let challenge = is_unauthorized.then_some("Bearer");
        assert_eq!(self.header("www-authenticate"), challenge, "{self:?}");
    }

    /// Asserts that the response is a 422 with exactly these entries, in this order.
    #[track_caller]
    pub(crate) fn assert_invalid(&self, errors: &[Value]) {
        self.assert_json(422, &serde_json::json!({ "detail": errors }));
    }
}
