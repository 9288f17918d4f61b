//! Mail: what the provider is sent, and that its troubles are nobody else's.

use serde_json::json;

use crate::helpers::answer::Answer;
use crate::helpers::app::{App, EMAIL_API_KEY, Setup, spawn_app};
use crate::helpers::flows::{
    EMAIL, FORGOT_PASSWORD, USERNAME, link_in, registration_with, token_in,
};
use crate::helpers::stub::Reply;
use crate::helpers::time::{SOON, eventually};

const SUBJECT: &str = "Reset Your Password - Action Required";
/// The wait until a mail is tried again is over.
const LET_WAIT_PASS: &str = "UPDATE outbox SET due_at = unixepoch() - 1";

/// Waits until the outbox holds this many mails.
async fn outbox_holds(app: &App, mails: i64) {
    let settled = async || (app.count("outbox") == mails).then_some(());
    eventually(&format!("the outbox holds {mails}"), SOON, settled).await;
}

/// Waits until the provider's answer to the try with this number has been written down.
async fn put_off(app: &App) {
    let wait = async || {
        let output = app.server.output();
        output.contains("mail put off").then_some(())
    };
    eventually("the mail is put off", SOON, wait).await;
}

#[tokio::test]
async fn a_reset_mail_is_posted_to_the_provider_in_its_own_form() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    let mail = app.mail(1).await;
    assert_eq!(
        (mail.method.as_str(), mail.path.as_str()),
        ("POST", "/emails")
    );
    let authorization = format!("Bearer {EMAIL_API_KEY}");
    assert_eq!(mail.header("authorization"), Some(authorization.as_str()));
    assert_eq!(mail.header("content-type"), Some("application/json"));
    assert!(
        mail.header("user-agent")
            .is_some_and(|agent| !agent.is_empty())
    );
    let body = mail.json();
    assert_eq!(
        body,
        json!({
            "from": "\"My Users Service\" <info@myapp.com>",
            "to": [EMAIL],
            "subject": SUBJECT,
            "text": body["text"],
            "html": body["html"],
        })
    );
}

#[tokio::test]
async fn text_and_html_hold_the_link_the_minutes_and_the_same_footer() {
    let app = Setup::new()
        .with("emails_from_name", "The <App> & \"Co\"")
        .spawn()
        .await;
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    let mail = app.mail(1).await;
    let body = mail.json();
    let text = body["text"].as_str().expect("a mail has a text");
    let html = body["html"].as_str().expect("a mail has HTML");
    let link = link_in(&mail).to_string();
    let year = app.value::<String>("SELECT strftime('%Y')");
    for part in [
        link.as_str(),
        USERNAME,
        "15 minutes",
        "If you did not request this email, please ignore it.",
        &year,
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(text.contains("The <App> & \"Co\""), "{text}");
    for part in [
        "<html",
        "15 minutes",
        "If you did not request this email, please ignore it.",
        &year,
        "The &lt;App&gt; &amp; &quot;Co&quot;",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    let html = html.replace("&#x2f;", "/").replace("&#x3d;", "=");
    let as_link = format!("href=\"{link}\"");
    assert_eq!(
        html.matches(&as_link).count(),
        2,
        "a button and the link in full: {html}"
    );
    assert!(
        html.contains(&format!(">{link}<")),
        "the link is not in full: {html}"
    );
}

#[tokio::test]
async fn the_link_leads_to_the_front_end_whatever_the_request_says() {
    let app = Setup::new()
        .with("frontend_url", "https://app.example.com/base/")
        .spawn()
        .await;
    app.register_tom().await;
    for (number, (header, value)) in [
        ("host", "evil.example.com"),
        ("x-forwarded-host", "evil.example.com"),
        ("x-forwarded-proto", "gopher"),
        ("forwarded", "host=evil.example.com"),
        ("origin", "https://evil.example.com"),
        ("referer", "https://evil.example.com/"),
    ]
    .into_iter()
    .enumerate()
    {
        let request = app
            .request(reqwest::Method::POST, FORGOT_PASSWORD)
            .header(header, value);
        Answer::to(request.json(&json!({"email": EMAIL})))
            .await
            .assert_status(202);
        let mail = app.mail(number + 1).await;
        let link = link_in(&mail).to_string();
        let expected = "https://app.example.com/base/auth/reset-password?token=";
        assert!(link.starts_with(expected), "{header}: {link}");
        assert!(!mail.json().to_string().contains("evil"), "{header}");
    }
}

#[tokio::test]
async fn the_senders_name_and_address_are_settings() {
    let app = Setup::new()
        .with("emails_from_name", "Acme \"Accounts\"")
        .with("emails_from_email", "no-reply@acme.example.com")
        .spawn()
        .await;
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    let from = app.mail(1).await.json()["from"].clone();
    assert_eq!(
        from,
        "\"Acme \\\"Accounts\\\"\" <no-reply@acme.example.com>"
    );
}

#[tokio::test]
async fn mail_goes_to_the_stored_address_alone() {
    let app = spawn_app().await;
    app.register(&registration_with("email", "Tom@ŻÓŁW.pl"))
        .await
        .assert_status(201);
    app.forgot_password("tom@żółw.pl").await.assert_status(202);
    assert_eq!(
        app.mail(1).await.json()["to"],
        json!(["tom@xn--w-uga1v8h.pl"])
    );
}

#[tokio::test]
async fn a_mail_that_was_taken_leaves_the_outbox() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.reset_token(1).await;
    outbox_holds(&app, 0).await;
}

#[tokio::test]
async fn a_mail_that_fails_for_now_is_sent_again_later_with_the_same_key_and_link() {
    for reply in [
        Reply::Text(500, "oops"),
        Reply::Json(503, json!({"name": "unavailable"})),
        Reply::Json(429, json!({"name": "rate_limit_exceeded"})),
    ] {
        let app = spawn_app().await;
        app.mail_provider.reply_with(reply);
        app.register_tom().await;
        app.forgot_password(EMAIL).await.assert_status(202);
        let first = app.mail(1).await;
        put_off(&app).await;
        app.mail_provider
            .reply_with(Reply::Json(200, json!({"id": "1"})));
        app.change(LET_WAIT_PASS);
        app.forgot_password("nobody@example.com")
            .await
            .assert_status(202);
        let second = app.mail(2).await;
        assert!(
            first
                .header("idempotency-key")
                .is_some_and(|key| key.len() >= 16)
        );
        assert_eq!(
            first.header("idempotency-key"),
            second.header("idempotency-key")
        );
        assert_eq!(first.body, second.body);
        outbox_holds(&app, 0).await;
        app.reset_password(&token_in(&second), "battery staple 2")
            .await
            .assert_status(200);
    }
}

#[tokio::test]
async fn a_mail_is_not_tried_again_before_its_time() {
    let app = spawn_app().await;
    app.mail_provider.reply_with(Reply::Text(500, "oops"));
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    app.mail(1).await;
    put_off(&app).await;
    let wait: i64 = app.value("SELECT due_at - unixepoch() FROM outbox");
    assert!((50..=120).contains(&wait), "{wait}");
    assert_eq!(app.mail_provider.received().len(), 1);
}

#[tokio::test]
async fn different_mails_have_different_keys() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.reset_token(1).await;
    app.reset_token(2).await;
    let mails = app.mail_provider.received();
    assert_ne!(
        mails[0].header("idempotency-key"),
        mails[1].header("idempotency-key")
    );
}

#[tokio::test]
async fn a_mail_that_the_provider_refuses_for_good_is_given_up() {
    let app = spawn_app().await;
    app.mail_provider
        .reply_with(Reply::Json(422, json!({"name": "validation_error"})));
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    app.mail(1).await;
    outbox_holds(&app, 0).await;
    assert!(app.server.output().contains("mail given up"));
}

#[tokio::test]
async fn a_provider_that_is_silent_or_dead_changes_nothing_for_the_caller() {
    let mut app = spawn_app().await;
    app.register_tom().await;
    let expected = app.forgot_password("nobody@example.com").await;
    app.mail_provider.reply_with(Reply::Silence);
    let silent = app.forgot_password(EMAIL).await;
    app.mail(1).await;
    app.mail_provider.die().await;
    let dead = app.forgot_password(EMAIL).await;
    for answer in [silent, dead] {
        answer.assert_json(202, &expected.json());
    }
    put_off(&app).await;
    assert_eq!(
        app.count("outbox"),
        1,
        "a newer link replaces the older one and its mail"
    );
}

#[tokio::test]
async fn a_developer_finds_the_text_of_a_mail_in_the_log() {
    let app = Setup::new()
        .with("email_provider", "log")
        .without("email_api_key")
        .spawn()
        .await;
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    let logged = async || {
        let output = app.server.output();
        let has_mail =
            |line: &&str| line.contains(SUBJECT) && line.contains("/auth/reset-password?token=");
        output.lines().find(has_mail).map(str::to_owned)
    };
    eventually("the mail is logged", SOON, logged).await;
    assert_eq!(app.mail_provider.received().len(), 0);
}
