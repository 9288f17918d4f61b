//! The requests to the mail providers other than Resend.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::helpers::app::{App, EMAIL_API_KEY, spawn_app_with};
use crate::helpers::flows::EMAIL;
use crate::helpers::stub::Received;

const SUBJECT: &str = "Reset Your Password - Action Required";
const SENDER: &str = "\"My Users Service\" <info@myapp.com>";

/// The request to a provider for Tom's reset mail.
async fn reset_mail(provider: &str) -> (App, Received) {
    let app = spawn_app_with("email_provider", provider).await;
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    let mail = app.mail(1).await;
    assert_eq!(mail.method.as_str(), "POST");
    (app, mail)
}

#[track_caller]
fn assert_parts(text: &Value, html: &Value) {
    for part in [text, html] {
        let part = part.as_str().expect("a string");
        assert!(part.contains("reset-password"), "{part}");
    }
    assert!(
        html.as_str().is_some_and(|html| html.contains("<html")),
        "{html}"
    );
}

#[tokio::test]
async fn postmark_gets_its_token_and_its_json() {
    let (_app, mail) = reset_mail("postmark").await;
    assert_eq!(mail.path, "/email");
    assert_eq!(mail.header("x-postmark-server-token"), Some(EMAIL_API_KEY));
    assert_eq!(mail.header("content-type"), Some("application/json"));
    assert_eq!(mail.header("accept"), Some("application/json"));
    let body = mail.json();
    assert_eq!(
        (&body["From"], &body["To"]),
        (&json!(SENDER), &json!(EMAIL))
    );
    assert_eq!(body["Subject"], SUBJECT);
    assert_eq!(body["TrackLinks"], "None");
    assert_parts(&body["TextBody"], &body["HtmlBody"]);
}

#[tokio::test]
async fn sendgrid_gets_its_key_and_its_json() {
    let (_app, mail) = reset_mail("sendgrid").await;
    assert_eq!(mail.path, "/v3/mail/send");
    let bearer = format!("Bearer {EMAIL_API_KEY}");
    assert_eq!(mail.header("authorization"), Some(bearer.as_str()));
    assert_eq!(mail.header("content-type"), Some("application/json"));
    let body = mail.json();
    assert_eq!(body["personalizations"][0]["to"], json!([{"email": EMAIL}]));
    let from = json!({"email": "info@myapp.com", "name": "My Users Service"});
    assert_eq!((&body["from"], &body["subject"]), (&from, &json!(SUBJECT)));
    assert_eq!(body["content"][0]["type"], "text/plain");
    assert_eq!(body["content"][1]["type"], "text/html");
    assert_parts(&body["content"][0]["value"], &body["content"][1]["value"]);
    let tracking = &body["tracking_settings"]["click_tracking"];
    assert_eq!(tracking, &json!({"enable": false, "enable_text": false}));
}

#[tokio::test]
async fn mailgun_gets_its_key_and_a_form_for_the_senders_domain() {
    let (_app, mail) = reset_mail("mailgun").await;
    assert_eq!(mail.path, "/v3/myapp.com/messages");
    let basic = format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("api:{EMAIL_API_KEY}"))
    );
    assert_eq!(mail.header("authorization"), Some(basic.as_str()));
    assert_eq!(
        mail.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let form: serde_json::Map<_, _> = form_urlencoded::parse(&mail.body)
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect();
    assert_eq!(
        (&form["from"], &form["to"]),
        (&json!(SENDER), &json!(EMAIL))
    );
    assert_eq!(form["subject"], SUBJECT);
    assert_eq!(form["o:tracking"], "no");
    assert_parts(&form["text"], &form["html"]);
}
