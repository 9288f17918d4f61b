//! Languages: pages and mails follow the request, and every message is translated.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::app::{App, spawn_app, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, FORGOT_PASSWORD, LOGIN, REGISTER, RESET_PASSWORD, link_in, token_in,
};
use crate::helpers::page::{PAGES, strings, unescape};
use crate::helpers::response::Response;
use crate::helpers::stub::{Received, Reply};
use crate::helpers::time::{SOON, eventually};

const LANGUAGES: [&str; 2] = ["en", "pl"];

/// Posts JSON with an `Accept-Language` header.
async fn post_in(app: &App, accept_language: &str, path: &str, body: &Value) -> Response {
    let request = app.request(Method::POST, path);
    let request = request.header("accept-language", accept_language);
    Response::to(request.json(body)).await
}

/// Requests a reset link for Tom with an `Accept-Language` header.
async fn forgot_password_in(app: &App, accept_language: &str) {
    let body = json!({"email": EMAIL});
    let response = post_in(app, accept_language, FORGOT_PASSWORD, &body).await;
    response.assert_status(202);
}

/// A translated string.
fn string(language: &str, path: &str) -> String {
    let strings = strings(language);
    let text = strings.pointer(path).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{language} has no {path}"))
        .to_owned()
}

/// Asserts that the mail is entirely in this language.
#[track_caller]
fn assert_written_in(language: &str, kind: &str, mail: &Received) {
    let mail = mail.json();
    let subject = string(language, &format!("/email/{kind}/subject"));
    assert_eq!(mail["subject"], subject);
    for part in ["text", "html"] {
        let body = unescape(mail[part].as_str().expect("a string"));
        for other in LANGUAGES {
            let ignore = string(other, "/email/ignore");
            assert_eq!(body.contains(&ignore), other == language, "{other}: {body}");
        }
    }
    let html = mail["html"].as_str().expect("the mail has HTML");
    assert!(html.contains(&format!("<html lang=\"{language}\">")));
}

#[tokio::test]
async fn a_page_is_in_the_language_that_the_browser_requests() {
    let app = spawn_app_with("captcha_provider", "off").await;
    for (accept_language, language) in [
        ("en-GB,en;q=0.9", "en"),
        ("pl", "pl"),
        ("pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7", "pl"),
        ("tlh-DE,tlh;q=0.9,pl;q=0.5,en;q=0.4", "pl"),
    ] {
        for (path, title) in PAGES.iter().zip([
            "/register/title",
            "/login/title",
            "/forgot_password/title",
            "/reset_password/title",
            "/verify_email/title",
            "/not_me/title",
            "/continue/title",
            "/account/title",
        ]) {
            let page = app.page_in(path, accept_language).await;
            assert_eq!(page.header("content-language"), Some(language), "{path}");
            assert_eq!(page.header("vary"), Some("Accept-Language"), "{path}");
            let html = unescape(&page.text);
            let root = format!("<html lang=\"{language}\">");
            assert!(html.contains(&root), "{path}: {html}");
            let heading = format!("<h1>{}</h1>", string(language, title));
            assert!(html.contains(&heading), "{path}: {heading}");
        }
    }
}

#[tokio::test]
async fn unsupported_or_invalid_languages_fall_back_to_english() {
    let app = spawn_app().await;
    let endless = "pl;q=0,".repeat(2000);
    for accept_language in ["tlh", "*", "pl;q=0", "pl;q=NaN", ";;,,=", "plx", &endless] {
        let page = app.page_in("/auth/login", accept_language).await;
        page.assert_status(200);
        assert_eq!(page.header("content-language"), Some("en"));
    }
    let page = app.get("/auth/login").await;
    assert_eq!(page.header("content-language"), Some("en"));
}

#[tokio::test]
async fn a_mail_is_in_the_language_of_its_request() {
    let app = spawn_app().await;
    app.register_tom().await;
    forgot_password_in(&app, "pl-PL,pl;q=0.9").await;
    let polish = app.mail(1).await;
    assert_written_in("pl", "password_reset", &polish);
    forgot_password_in(&app, "en").await;
    let english = app.mail(2).await;
    assert_written_in("en", "password_reset", &english);
    let body = json!({"token": token_in(&english), "new_password": "battery staple 2"});
    post_in(&app, "pl", RESET_PASSWORD, &body)
        .await
        .assert_status(200);
    assert_written_in("pl", "password_changed", &app.mail(3).await);
}

#[tokio::test]
async fn a_deferred_mail_keeps_its_language() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Text(503, "later"));
    forgot_password_in(&app, "pl").await;
    let first = app.mail(1).await;
    let put_off = async || app.server.output().contains("mail put off").then_some(());
    eventually("the mail is deferred", SOON, put_off).await;
    app.mail_provider
        .reply_with(Reply::Json(200, json!({"id": "1"})));
    app.change("UPDATE outbox SET due_at = unixepoch() - 1");
    let body = json!({"email": "nobody@example.com"});
    post_in(&app, "en", FORGOT_PASSWORD, &body)
        .await
        .assert_status(202);
    let second = app.mail(2).await;
    assert_eq!(second.json(), first.json());
    assert_written_in("pl", "password_reset", &second);
    assert!(link_in(&second).path().ends_with("/auth/reset-password"));
}

#[tokio::test]
async fn api_responses_do_not_depend_on_the_language() {
    let app = spawn_app().await;
    app.register_tom().await;
    for (path, body) in [
        (REGISTER, json!({"email": "nope"})),
        (FORGOT_PASSWORD, json!({"email": EMAIL})),
        (
            RESET_PASSWORD,
            json!({"token": "x", "new_password": "battery 2"}),
        ),
        ("/nope", json!({})),
    ] {
        let english = post_in(&app, "en", path, &body).await;
        let polish = post_in(&app, "pl", path, &body).await;
        assert_eq!(polish.status, english.status, "{path}");
        assert_eq!(polish.text, english.text, "{path}");
    }
}

#[tokio::test]
async fn every_validation_message_is_translated() {
    let app = spawn_app().await;
    let mut rules = BTreeSet::new();
    for (field, values) in bad_values() {
        for value in values {
            let mut body = json!({"captcha_answer": "x", "captcha_id": null});
            body[field] = value.into();
            let response = app.post(REGISTER, &body).await;
            rules.extend(rules_of(&response.json(), field));
        }
    }
    // These depend on other fields, and on another service.
    rules.insert("This password contains your name or email.".into());
    rules.insert("This password has appeared in a data breach.".into());
    rules.extend(rules_of(&app.login_form(&[]).await.json(), "password"));
    assert!(rules.len() >= 20, "{rules:?}");
    for language in LANGUAGES {
        let strings = strings(language);
        let groups = ["messages", "own_messages"].map(|group| strings[group]["rules"].as_object());
        let known = groups.iter().flat_map(|rules| rules.expect("rules").keys());
        let known: BTreeSet<_> = known.cloned().collect();
        let missing: Vec<_> = rules.difference(&known).collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
    }
}

/// Values of the registration's fields that each break a different rule.
fn bad_values() -> [(&'static str, Vec<String>); 3] {
    let texts = |values: &[&str]| values.iter().map(|value| value.to_string()).collect();
    let long_local = format!("{}@example.com", "a".repeat(65));
    let labels = vec!["a".repeat(60); 5].join(".");
    let long = format!("tom@{labels}.com");
    let mut emails: Vec<String> = texts(&[
        "nope",
        "@example.com",
        "tom@",
        "a@b@example.com",
        "żółw@example.com",
        "a b@example.com",
        ".a@example.com",
        "a..b@example.com",
        "tom@exa mple.com",
        "tom@localhost",
        "(a)@example.com",
    ]);
    emails.extend([long_local, long]);
    let mut names: Vec<String> = texts(&["a", "a b c", "admin", "a__b"]);
    names.push("a".repeat(31));
    let mut passwords: Vec<String> = texts(&["a1", "abcdef", "123456", "password1"]);
    passwords.push("a1".repeat(200));
    [
        ("email", emails),
        ("username", names),
        ("password", passwords),
    ]
}

/// The keys under which the scripts look up a field's errors in a 422: `{n}` replaces the first number.
fn rules_of(body: &Value, field: &str) -> Vec<String> {
    let entries = body["detail"].as_array().expect("entries");
    let of_field = entries.iter().filter(|entry| entry["loc"][1] == field);
    let messages = of_field.map(|entry| {
        let reason = entry["ctx"]["reason"].as_str();
        reason.or(entry["msg"].as_str()).expect("a message")
    });
    messages
        .map(|message| message.trim_start_matches("Value error, "))
        .map(|rule| {
            let number: String = rule
                .chars()
                .skip_while(|c| !c.is_ascii_digit())
                .take_while(char::is_ascii_digit)
                .collect();
            if number.is_empty() {
                rule.to_owned()
            } else {
                rule.replacen(&number, "{n}", 1)
            }
        })
        .collect()
}

#[tokio::test]
async fn login_errors_do_not_depend_on_the_language() {
    let app = spawn_app().await;
    app.register_tom().await;
    let request = app.request(Method::POST, LOGIN);
    let request = request.header("accept-language", "pl");
    let form = [("username", EMAIL), ("password", "wrong password 1")];
    let response = Response::to(request.form(&form)).await;
    assert_eq!(response.field("detail"), "Incorrect email or password");
}
