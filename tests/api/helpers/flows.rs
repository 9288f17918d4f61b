//! What people do with the service, step by step.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::answer::Answer;
use super::app::App;
use super::stub::Received;
use super::time::{SOON, eventually};

pub(crate) const REGISTER: &str = "/api/v1/auth/register";
pub(crate) const LOGIN: &str = "/api/v1/auth/login";
pub(crate) const REFRESH: &str = "/api/v1/auth/refresh";
pub(crate) const LOGOUT: &str = "/api/v1/auth/logout";
pub(crate) const FORGOT_PASSWORD: &str = "/api/v1/auth/forgot-password";
pub(crate) const RESET_PASSWORD: &str = "/api/v1/auth/reset-password";
pub(crate) const ME: &str = "/api/v1/auth/me";
pub(crate) const TEST_DATA: &str = "/api/v1/data/test-data";

/// Tom, who registers in most tests.
pub(crate) const EMAIL: &str = "tom@example.com";
pub(crate) const USERNAME: &str = "Tom";
pub(crate) const PASSWORD: &str = "correct horse 1";
pub(crate) const CAPTCHA_ID: &str = "5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b11";

/// Gives each user a long list of networks that nobody has logged in from for ages.
pub(crate) const MANY_NETWORKS: &str = "WITH RECURSIVE number(n) AS ( \
     SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 25) \
     INSERT INTO known_networks (user_id, network, seen_at) \
     SELECT id, 'network ' || n, n FROM users, number";

/// The tokens of a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    /// The tokens that an answer brings.
    #[track_caller]
    pub(crate) fn of(answer: &Answer) -> Self {
        answer.assert_status(200);
        Self {
            access: answer.field("access_token"),
            refresh: answer.field("refresh_token"),
        }
    }
}

/// A registration that nothing is wrong with.
pub(crate) fn registration() -> Value {
    json!({
        "email": EMAIL,
        "username": USERNAME,
        "password": PASSWORD,
        "captcha_id": CAPTCHA_ID,
        "captcha_answer": "7XK2P",
    })
}

/// The same registration with another value of one field.
pub(crate) fn registration_with(field: &str, value: impl Into<Value>) -> Value {
    let mut body = registration();
    body[field] = value.into();
    body
}

/// The registration of somebody else.
pub(crate) fn registration_of(email: &str, username: &str) -> Value {
    let mut body = registration_with("email", email);
    body["username"] = username.into();
    body
}

impl App {
    /// Registers somebody; the body says whom.
    pub(crate) async fn register(&self, body: &Value) -> Answer {
        self.post(REGISTER, body).await
    }

    /// Registers Tom and returns his id.
    pub(crate) async fn register_tom(&self) -> String {
        let answer = self.register(&registration()).await;
        answer.assert_status(201).field("id")
    }

    /// Refused registrations have left no trace, and nobody was asked about them.
    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        assert_eq!(
            self.captcha.received().len(),
            0,
            "the captcha service was asked"
        );
        assert_eq!(self.count("users"), 0, "a user was stored");
    }

    /// Sends the login form.
    pub(crate) async fn login_form(&self, fields: &[(&str, &str)]) -> Answer {
        Answer::to(self.request(Method::POST, LOGIN).form(fields)).await
    }

    /// Logs somebody in.
    pub(crate) async fn login(&self, username: &str, password: &str) -> Answer {
        self.login_form(&[("username", username), ("password", password)])
            .await
    }

    /// Registers Tom, logs him in and returns his tokens.
    pub(crate) async fn log_tom_in(&self) -> Tokens {
        self.register_tom().await;
        self.tokens_of_tom().await
    }

    /// Logs Tom in once more.
    pub(crate) async fn tokens_of_tom(&self) -> Tokens {
        Tokens::of(&self.login(EMAIL, PASSWORD).await)
    }

    /// Sends a refresh token.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.post(REFRESH, &json!({"refresh_token": refresh_token}))
            .await
    }

    /// Logs out.
    pub(crate) async fn logout(&self, refresh_token: &str) -> Answer {
        self.post(LOGOUT, &json!({"refresh_token": refresh_token}))
            .await
    }

    /// Shows an access token at the protected route.
    pub(crate) async fn test_data(&self, access_token: &str) -> Answer {
        let request = self.request(Method::GET, TEST_DATA);
        Answer::to(request.bearer_auth(access_token)).await
    }

    /// Asks for a reset link.
    pub(crate) async fn forgot_password(&self, email: &str) -> Answer {
        self.post(FORGOT_PASSWORD, &json!({"email": email})).await
    }

    /// Chooses a new password by a reset token.
    pub(crate) async fn reset_password(&self, token: &str, new_password: &str) -> Answer {
        let body = json!({"token": token, "new_password": new_password});
        self.post(RESET_PASSWORD, &body).await
    }

    /// Waits for the mail provider to be sent its `number`-th request, counted from one.
    pub(crate) async fn mail(&self, number: usize) -> Received {
        let mail = async || self.mail_provider.received().get(number - 1).cloned();
        eventually("a mail arrives", SOON, mail).await
    }

    /// Asks for a reset link for Tom and takes the token out of the mail, his `number`-th.
    pub(crate) async fn reset_token(&self, number: usize) -> String {
        self.forgot_password(EMAIL).await.assert_status(202);
        token_in(&self.mail(number).await)
    }

    /// Asks for a reset link for somebody and takes the token out of the mail; whatever the mail
    /// provider was sent before is forgotten.
    pub(crate) async fn next_reset_token(&self, email: &str) -> String {
        self.mail_provider.forget();
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

/// The token in a mail, if it brings one.
pub(crate) fn reset_token_in(mail: &Received) -> Option<String> {
    let body = mail.json();
    let text = body["text"].as_str().unwrap_or_default();
    let (_, token) = text.split_once("token=")?;
    token.split_whitespace().next().map(str::to_owned)
}

/// The token in the link of a mail.
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
