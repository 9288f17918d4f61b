//! Secrets: only the response that issues a secret contains it; no log and no table does.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::app::{App, EMAIL_API_KEY, SECRET_KEY, spawn_app};
use crate::helpers::flows::{
    EMAIL, FORGOT_PASSWORD, LOGIN, LOGOUT, PASSWORD, REFRESH, REGISTER, RESET_PASSWORD, Tokens,
    registration,
};
use crate::helpers::response::Response;
use crate::helpers::stub::Reply;

const SECRET: &str = "hunter2-hunter2";
const SECRET_FIELDS: [&str; 5] = [
    "password",
    "new_password",
    "token",
    "refresh_token",
    "captcha_answer",
];

#[tokio::test]
async fn no_validation_error_echoes_a_secret() {
    let app = spawn_app().await;
    let shapes: [Value; 5] = [
        json!(SECRET),
        json!([SECRET]),
        json!({"a": SECRET}),
        json!({ SECRET: 1 }),
        json!([[{"b": [SECRET]}]]),
    ];
    for shape in shapes {
        let fields = SECRET_FIELDS.map(|field| (field.to_owned(), shape.clone()));
        let body: Value = fields.into_iter().collect();
        for path in [REGISTER, REFRESH, LOGOUT, FORGOT_PASSWORD, RESET_PASSWORD] {
            let response = app.post(path, &body).await;
            assert!(
                !response.text.contains(SECRET),
                "{path} {body}: {}",
                response.text
            );
        }
    }
    assert!(!app.server.output().contains(SECRET));
}

#[tokio::test]
async fn no_response_echoes_an_unreadable_body() {
    let app = spawn_app().await;
    for path in [
        REGISTER,
        REFRESH,
        LOGOUT,
        FORGOT_PASSWORD,
        RESET_PASSWORD,
        LOGIN,
    ] {
        for body in [
            format!("{{\"password\": \"{SECRET}\", }}"),
            format!("{{\"password\": {SECRET}}}"),
            format!("[\"{SECRET}\"]"),
            format!("\"{SECRET}\""),
            format!("{{\"{SECRET}\": 1, \"{SECRET}\": 2}}"),
        ] {
            let request = app.request(Method::POST, path);
            let request = request.header("content-type", "application/json");
            let response = Response::to(request.body(body.clone())).await;
            assert!(
                !response.text.contains(SECRET),
                "{path} {body}: {}",
                response.text
            );
        }
    }
}

#[tokio::test]
async fn no_response_echoes_a_login_form() {
    let app = spawn_app().await;
    for form in [
        vec![("password", SECRET)],
        vec![("username", EMAIL), ("password", SECRET)],
        vec![
            ("grant_type", "x"),
            ("username", EMAIL),
            ("password", SECRET),
        ],
        vec![("grant_type", "x"), ("client_secret", SECRET)],
    ] {
        let response = app.login_form(&form).await;
        assert!(
            !response.text.contains(SECRET),
            "{form:?}: {}",
            response.text
        );
    }
    assert!(!app.server.output().contains(SECRET));
}

/// Runs through a user's life cycle, including errors, and returns every secret involved.
async fn run_life_cycle(app: &App) -> Vec<String> {
    app.register(&registration()).await.assert_status(201);
    let first = app.tokens_of_tom().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.change("UPDATE sessions SET rotated_at = rotated_at - 11");
    app.refresh(&first.refresh).await.assert_status(401);
    let used = app.reset_token(1).await;
    app.mail_provider.reply_with(Reply::Text(500, "oops"));
    let pending = app.reset_token(2).await;
    app.login(EMAIL, "battery staple 2")
        .await
        .assert_status(401);
    let third = app.tokens_of_tom().await;
    app.captcha.reply_with(Reply::Text(500, "oops"));
    app.register(&registration()).await.assert_status(503);
    app.reset_password(&used, "battery staple 3")
        .await
        .assert_status(400);
    let tokens = [first, second, third].into_iter();
    let tokens = tokens.flat_map(|tokens| [tokens.access, tokens.refresh]);
    let fixed = [
        PASSWORD,
        "battery staple",
        "7XK2P",
        SECRET_KEY,
        EMAIL_API_KEY,
    ];
    tokens
        .chain([used, pending])
        .chain(fixed.map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn neither_the_database_nor_the_log_contains_a_secret() {
    let app = spawn_app().await;
    let secrets = run_life_cycle(&app).await;
    let log = app.server.output();
    let database = database_files(&app);
    assert!(database.contains(EMAIL), "the files contain no data");
    for secret in secrets {
        assert!(!log.contains(&secret), "the log contains {secret}");
        assert!(
            !database.contains(&secret),
            "the database contains {secret}"
        );
    }
}

#[tokio::test]
async fn the_log_contains_no_personal_data() {
    let app = spawn_app().await;
    run_life_cycle(&app).await;
    let log = app.server.output();
    assert!(log.contains("session revoked"), "unexpected log: {log}");
    assert!(!log.contains(EMAIL));
}

/// The database and its journal, as text.
fn database_files(app: &App) -> String {
    let path = app.database_path();
    let journal = path.with_extension("db-wal");
    [path, journal]
        .iter()
        .filter_map(|file| fs::read(file).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}
