//! Rotation of the secret key: everything signed with the previous key stays valid, and everything new
//! depends only on the new key.

use serde_json::json;

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, INVALID_CAPTCHA, INVALID_REFRESH_TOKEN};
use crate::helpers::app::{App, SECRET_KEY, spawn_app};
use crate::helpers::captcha::builtin_captcha;
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, registration_of, token_in};
use crate::helpers::stub::Reply;
use crate::helpers::time::{SOON, eventually};

const SECOND_KEY: &str = "the second secret key of the tests, longer";
const THIRD_KEY: &str = "the third secret key of the tests, as long";
const NEW_PASSWORD: &str = "battery staple 2";

async fn rotate(app: &mut App, from: &str, to: &str) {
    app.set("secret_key", to);
    app.set("secret_key_previous", from);
    app.restart().await;
}

/// Everything whose validity depends on the secret key.
struct Issued {
    tokens: Tokens,
    captcha_answers: Vec<String>,
}

impl Issued {
    async fn issue(app: &App) -> Self {
        Self {
            tokens: app.tokens_of_tom().await,
            captcha_answers: vec![app.captcha_answer().await, app.captcha_answer().await],
        }
    }

    /// Asserts that everything is valid, and replaces the tokens by their successors.
    async fn assert_all_valid(&mut self, app: &App, newcomer: &str) {
        app.test_data(&self.tokens.access).await.assert_status(200);
        self.tokens = Tokens::of(&app.refresh(&self.tokens.refresh).await);
        let mut body = registration_of(&format!("{newcomer}@example.com"), newcomer);
        body["captcha_answer"] = self.captcha_answers.pop().expect("an answer").into();
        app.register(&body).await.assert_status(201);
    }

    async fn assert_all_invalid(&mut self, app: &App) {
        app.test_data(&self.tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
        app.refresh(&self.tokens.refresh)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
        let mut body = registration_of("late@example.com", "late");
        body["captcha_answer"] = self.captcha_answers.pop().expect("an answer").into();
        app.register(&body).await.assert_error(&INVALID_CAPTCHA);
    }
}

#[tokio::test]
async fn everything_signed_with_a_key_survives_one_rotation() {
    let mut app = builtin_captcha().spawn().await;
    let mut tom = registration_of(EMAIL, "Tom");
    tom["captcha_answer"] = app.captcha_answer().await.into();
    app.register(&tom).await.assert_status(201);
    let mut first = Issued::issue(&app).await;
    let mut rests = Issued::issue(&app).await;
    rotate(&mut app, SECRET_KEY, SECOND_KEY).await;
    first.assert_all_valid(&app, "ann").await;
    let mut second = Issued::issue(&app).await;
    rotate(&mut app, SECOND_KEY, THIRD_KEY).await;
    // The refresh issued tokens with the second key.
    app.refresh(&first.tokens.refresh).await.assert_status(200);
    second.assert_all_valid(&app, "bob").await;
    rests.assert_all_invalid(&app).await;
}

#[tokio::test]
async fn without_the_previous_key_everything_signed_with_it_is_invalid() {
    let mut app = builtin_captcha().spawn().await;
    let mut tom = registration_of(EMAIL, "Tom");
    tom["captcha_answer"] = app.captcha_answer().await.into();
    app.register(&tom).await.assert_status(201);
    let mut first = Issued::issue(&app).await;
    rotate(&mut app, "", SECOND_KEY).await;
    first.assert_all_invalid(&app).await;
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

/// Starts a service with a deferred reset mail for Tom.
async fn spawn_app_with_pending_mail() -> App {
    let app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Text(500, "oops"));
    app.forgot_password(EMAIL).await.assert_status(202);
    let put_off = async || {
        let output = app.server.output();
        output.contains("mail put off").then_some(())
    };
    eventually("the mail is deferred", SOON, put_off).await;
    app.mail_provider
        .reply_with(Reply::Json(200, json!({"id": "1"})));
    app.change("UPDATE outbox SET due_at = 0");
    app
}

#[tokio::test]
async fn a_pending_link_survives_a_rotation() {
    let mut app = spawn_app_with_pending_mail().await;
    let link = token_in(&app.mail(1).await);
    rotate(&mut app, SECRET_KEY, SECOND_KEY).await;
    app.get("/health/ready").await.assert_status(200);
    assert_eq!(token_in(&app.mail(2).await), link);
    app.reset_password(&link, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_link_signed_with_a_forgotten_key_is_not_sent() {
    let mut app = spawn_app_with_pending_mail().await;
    rotate(&mut app, SECOND_KEY, THIRD_KEY).await;
    app.get("/health/ready").await.assert_status(200);
    let given_up = async || (app.count("outbox") == 0).then_some(());
    eventually("the mail is given up", SOON, given_up).await;
    assert_eq!(app.mail_provider.received().len(), 1);
}
