//! The four mail providers: their documented request formats and errors.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::helpers::app::{App, EMAIL_API_KEY, Setup};
use crate::helpers::flows::{EMAIL, USERNAME};
use crate::helpers::stub::{Received, Reply};
use crate::helpers::time::{SOON, eventually};

const SENDER: &str = "no-reply@mg.example.com";
const SENDER_NAME: &str = "Acme, \"Accounts\"";
const SENDER_WITH_NAME: &str = "\"Acme, \\\"Accounts\\\"\" <no-reply@mg.example.com>";
const SUBJECT: &str = "Reset Your Password - Action Required";

async fn spawn_app_of(provider: &str) -> App {
    let setup = Setup::new()
        .with("email_provider", provider)
        .with("emails_from_email", SENDER)
        .with("emails_from_name", SENDER_NAME);
    let app = setup.spawn().await;
    app.register_tom().await;
    app
}

/// Sends a reset mail, and returns the request to a provider that replies with `accepted`.
async fn sent_to(provider: &str, accepted: Reply) -> Received {
    let app = spawn_app_of(provider).await;
    app.mail_provider.reply_with(accepted);
    app.forgot_password(EMAIL).await.assert_status(202);
    let mail = app.mail(1).await;
    let is_taken = async || (app.count("outbox") == 0).then_some(());
    eventually("the provider's response is understood", SOON, is_taken).await;
    assert!(mail.header("user-agent").is_some(), "{mail:?}");
    assert_eq!(mail.method.as_str(), "POST");
    mail
}

/// Asserts that both bodies contain the link and the recipient's name.
fn assert_bodies(text: &Value, html: &Value) {
    for body in [text, html].map(|body| body.as_str().expect("a body")) {
        assert!(
            body.contains("token=") || body.contains("token&#x3d;"),
            "{body}"
        );
        assert!(body.contains(USERNAME), "{body}");
    }
}

#[tokio::test]
async fn resend_gets_its_documented_request() {
    let mail = sent_to("resend", Reply::Json(200, json!({"id": "49a3999c"}))).await;
    assert_eq!(mail.path, "/emails");
    let bearer = format!("Bearer {EMAIL_API_KEY}");
    assert_eq!(mail.header("authorization"), Some(bearer.as_str()));
    assert_eq!(mail.header("content-type"), Some("application/json"));
    let key = mail.header("idempotency-key").expect("a key");
    assert!((1..=256).contains(&key.len()), "{key}");
    let body = mail.json();
    assert_eq!(body["from"], SENDER_WITH_NAME);
    assert_eq!(body["to"], json!([EMAIL]));
    assert_eq!(body["subject"], SUBJECT);
    assert_bodies(&body["text"], &body["html"]);
}

#[tokio::test]
async fn postmark_gets_its_documented_request() {
    let taken = json!({"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a", "To": EMAIL});
    let mail = sent_to("postmark", Reply::Json(200, taken)).await;
    assert_eq!(mail.path, "/email");
    assert_eq!(mail.header("x-postmark-server-token"), Some(EMAIL_API_KEY));
    assert_eq!(mail.header("authorization"), None);
    assert_eq!(mail.header("content-type"), Some("application/json"));
    assert_eq!(mail.header("accept"), Some("application/json"));
    let body = mail.json();
    assert_eq!(body["From"], SENDER_WITH_NAME);
    assert_eq!(body["To"], EMAIL);
    assert_eq!(body["Subject"], SUBJECT);
    assert_eq!(body["MessageStream"], "outbound");
    assert_eq!(
        body["TrackLinks"], "None",
        "click tracking must not rewrite links with tokens"
    );
    assert_bodies(&body["TextBody"], &body["HtmlBody"]);
    for (name, value) in body["Metadata"].as_object().expect("metadata") {
        assert!(name.len() <= 20, "{name}");
        assert!(
            value.as_str().is_some_and(|value| value.len() <= 80),
            "{value}"
        );
    }
}

#[tokio::test]
async fn sendgrid_gets_its_documented_request() {
    let mail = sent_to("sendgrid", Reply::Text(202, "")).await;
    assert_eq!(mail.path, "/v3/mail/send");
    let bearer = format!("Bearer {EMAIL_API_KEY}");
    assert_eq!(mail.header("authorization"), Some(bearer.as_str()));
    assert_eq!(mail.header("content-type"), Some("application/json"));
    let body = mail.json();
    assert_eq!(body["from"], json!({"email": SENDER, "name": SENDER_NAME}));
    let recipients = body["personalizations"]
        .as_array()
        .expect("personalizations");
    assert_eq!(recipients.len(), 1);
    assert_eq!(recipients[0]["to"], json!([{"email": EMAIL}]));
    assert_eq!(body["subject"], SUBJECT);
    // SendGrid requires plain text before HTML.
    let types: Vec<_> = body["content"]
        .as_array()
        .expect("content")
        .iter()
        .collect();
    assert_eq!(types.len(), 2);
    assert_eq!(
        (&types[0]["type"], &types[1]["type"]),
        (&json!("text/plain"), &json!("text/html"))
    );
    assert_bodies(&types[0]["value"], &types[1]["value"]);
    let clicks = json!({"enable": false, "enable_text": false});
    assert_eq!(body["tracking_settings"]["click_tracking"], clicks);
}

#[tokio::test]
async fn mailgun_gets_its_documented_request() {
    let taken = json!({"id": "<2026@mg.example.com>", "message": "Queued. Thank you."});
    let mail = sent_to("mailgun", Reply::Json(200, taken)).await;
    assert_eq!(mail.path, "/v3/mg.example.com/messages");
    let credentials = BASE64_STANDARD.encode(format!("api:{EMAIL_API_KEY}"));
    let basic = format!("Basic {credentials}");
    assert_eq!(mail.header("authorization"), Some(basic.as_str()));
    assert_eq!(
        mail.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let form: Value = url::form_urlencoded::parse(&mail.body)
        .into_owned()
        .map(|(name, value)| (name, Value::from(value)))
        .collect();
    assert_eq!(form["from"], SENDER_WITH_NAME);
    assert_eq!(form["to"], EMAIL);
    assert_eq!(form["subject"], SUBJECT);
    assert_eq!(
        form["o:tracking"], "no",
        "click tracking must not rewrite links with tokens"
    );
    assert_bodies(&form["text"], &form["html"]);
}

/// The providers' documented errors, and whether the mail is retried after them.
fn documented_errors() -> Vec<(&'static str, Reply, bool)> {
    let postmark = |code, message: &str| json!({"ErrorCode": code, "Message": message});
    let sendgrid = |message: &str| json!({"errors": [{"message": message, "field": null}]});
    vec![
        (
            "resend",
            Reply::Json(401, json!({"name": "missing_api_key"})),
            true,
        ),
        (
            "resend",
            Reply::Json(403, json!({"name": "invalid_api_key"})),
            true,
        ),
        (
            "resend",
            Reply::Json(409, json!({"name": "concurrent_idempotent_requests"})),
            true,
        ),
        (
            "resend",
            Reply::Json(422, json!({"name": "invalid_from_address"})),
            false,
        ),
        (
            "resend",
            Reply::Json(429, json!({"name": "daily_quota_exceeded"})),
            true,
        ),
        (
            "resend",
            Reply::Json(500, json!({"name": "internal_server_error"})),
            true,
        ),
        (
            "postmark",
            Reply::Json(401, postmark(10, "Bad or missing API token")),
            true,
        ),
        (
            "postmark",
            Reply::Json(422, postmark(300, "Invalid email request")),
            false,
        ),
        (
            "postmark",
            Reply::Json(422, postmark(406, "Inactive recipient")),
            false,
        ),
        (
            "postmark",
            Reply::Json(429, postmark(429, "Rate Limit Exceeded")),
            true,
        ),
        (
            "postmark",
            Reply::Json(503, postmark(100, "Maintenance")),
            true,
        ),
        (
            "sendgrid",
            Reply::Json(400, sendgrid("Does not contain a valid address.")),
            false,
        ),
        (
            "sendgrid",
            Reply::Json(401, sendgrid("The provided authorization grant is invalid")),
            true,
        ),
        (
            "sendgrid",
            Reply::Json(403, sendgrid("Sender Identity")),
            true,
        ),
        (
            "sendgrid",
            Reply::Json(413, sendgrid("Payload too large")),
            false,
        ),
        (
            "sendgrid",
            Reply::Json(429, sendgrid("too many requests")),
            true,
        ),
        ("mailgun", Reply::Text(401, "Forbidden"), true),
        (
            "mailgun",
            Reply::Json(
                400,
                json!({"message": "to parameter is not a valid address"}),
            ),
            false,
        ),
        (
            "mailgun",
            Reply::Json(403, json!({"message": "Domain is not allowed to send"})),
            true,
        ),
        (
            "mailgun",
            Reply::Json(429, json!({"message": "Too many requests"})),
            true,
        ),
        (
            "mailgun",
            Reply::Json(500, json!({"message": "Internal Server Error"})),
            true,
        ),
    ]
}

#[tokio::test]
async fn only_temporary_documented_errors_are_retried() {
    for provider in ["resend", "postmark", "sendgrid", "mailgun"] {
        let app = spawn_app_of(provider).await;
        let errors = documented_errors().into_iter();
        for (_, reply, is_retried) in errors.filter(|(name, ..)| *name == provider) {
            app.mail_provider.reply_with(reply);
            assert_settled(&app, is_retried).await;
        }
    }
}

/// Sends a mail, and asserts its outcome in the log and in the outbox.
async fn assert_settled(app: &App, is_retried: bool) {
    let event = if is_retried {
        "mail put off"
    } else {
        "mail given up"
    };
    let count = || app.server.output().matches(event).count();
    let before = count();
    app.mail_provider.clear();
    app.forgot_password(EMAIL).await.assert_status(202);
    app.mail(1).await;
    let settled = async || (count() == before + 1).then_some(());
    eventually(event, SOON, settled).await;
    assert_eq!(app.count("outbox"), i64::from(is_retried));
}
