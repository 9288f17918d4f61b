//! The service's user flows, step by step.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::app::App;
use super::response::Response;
use super::stub::Received;
use super::time::{SOON, eventually};

pub(crate) const REGISTER: &str = "/api/v1/auth/register";
pub(crate) const LOGIN: &str = "/api/v1/auth/login";
pub(crate) const REFRESH: &str = "/api/v1/auth/refresh";
pub(crate) const LOGOUT: &str = "/api/v1/auth/logout";
pub(crate) const FORGOT_PASSWORD: &str = "/api/v1/auth/forgot-password";
pub(crate) const RESET_PASSWORD: &str = "/api/v1/auth/reset-password";
pub(crate) const VERIFY_EMAIL: &str = "/api/v1/auth/verify-email";
pub(crate) const RESEND_VERIFICATION: &str = "/api/v1/auth/resend-verification";
pub(crate) const CHANGE_EMAIL: &str = "/api/v1/auth/change-email";
pub(crate) const ME: &str = "/api/v1/auth/me";
pub(crate) const SESSIONS: &str = "/api/v1/auth/sessions";
pub(crate) const EVENTS: &str = "/api/v1/auth/events";
pub(crate) const CHANGE_PASSWORD: &str = "/api/v1/auth/change-password";
pub(crate) const DELETE_ACCOUNT: &str = "/api/v1/auth/delete-account";
pub(crate) const EXPORT: &str = "/api/v1/auth/export";
pub(crate) const NOT_ME: &str = "/api/v1/auth/not-me";
pub(crate) const SESSION: &str = "/api/v1/auth/session";
pub(crate) const TEST_DATA: &str = "/api/v1/data/test-data";

/// The user of most tests.
pub(crate) const EMAIL: &str = "tom@example.com";
pub(crate) const USERNAME: &str = "Tom";
pub(crate) const PASSWORD: &str = "correct horse 1";
pub(crate) const WRONG: &str = "wrong password 1";
pub(crate) const CAPTCHA_ID: &str = "5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b11";

/// Gives each user a long list of known networks, all last seen long ago.
pub(crate) const MANY_NETWORKS: &str = "WITH RECURSIVE number(n) AS ( \
     SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 45) \
     INSERT INTO known_networks (user_id, network, seen_at) \
     SELECT id, 'network ' || n, n FROM users, number";

/// The tokens of a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    /// The tokens in a response.
    #[track_caller]
    pub(crate) fn of(response: &Response) -> Self {
        response.assert_status(200);
        Self {
            access: response.field("access_token"),
            refresh: response.field("refresh_token"),
        }
    }
}

/// A valid registration.
pub(crate) fn registration() -> Value {
    json!({
        "email": EMAIL,
        "username": USERNAME,
        "password": PASSWORD,
        "captcha_id": CAPTCHA_ID,
        "captcha_answer": "7XK2P",
    })
}

/// The valid registration with one field changed.
pub(crate) fn registration_with(field: &str, value: impl Into<Value>) -> Value {
    let mut body = registration();
    body[field] = value.into();
    body
}

/// A valid registration of another user.
pub(crate) fn registration_of(email: &str, username: &str) -> Value {
    let mut body = registration_with("email", email);
    body["username"] = username.into();
    body
}

impl App {
    pub(crate) async fn register(&self, body: &Value) -> Response {
        self.post(REGISTER, body).await
    }

    /// Registers Tom and returns his id.
    pub(crate) async fn register_tom(&self) -> String {
        let response = self.register(&registration()).await;
        response.assert_status(201).field("id")
    }

    /// Asserts that rejected registrations stored nothing and did not reach the captcha service.
    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        assert_eq!(
            self.captcha.received().len(),
            0,
            "the captcha service was called"
        );
        assert_eq!(self.count("users"), 0, "a user was stored");
    }

    pub(crate) async fn login_form(&self, fields: &[(&str, &str)]) -> Response {
        Response::to(self.request(Method::POST, LOGIN).form(fields)).await
    }

    pub(crate) async fn login(&self, username: &str, password: &str) -> Response {
        self.login_form(&[("username", username), ("password", password)])
            .await
    }

    /// Registers Tom, logs him in, and returns his tokens.
    pub(crate) async fn log_tom_in(&self) -> Tokens {
        self.register_tom().await;
        self.tokens_of_tom().await
    }

    /// Logs Tom in, and returns the tokens of the new session.
    pub(crate) async fn tokens_of_tom(&self) -> Tokens {
        self.tokens_with(PASSWORD).await
    }

    /// Logs Tom in with another password, and returns the tokens of the new session.
    pub(crate) async fn tokens_with(&self, password: &str) -> Tokens {
        Tokens::of(&self.login(EMAIL, password).await)
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Response {
        self.post(REFRESH, &json!({"refresh_token": refresh_token}))
            .await
    }

    pub(crate) async fn logout(&self, refresh_token: &str) -> Response {
        self.post(LOGOUT, &json!({"refresh_token": refresh_token}))
            .await
    }

    /// Requests the protected route with an access token.
    pub(crate) async fn test_data(&self, access_token: &str) -> Response {
        let request = self.request(Method::GET, TEST_DATA);
        Response::to(request.bearer_auth(access_token)).await
    }

    /// Requests a path with an access token.
    pub(crate) async fn get_as(&self, path: &str, access_token: &str) -> Response {
        Response::to(self.request(Method::GET, path).bearer_auth(access_token)).await
    }

    /// Sends a body with an access token.
    pub(crate) async fn send_as(
        &self,
        method: Method,
        path: &str,
        access_token: &str,
        body: &Value,
    ) -> Response {
        let request = self.request(method, path).bearer_auth(access_token);
        Response::to(request.json(body)).await
    }

    /// Deletes a path with an access token.
    pub(crate) async fn delete_as(&self, path: &str, access_token: &str) -> Response {
        Response::to(self.request(Method::DELETE, path).bearer_auth(access_token)).await
    }

    pub(crate) async fn rename(&self, access_token: &str, username: &str) -> Response {
        let body = json!({"username": username});
        self.send_as(Method::PATCH, ME, access_token, &body).await
    }

    pub(crate) async fn change_password(
        &self,
        access_token: &str,
        current: &str,
        new: &str,
    ) -> Response {
        let body = json!({"current_password": current, "new_password": new});
        self.send_as(Method::POST, CHANGE_PASSWORD, access_token, &body)
            .await
    }

    pub(crate) async fn delete_account(&self, access_token: &str, password: &str) -> Response {
        let body = json!({"current_password": password});
        self.send_as(Method::POST, DELETE_ACCOUNT, access_token, &body)
            .await
    }

    /// Logs Tom in with a browser, from a network that the proxy reports.
    pub(crate) async fn login_with(&self, network: &str, user_agent: &str) -> Response {
        let request = self.request(Method::POST, LOGIN);
        let request = request.header("x-forwarded-for", network);
        let request = request.header("user-agent", user_agent);
        Response::to(request.form(&[("username", EMAIL), ("password", PASSWORD)])).await
    }

    /// Waits until no readable mail is waiting.
    pub(crate) async fn all_mail_is_sent(&self) {
        let waiting = "outbox WHERE due_at < unixepoch() + 86400";
        let is_empty = async || (self.count(waiting) == 0).then_some(());
        eventually("all mail is sent", SOON, is_empty).await;
    }

    /// The actions of Tom's events, the oldest first.
    pub(crate) fn actions_of_tom(&self) -> Vec<String> {
        let database = self.database();
        let mut statement = database
            .prepare(
                "SELECT action FROM events WHERE user_id = (SELECT id FROM users \
                 WHERE email = 'tom@example.com') AND action <> 'user.registered' ORDER BY id",
            )
            .expect("a valid statement");
        let actions = statement.query_map([], |row| row.get(0));
        let actions: Result<_, _> = actions.expect("rows").collect();
        actions.expect("actions")
    }

    /// Disowns what the `number`-th mail tells of.
    pub(crate) async fn disown(&self, number: usize) -> Response {
        let token = token_in(&self.mail(number).await);
        self.post(NOT_ME, &json!({"token": token})).await
    }

    /// Requests a reset link.
    pub(crate) async fn forgot_password(&self, email: &str) -> Response {
        self.post(FORGOT_PASSWORD, &json!({"email": email})).await
    }

    pub(crate) async fn reset_password(&self, token: &str, new_password: &str) -> Response {
        let body = json!({"token": token, "new_password": new_password});
        self.post(RESET_PASSWORD, &body).await
    }

    /// What the service says of the session of an access token.
    pub(crate) async fn session(&self, access_token: &str) -> Response {
        let request = self.request(Method::GET, SESSION);
        Response::to(request.bearer_auth(access_token)).await
    }

    pub(crate) async fn verify_email(&self, token: &str) -> Response {
        self.post(VERIFY_EMAIL, &json!({"token": token})).await
    }

    pub(crate) async fn verify_code(&self, verification: &str, code: &str) -> Response {
        let body = json!({"verification_id": verification, "code": code});
        self.post(VERIFY_EMAIL, &body).await
    }

    /// Requests another verification mail.
    pub(crate) async fn resend_verification(&self, email: &str) -> Response {
        self.post(RESEND_VERIFICATION, &json!({"email": email}))
            .await
    }

    /// Requests a change of address with an access token.
    pub(crate) async fn change_email(
        &self,
        access_token: &str,
        new_email: &str,
        password: &str,
    ) -> Response {
        let body = json!({"new_email": new_email, "current_password": password});
        let request = self.request(Method::POST, CHANGE_EMAIL).json(&body);
        Response::to(request.bearer_auth(access_token)).await
    }

    /// Waits for the newest mail to this address with this subject.
    pub(crate) async fn mail_to(&self, email: &str, subject: &str) -> Received {
        let newest = async || {
            let received = self.mail_provider.received();
            let is_wanted = |mail: &Received| {
                let mail = mail.json();
                mail["to"] == json!([email]) && mail["subject"] == subject
            };
            received.into_iter().rev().find(is_wanted)
        };
        eventually("a mail to the address arrives", SOON, newest).await
    }

    /// Waits until no mail is queued. Mail that was set aside does not count.
    pub(crate) async fn all_mail_sent(&self) {
        let queued = format!("SELECT count(*) FROM outbox WHERE due_at < {}", i64::MAX);
        let is_sent = async || (self.value::<i64>(&queued) == 0).then_some(());
        eventually("all mail is sent", SOON, is_sent).await;
    }

    /// Waits for the `number`-th request to the mail provider, counted from 1.
    pub(crate) async fn mail(&self, number: usize) -> Received {
        let mail = async || self.mail_provider.received().get(number - 1).cloned();
        eventually("a mail arrives", SOON, mail).await
    }

    /// Requests a reset link for Tom, and returns the token in the `number`-th mail.
    pub(crate) async fn reset_token(&self, number: usize) -> String {
        self.forgot_password(EMAIL).await.assert_status(202);
        token_in(&self.mail(number).await)
    }

    /// Requests a reset link and returns the token in the mail. Clears the mail provider's requests
    /// first.
    pub(crate) async fn next_reset_token(&self, email: &str) -> String {
        self.mail_provider.clear();
        self.forgot_password(email).await.assert_status(202);
        let token = async || {
            self.mail_provider
                .received()
                .iter()
                .find_map(reset_token_in)
        };
        eventually("a mail with a link arrives", SOON, token).await
    }
}

/// The reset token in a mail, if there is one. The link of a notice has a token of another kind.
pub(crate) fn reset_token_in(mail: &Received) -> Option<String> {
    let body = mail.json();
    let text = body["text"].as_str().unwrap_or_default();
    let (_, token) = text.split_once("/auth/reset-password?token=")?;
    token.split_whitespace().next().map(str::to_owned)
}

/// The code in a mail, which must have one.
pub(crate) fn code_in(mail: &Received) -> String {
    let body = mail.json();
    let text = body["text"].as_str().expect("the mail has a text");
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|b| b.is_ascii_digit());
    let code = text.lines().find(is_code);
    code.unwrap_or_else(|| panic!("no code in: {text}"))
        .to_owned()
}

/// The token in the link of a mail, which must have one.
pub(crate) fn token_in(mail: &Received) -> String {
    let link = link_in(mail);
    let mut query = link.query_pairs();
    let token = query.find(|(name, _)| name == "token");
    token.expect("the link has a token").1.into_owned()
}

/// The link in the text of a mail.
pub(crate) fn link_in(mail: &Received) -> Url {
    let body = mail.json();
    let text = body["text"].as_str().expect("the mail has a text");
    let link = text
        .split_whitespace()
        .find(|word| word.starts_with("http"));
    let link = link.unwrap_or_else(|| panic!("no link in: {text}"));
    Url::parse(link).expect("the link is a URL")
}
