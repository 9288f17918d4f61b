//! Mail: its content, and the request to the provider.

use serde_json::json;

use crate::helpers::app::{EMAIL_API_KEY, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, FORGOT_PASSWORD, USERNAME, link_in, registration_with};
use crate::helpers::response::Response;
use crate::helpers::time::{SOON, eventually};

const SUBJECT: &str = "Reset Your Password - Action Required";
/// The subject of the notice about a changed password.
const CHANGED_SUBJECT: &str = "Your Password Was Changed";

#[tokio::test]
async fn a_reset_mail_is_posted_to_the_provider_in_its_format() {
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
async fn text_and_html_have_the_link_its_lifetime_and_the_same_footer() {
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
        assert!(text.contains(part), "{part} is missing from {text}");
    }
    assert!(text.contains("The <App> & \"Co\""), "{text}");
    for part in [
        "<html",
        "15 minutes",
        "If you did not request this email, please ignore it.",
        &year,
        "The &lt;App&gt; &amp; &quot;Co&quot;",
    ] {
        assert!(html.contains(part), "{part} is missing from {html}");
    }
    let html = html.replace("&#x2f;", "/").replace("&#x3d;", "=");
    let as_link = format!("href=\"{link}\"");
    assert_eq!(
        html.matches(&as_link).count(),
        2,
        "a button and a full link: {html}"
    );
    assert!(
        html.contains(&format!(">{link}<")),
        "the full link is not visible: {html}"
    );
}

#[tokio::test]
async fn the_link_always_leads_to_the_configured_front_end() {
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
        Response::to(request.json(&json!({"email": EMAIL})))
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
async fn the_senders_name_and_address_are_configurable() {
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
async fn mail_goes_only_to_the_stored_address() {
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
async fn the_log_provider_logs_the_text_of_a_mail() {
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

#[tokio::test]
async fn the_owner_is_notified_of_a_changed_password() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.reset_password(&token, "battery staple 2")
        .await
        .assert_status(200);
    let notice = app.mail(2).await.json();
    assert_eq!(notice["to"], json!([EMAIL]));
    assert_eq!(notice["subject"], CHANGED_SUBJECT);
    for part in [&notice["text"], &notice["html"]] {
        let part = part.as_str().expect("a string");
        assert!(
            part.contains("password of your account has just been changed"),
            "{part}"
        );
        assert!(part.contains(USERNAME), "{part}");
        assert!(!part.contains(&token), "{part}");
    }
}

#[tokio::test]
async fn a_failed_reset_sends_no_notice() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.reset_password("nope", "battery staple 2")
        .await
        .assert_status(400);
    app.reset_password(&token, "short").await.assert_status(422);
    app.reset_token(2).await;
    let subjects = app.mail_provider.received();
    let mut subjects = subjects.iter().map(|mail| mail.json()["subject"].clone());
    assert!(subjects.all(|subject| subject == SUBJECT));
}
