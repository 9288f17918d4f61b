//! An administrator, and what they ask for.

use reqwest::Method;
use serde_json::{Value, json};

use super::app::{App, Setup};
use super::flows::{EMAIL, PASSWORD, Tokens, registration_of};
use super::response::Response;

pub(crate) const USERS: &str = "/api/v1/admin/users";
pub(crate) const AUDIT: &str = "/api/v1/admin/events";

/// The administrator of most tests.
pub(crate) const ANN: &str = "ann@example.com";
/// The key with which machines administrate.
pub(crate) const ADMIN_API_KEY: &str = "the-key-of-the-machines-in-the-tests-40b";

/// A service with Ann, an administrator, and Tom.
pub(crate) struct Administration {
    pub(crate) app: App,
    /// Ann's access token.
    pub(crate) ann: String,
    pub(crate) ann_id: String,
    pub(crate) tom_id: String,
}

/// Starts a service with Ann, who is logged in, and Tom, who is not.
pub(crate) async fn administration() -> Administration {
    administration_of(Setup::new()).await
}

/// The same, of a service with other settings.
pub(crate) async fn administration_of(setup: Setup) -> Administration {
    let app = setup.with("admin_api_key", ADMIN_API_KEY).spawn().await;
    let response = app.register(&registration_of(ANN, "ann")).await;
    let ann_id = response.assert_status(201).field("id");
    app.change("UPDATE users SET account_role = 'ADMIN' WHERE username = 'ann'");
    let tom_id = app.register_tom().await;
    let ann = app.access_token(ANN).await;
    Administration {
        app,
        ann,
        ann_id,
        tom_id,
    }
}

impl App {
    /// Logs a user in, and returns the access token.
    pub(crate) async fn access_token(&self, username: &str) -> String {
        Tokens::of(&self.login(username, PASSWORD).await).access
    }
}

/// The path of a user, followed by `rest`.
pub(crate) fn user_path(id: &str, rest: &str) -> String {
    format!("{USERS}/{id}{rest}")
}

impl Administration {
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.app.get_as(path, &self.ann).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.app.send_as(Method::POST, path, &self.ann, body).await
    }

    pub(crate) async fn patch(&self, id: &str, body: &Value) -> Response {
        let path = user_path(id, "");
        self.app
            .send_as(Method::PATCH, &path, &self.ann, body)
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        self.app.delete_as(path, &self.ann).await
    }

    /// Disables a user without an end.
    pub(crate) async fn disable(&self, id: &str) -> Response {
        let path = user_path(id, "/disable");
        self.post(&path, &json!({"reason": "Spam"})).await
    }

    /// Enables a user.
    pub(crate) async fn enable(&self, id: &str) -> Response {
        self.post(&user_path(id, "/enable"), &json!({})).await
    }

    /// What a page of a list has, by a field of its items.
    pub(crate) async fn listed(&self, path: &str, field: &str) -> Vec<String> {
        let page = self.get(path).await;
        let page = page.assert_status(200).json();
        let items = page["items"].as_array().expect("a list");
        let text = |item: &Value| item[field].as_str().expect("a text").to_owned();
        items.iter().map(text).collect()
    }

    /// The items of all pages of a list, whose path has a query, and the number of pages.
    pub(crate) async fn all_pages(&self, path: &str) -> (Vec<Value>, usize) {
        let mut items = Vec::new();
        let mut cursor = String::new();
        for page in 1.. {
            let path = format!("{path}&cursor={cursor}");
            let json = self.get(&path).await.assert_status(200).json();
            items.extend(json["items"].as_array().expect("a list").iter().cloned());
            match json["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return (items, page),
            }
            assert!(page < 100, "the list does not end");
        }
        unreachable!("the loop returns")
    }

    /// The newest event of Tom.
    pub(crate) async fn newest_event_of_tom(&self) -> Value {
        let path = format!("{AUDIT}?user={}&limit=1", self.tom_id);
        self.get(&path).await.assert_status(200).json()["items"][0].clone()
    }

    /// Makes Ann's login older than what cannot be undone allows.
    pub(crate) fn let_login_age(&self) {
        let statement = "UPDATE sessions SET authenticated_at = authenticated_at - 601";
        self.app.change(statement);
    }

    /// Asserts that Tom cannot log in.
    pub(crate) async fn assert_tom_is_out(&self) {
        let response = self.app.login(EMAIL, PASSWORD).await;
        response.assert_error(&super::api_error::INCORRECT_CREDENTIALS);
    }
}
