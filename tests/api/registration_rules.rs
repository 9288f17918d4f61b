//! The validation rules for the fields of a registration, and their messages.

use serde_json::{Value, json};

use crate::helpers::app::spawn_app;
use crate::helpers::flows::{REGISTER, registration, registration_with};
use crate::helpers::validation::{bad_email, broken_rule, missing, not_a_string, secret};

#[tokio::test]
async fn an_invalid_email_address_is_rejected_with_a_reason() {
    let app = spawn_app().await;
    app.get("/health/ready").await;
    let long_local = format!("{}@example.com", "a".repeat(65));
    let too_long = format!(
        "{}@{}.com",
        "a".repeat(64),
        ["b".repeat(62), "c".repeat(62), "d".repeat(62)].join(".")
    );
    assert_eq!(too_long.len(), 257);
    for email in [
        "",
        "nope",
        "@example.com",
        "tom@",
        "tom@localhost",
        "tom@example.com.",
        "tom@-example.com",
        "tom@127.0.0.1",
        "tom@[127.0.0.1]",
        " tom@example.com",
        "tom@example.com ",
        "tom@example.com\n",
        "tom\r\nBcc: eve@example.com@example.com",
        "tom\0@example.com",
        "Tom <tom@example.com>",
        "tom@example.com,eve@example.com",
        "tom@eve@example.com",
        "tom\u{FF20}example.com",
        "t\u{131}m@example.com",
        "tom\u{17F}@example.com",
        "żółw@example.com",
        ".tom@example.com",
        "tom..s@example.com",
        "tom@exa mple.com",
        &long_local,
        &too_long,
    ] {
        let response = app.register(&registration_with("email", email)).await;
        let body = response.assert_status(422).json();
        let reason = body["detail"][0]["ctx"]["reason"].as_str();
        let reason = reason.unwrap_or_else(|| panic!("no reason: {email:?}: {body}"));
        response.assert_invalid(&[bad_email(reason, email)]);
        assert!(reason.ends_with('.'), "{email:?}: {reason}");
    }
    app.assert_untouched();
}

#[tokio::test]
async fn the_reason_for_a_missing_at_sign_says_so() {
    let app = spawn_app().await;
    let response = app.register(&registration_with("email", "nope")).await;
    response.assert_invalid(&[bad_email("An email address must have an @-sign.", "nope")]);
}

#[tokio::test]
async fn an_address_may_have_254_characters_but_not_more() {
    let app = spawn_app().await;
    let domain = ["b".repeat(63), "c".repeat(63), "d".repeat(57), "com".into()].join(".");
    let longest = format!("{}@{domain}", "a".repeat(64));
    assert_eq!(longest.len(), 254);
    app.register(&registration_with("email", longest.as_str()))
        .await
        .assert_status(201);
    let too_long = longest.replace("@", "@e");
    let response = app.register(&registration_with("email", too_long)).await;
    response.assert_status(422);
}

#[tokio::test]
async fn the_first_rule_that_a_username_breaks_is_reported() {
    const SHORT: &str = "Username must be at least 3 characters long.";
    const LONG: &str = "Username cannot be longer than 30 characters.";
    const CHARACTERS: &str =
        "Username can only contain letters, numbers, underscores (_), and hyphens (-).";
    const RESERVED: &str = "This username is reserved and cannot be used.";
    const CONSECUTIVE: &str = "Username cannot contain consecutive underscores or hyphens.";

    let app = spawn_app().await;
    app.get("/health/ready").await;
    let reserved = [
        "admin",
        "administrator",
        "root",
        "system",
        "support",
        "help",
        "moderator",
        "superuser",
        "guest",
        "api",
        "auth",
        "login",
        "logout",
        "register",
        "dashboard",
        "settings",
        "profile",
        "ADMIN",
        "Root",
        "pRoFiLe",
    ];
    let others = [
        ("", SHORT),
        ("a", SHORT),
        ("__", SHORT),
        ("żó", SHORT),
        (&"a".repeat(31), LONG),
        (&"ż".repeat(31), LONG),
        (&"_".repeat(31), LONG),
        ("tom sawyer", CHARACTERS),
        ("tom.sawyer", CHARACTERS),
        ("tom@example.com", CHARACTERS),
        ("żółw", CHARACTERS),
        ("t\u{43E}m", CHARACTERS),
        ("to\u{200B}m", CHARACTERS),
        ("tom\n", CHARACTERS),
        ("tom\0", CHARACTERS),
        ("tom\u{661}", CHARACTERS),
        ("to%__", CHARACTERS),
        ("tom__s", CONSECUTIVE),
        ("tom--s", CONSECUTIVE),
        ("___", CONSECUTIVE),
    ];
    let cases = reserved
        .map(|name| (name, RESERVED))
        .into_iter()
        .chain(others);
    for (username, message) in cases {
        let response = app.register(&registration_with("username", username)).await;
        response.assert_invalid(&[broken_rule("username", message, json!(username))]);
    }
    app.assert_untouched();
}

#[tokio::test]
async fn a_captcha_id_must_be_a_uuid() {
    let app = spawn_app().await;
    app.get("/health/ready").await;
    for captcha_id in [
        "",
        "nope",
        "5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b1",
        "5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b1g",
    ] {
        let response = app
            .register(&registration_with("captcha_id", captcha_id))
            .await;
        let body = response.assert_status(422).json();
        let entry = &body["detail"][0];
        assert_eq!(entry["type"], "uuid_parsing", "{captcha_id:?}");
        assert_eq!(entry["loc"], json!(["body", "captcha_id"]));
        assert_eq!(entry["input"], captcha_id);
        let msg = entry["msg"].as_str().unwrap_or_default();
        assert!(msg.starts_with("Input should be a valid UUID"), "{msg}");
        assert_eq!(body["detail"].as_array().map(Vec::len), Some(1));
    }
    app.assert_untouched();
}

#[tokio::test]
async fn all_missing_fields_are_reported_in_order_with_the_body() {
    let app = spawn_app().await;
    let fields = [
        "email",
        "username",
        "password",
        "captcha_id",
        "captcha_answer",
    ];
    let response = app.post(REGISTER, &json!({"more": [1, 2]})).await;
    response.assert_invalid(&fields.map(|field| missing(field, json!({"more": [1, 2]}))));
    let response = app.post(REGISTER, &json!({})).await;
    response.assert_invalid(&fields.map(|field| missing(field, json!({}))));
}

#[tokio::test]
async fn each_missing_field_is_reported() {
    let app = spawn_app().await;
    for field in [
        "email",
        "username",
        "password",
        "captcha_id",
        "captcha_answer",
    ] {
        let mut body = registration();
        body.as_object_mut().expect("an object").remove(field);
        let response = app.register(&body).await;
        let mut shown = body;
        for secret in ["password", "captcha_answer"] {
            shown.as_object_mut().expect("an object").remove(secret);
        }
        response.assert_invalid(&[missing(field, shown)]);
    }
}

#[tokio::test]
async fn all_invalid_fields_are_reported_in_order() {
    let app = spawn_app().await;
    let body = json!({
        "captcha_answer": 5,
        "captcha_id": null,
        "password": "abc",
        "username": "a",
        "email": "nope",
    });
    app.register(&body).await.assert_invalid(&[
        bad_email("An email address must have an @-sign.", "nope"),
        broken_rule(
            "username",
            "Username must be at least 3 characters long.",
            json!("a"),
        ),
        secret(broken_rule(
            "password",
            "Password must be at least 6 characters long",
            Value::Null,
        )),
        not_a_string("captcha_id", Value::Null),
        secret(not_a_string("captcha_answer", Value::Null)),
    ]);
}

#[tokio::test]
async fn values_other_than_strings_are_rejected() {
    let app = spawn_app().await;
    app.get("/health/ready").await;
    for value in [
        json!(5),
        json!(true),
        json!(["tom@example.com"]),
        json!({"a": 1}),
        Value::Null,
    ] {
        for field in ["email", "username", "password", "captcha_answer"] {
            let response = app.register(&registration_with(field, value.clone())).await;
            let entry = not_a_string(field, value.clone());
            let is_secret = field == "password" || field == "captcha_answer";
            let is_hidden = is_secret && !value.is_null();
            response.assert_invalid(&[if is_hidden { secret(entry) } else { entry }]);
        }
    }
    app.assert_untouched();
}
