//! Identities: no other spelling of an address or a name creates a second account.

use serde_json::json;

use crate::helpers::api_error::EMAIL_TAKEN;
use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{registration_of, registration_with};

/// Contains the letters s and k, which have Unicode look-alikes, before and after the @ sign.
const STORED: &str = "task@desk.example.com";

async fn spawn_app_with_stored() -> App {
    let app = spawn_app().await;
    let body = registration_of(STORED, "task");
    app.register(&body).await.assert_status(201);
    app
}

/// Spellings that are equivalent to the stored address by case or by IDNA.
const EQUIVALENT: [&str; 6] = [
    "TASK@DESK.EXAMPLE.COM",
    "Task@Desk.Example.Com",
    "task@de\u{17F}k.example.com",
    "task@des\u{212A}.example.com",
    "task@\u{FF44}esk.example.com",
    "task@desk.example\u{3002}com",
];

/// Strings that only resemble the address, or contain several.
fn invalid_addresses() -> Vec<String> {
    let mut texts: Vec<_> = [
        "task\u{FF20}desk.example.com",
        "ta\u{17F}k@desk.example.com",
        "tas\u{212A}@desk.example.com",
        "task\u{131}@desk.example.com",
        "t\u{430}sk@desk.example.com",
        "task@desk.example.com\n",
        "task@desk.example.com\r\nBcc: eve@example.com",
        "task\r\n@desk.example.com",
        "task@desk.example.com\0",
        "task\0@desk.example.com",
        "eve@example.com@desk.example.com",
        "task@desk.example.com@example.com",
        "task@desk.example.com,eve@example.com",
        "task@desk.example.com, eve@example.com",
        "task@desk.example.com;eve@example.com",
        "task@desk.example.com eve@example.com",
        "<task@desk.example.com>",
        "Eve <task@desk.example.com>",
        "\"task\"@desk.example.com",
        "task@desk.example.com%0d%0aBcc:eve@example.com",
        "task@[127.0.0.1]",
        "task(eve)@desk.example.com",
    ]
    .map(str::to_owned)
    .into();
    texts.push(format!("{}@desk.example.com", "t".repeat(65)));
    texts.push(format!(
        "task@{}.example.com",
        vec!["d".repeat(60); 5].join(".")
    ));
    texts.push(format!("task@{}com", "d.".repeat(126)));
    texts
}

#[tokio::test]
async fn equivalent_spellings_of_an_address_are_one_identity() {
    let app = spawn_app_with_stored().await;
    for spelling in EQUIVALENT {
        let response = app.register(&registration_of(spelling, "eve")).await;
        response.assert_error(&EMAIL_TAKEN);
        app.forgot_password(spelling).await.assert_status(202);
    }
    app.mail(1).await;
    assert_eq!(app.count("users"), 1);
    for mail in app.mail_provider.received() {
        assert_eq!(mail.json()["to"], json!([STORED]));
    }
}

#[tokio::test]
async fn strings_that_resemble_an_address_are_rejected() {
    let app = spawn_app_with_stored().await;
    for text in invalid_addresses() {
        let response = app.register(&registration_of(&text, "eve")).await;
        assert_eq!(response.status, 422, "{text:?}: {response:?}");
        let response = app.forgot_password(&text).await;
        assert_eq!(response.status, 422, "{text:?}: {response:?}");
    }
    for list in [json!([STORED, "eve@example.com"]), json!({"0": STORED})] {
        app.register(&registration_with("email", list))
            .await
            .assert_status(422);
    }
    assert_eq!(app.count("users"), 1);
    assert_eq!(app.count("outbox"), 0);
    assert!(app.mail_provider.received().is_empty());
}

#[tokio::test]
async fn a_name_that_resembles_another_is_rejected() {
    let app = spawn_app_with_stored().await;
    for name in [
        "t\u{430}sk",
        "ta\u{455}k",
        "ta\u{17F}k",
        "tas\u{212A}",
        "\u{FF54}ask",
        "task\u{200B}",
        "\u{200D}task",
        "task\u{2060}",
        "task\u{AD}",
        "\u{202E}ksat",
        "task\0",
        "task\n",
        "task\r\n",
        " task",
        "task ",
        "ta\u{301}sk",
        "task\u{661}",
    ] {
        let response = app
            .register(&registration_of("eve@example.com", name))
            .await;
        assert_eq!(response.status, 422, "{name:?}: {response:?}");
        let entry = &response.json()["detail"][0];
        assert_eq!(entry["loc"], json!(["body", "username"]), "{name:?}");
    }
    for name in ["TASK", "Task", "tasK"] {
        let response = app
            .register(&registration_of("eve@example.com", name))
            .await;
        response.assert_status(409);
    }
    assert_eq!(app.count("users"), 1);
}
