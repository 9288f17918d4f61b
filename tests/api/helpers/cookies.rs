//! Sessions in cookies, as a browser keeps them.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::app::App;
use super::flows::{EMAIL, LOGIN, LOGOUT, PASSWORD, REFRESH};
use super::response::Response;

/// The names of the cookies if `frontend_url` has no TLS, as in most tests.
pub(crate) const ACCESS: &str = "gatehouse";
pub(crate) const REFRESHED: &str = "gatehouse-refresh";

/// What a browser sends with a request of the application's own pages.
pub(crate) const OWN_PAGE: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

/// The two cookies of a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cookies {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Cookies {
    /// The cookies that a successful response sets.
    #[track_caller]
    pub(crate) fn of(response: &Response) -> Self {
        response.assert_status(200);
        let value = |name: &str| {
            let header = set_cookie(response, name);
            let value = header.split(['=', ';']).nth(1).unwrap_or_default();
            assert!(!value.is_empty(), "{response:?}");
            value.to_owned()
        };
        Self {
            access: value(ACCESS),
            refresh: value(REFRESHED),
        }
    }

    /// The value of a `Cookie` header with both.
    pub(crate) fn header(&self) -> String {
        format!("{ACCESS}={}; {REFRESHED}={}", self.access, self.refresh)
    }
}

/// All `Set-Cookie` headers of a response.
pub(crate) fn set_cookies(response: &Response) -> Vec<&str> {
    let headers = response.headers.get_all("set-cookie").iter();
    headers
        .map(|header| header.to_str().expect("a text"))
        .collect()
}

/// The `Set-Cookie` header of this cookie, which must exist once.
#[track_caller]
pub(crate) fn set_cookie<'a>(response: &'a Response, name: &str) -> &'a str {
    let begin = format!("{name}=");
    let headers = set_cookies(response);
    let mut found = headers
        .into_iter()
        .filter(|header| header.starts_with(&begin));
    let header = found.next();
    let header = header.unwrap_or_else(|| panic!("{name} is not set: {response:?}"));
    assert_eq!(found.next(), None, "{name} is set twice");
    header
}

/// Asserts that the response removes both cookies.
#[track_caller]
pub(crate) fn assert_cleared(response: &Response) {
    for name in [ACCESS, REFRESHED] {
        let header = set_cookie(response, name);
        assert!(header.starts_with(&format!("{name}=;")), "{header}");
        assert!(header.contains("; Max-Age=0"), "{header}");
    }
}

/// Adds headers to a request.
pub(crate) fn with_headers(request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    let add = |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
    headers.iter().fold(request, add)
}

impl App {
    /// The login of Tom into cookies, with these headers of a browser.
    pub(crate) fn login_into_cookies(&self, headers: &[(&str, &str)]) -> RequestBuilder {
        let form = [
            ("username", EMAIL),
            ("password", PASSWORD),
            ("session", "cookie"),
        ];
        with_headers(self.request(Method::POST, LOGIN).form(&form), headers)
    }

    /// Registers Tom and logs him in on a page.
    pub(crate) async fn log_tom_into_cookies(&self) -> Cookies {
        self.register_tom().await;
        self.cookies_of_tom().await
    }

    /// Logs Tom in on a page.
    pub(crate) async fn cookies_of_tom(&self) -> Cookies {
        Cookies::of(&Response::to(self.login_into_cookies(&OWN_PAGE)).await)
    }

    /// Requests a path with a `Cookie` header.
    pub(crate) async fn get_with(&self, path: &str, cookie: &str) -> Response {
        Response::to(self.request(Method::GET, path).header("cookie", cookie)).await
    }

    /// Posts with a `Cookie` header from an own page.
    pub(crate) async fn post_with(
        &self,
        path: &str,
        cookie: &str,
        body: Option<&Value>,
    ) -> Response {
        let request = self.request(Method::POST, path).header("cookie", cookie);
        let request = with_headers(request, &OWN_PAGE);
        Response::to(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    pub(crate) async fn refresh_with(&self, cookie: &str) -> Response {
        self.post_with(REFRESH, cookie, None).await
    }

    pub(crate) async fn logout_with(&self, cookie: &str) -> Response {
        self.post_with(LOGOUT, cookie, None).await
    }
}
