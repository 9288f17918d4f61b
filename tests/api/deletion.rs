//! A user's deletion of the account: nothing is left that names the person.

use std::fs;

use reqwest::Method;
use serde_json::json;

use crate::helpers::api_error::{
    CROSS_SITE, INCORRECT_CREDENTIALS, INCORRECT_PASSWORD, INVALID_ACCESS_TOKEN,
    INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN, NOT_AUTHENTICATED,
};
use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::cookies::{OWN_PAGE, assert_cleared, with_headers};
use crate::helpers::flows::{
    DELETE_ACCOUNT, EMAIL, LOGIN, PASSWORD, Tokens, USERNAME, registration, registration_of,
};
use crate::helpers::response::Response;
use crate::helpers::server::is_libsql;
use crate::helpers::tally::rounds;
use crate::helpers::time::{SOON, eventually, unix_now};
use crate::legacy::{self, spawn_with_legacy_database};
use crate::security::account_races;

const NEW_PASSWORD: &str = "battery staple 2";

/// The rows of all tables that have a column for users, and of the users.
pub(crate) fn rows_of_users(app: &App) -> Vec<(String, i64)> {
    let tables: String = app.value(
        "SELECT group_concat(name) FROM sqlite_schema WHERE type = 'table' AND (name = 'users' \
         OR EXISTS (SELECT 1 FROM pragma_table_info(name) WHERE name = 'user_id'))",
    );
    let tables = tables.split(',').filter(|table| *table != "events");
    tables
        .map(|table| (table.to_owned(), app.count(table)))
        .filter(|(_, rows)| *rows > 0)
        .collect()
}

/// All bytes of the database and its log, after a checkpoint.
fn stored_bytes(app: &App) -> Vec<u8> {
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    let checked = app.database().query_row(checkpoint, [], |_| Ok(()));
    checked.expect("a checkpoint");
    let path = app.database_path();
    let mut bytes = fs::read(&path).expect("the database");
    bytes.extend(fs::read(path.with_extension("db-wal")).unwrap_or_default());
    bytes
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn an_account_is_deleted_at_once_by_default() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let before = unix_now();
    let response = app.delete_account(&tokens.access, PASSWORD).await;
    response.assert_status(202);
    assert!(response.field("deletes_at").ends_with('Z'));
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.login(EMAIL, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    let mail = app.mail(1).await.json();
    assert_eq!(mail["to"], json!([EMAIL]));
    assert_eq!(mail["subject"], "Your Account Was Deleted");
    assert!(
        mail["text"]
            .as_str()
            .expect("a text")
            .contains("Hello Tom,")
    );
    app.all_mail_is_sent().await;
    assert_eq!(rows_of_users(&app), []);
    assert!(app.value::<i64>("SELECT min(at) FROM events") >= before - 60);
    app.register(&registration()).await.assert_status(201);
}

#[tokio::test]
async fn events_stay_under_a_random_id() {
    let app = spawn_app().await;
    let id = app.register_tom().await;
    let tokens = app.tokens_of_tom().await;
    app.change(&format!(
        "INSERT INTO events (at, actor, action, user_id, network, request_id, detail) \
         VALUES (unixepoch(), '{id}', 'test.event', 'somebody else', 'a network', 'a request', '{{}}')"
    ));
    app.delete_account(&tokens.access, PASSWORD)
        .await
        .assert_status(202);
    assert_eq!(app.count("events"), 4);
    let named = "events WHERE network IS NOT NULL OR request_id IS NOT NULL";
    assert_eq!(app.count(named), 0);
    let own = "events WHERE user_id <> 'somebody else' AND detail IS NOT NULL";
    assert_eq!(app.count(own), 0);
    assert_eq!(
        app.value::<i64>("SELECT count(DISTINCT actor) FROM events"),
        1
    );
    assert_ne!(app.value::<String>("SELECT actor FROM events"), id);
    assert_eq!(
        app.value::<String>(
            "SELECT group_concat(action) FROM (SELECT action FROM events ORDER BY id)"
        ),
        "user.registered,session.created,test.event,user.deleted"
    );
}

/// Leaves traces of Tom in every table, and of others around them.
async fn leave_traces(app: &App) -> Tokens {
    for number in 0..20 {
        let body = registration_of(&format!("u{number}@example.org"), &format!("user{number}"));
        app.register(&body).await.assert_status(201);
    }
    let mut tom = registration_of("first-address@example.net", "FirstName");
    tom["password"] = PASSWORD.into();
    app.register(&tom).await.assert_status(201);
    for number in 0..10 {
        let request = app.request(Method::POST, LOGIN);
        let request = request.header("user-agent", format!("UniqueBrowser/{number}"));
        let form = [("username", "FirstName"), ("password", PASSWORD)];
        Response::to(request.form(&form)).await.assert_status(200);
        app.login(&format!("user{number}"), PASSWORD)
            .await
            .assert_status(200);
    }
    let tokens = Tokens::of(&app.login("FirstName", PASSWORD).await);
    app.login("FirstName", "wrong password 1")
        .await
        .assert_status(401);
    app.rename(&tokens.access, "SecondName")
        .await
        .assert_status(200);
    app.forgot_password("first-address@example.net")
        .await
        .assert_status(202);
    tokens
}

#[tokio::test]
async fn no_byte_of_the_file_names_a_deleted_user() {
    if is_libsql() {
        return; // The server manages its free space itself.
    }
    let app = spawn_app().await;
    let tokens = leave_traces(&app).await;
    let id: String = app.value("SELECT id FROM users WHERE username = 'SecondName'");
    app.all_mail_is_sent().await;
    let traces = [
        "first-address",
        "FirstName",
        "SecondName",
        "UniqueBrowser",
        &id,
    ];
    let before = stored_bytes(&app);
    for trace in traces.iter().filter(|trace| **trace != "FirstName") {
        assert!(contains(&before, trace), "{trace} was never there");
    }
    app.delete_account(&tokens.access, PASSWORD)
        .await
        .assert_status(202);
    app.all_mail_is_sent().await;
    let after = stored_bytes(&app);
    for trace in traces {
        assert!(!contains(&after, trace), "{trace} is still there");
    }
    assert!(contains(&after, "u7@example.org"));
}

#[tokio::test]
async fn no_table_has_a_trace_of_a_deleted_user() {
    let app = spawn_throttled().await;
    let tokens = app.log_tom_in().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_status(401);
    app.login(USERNAME, "wrong password 1")
        .await
        .assert_status(401);
    app.change("INSERT INTO email_verifications (id, user_id, email, is_change, created_at) SELECT 'pending', id, email, 0, 0 FROM users");
    let digests = "throttle WHERE key LIKE 'login-failures:%' OR key LIKE 'reset-mail:%'";
    assert!(app.count(digests) > 0);
    app.delete_account(&tokens.access, PASSWORD)
        .await
        .assert_status(202);
    app.all_mail_is_sent().await;
    assert_eq!(rows_of_users(&app), []);
    assert_eq!(app.count(digests), 0);
    assert_eq!(app.count("password_guesses"), 0);
}

async fn spawn_throttled() -> App {
    Setup::new().with("throttle", "on").spawn().await
}

#[tokio::test]
async fn the_data_of_the_legacy_service_goes_too() {
    let app = spawn_with_legacy_database().await;
    // The last administrator could not be deleted.
    app.change("UPDATE users SET account_role = 'REGULAR'");
    let tokens = app.tokens_of_tom().await;
    app.delete_account(&tokens.access, PASSWORD)
        .await
        .assert_status(202);
    let of_tom = format!("refresh_tokens WHERE user_id = '{}'", legacy::USER);
    assert_eq!(app.count(&of_tom), 0);
    app.refresh("eyJ.alive.1")
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn a_wrong_password_a_stranger_and_another_site_delete_nothing() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for wrong in ["", "wrong password 1", "correct horse 1 "] {
        let response = app.delete_account(&tokens.access, wrong).await;
        response.assert_error(&INCORRECT_PASSWORD);
    }
    let body = json!({"current_password": PASSWORD});
    let request = || app.request(Method::POST, DELETE_ACCOUNT).json(&body);
    Response::to(request())
        .await
        .assert_error(&NOT_AUTHENTICATED);
    let cookies = app.cookies_of_tom().await.header();
    for headers in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let foreign = with_headers(request().header("cookie", &cookies), &[headers]);
        Response::to(foreign).await.assert_error(&CROSS_SITE);
    }
    assert_eq!(app.count("users"), 1);
    let own = with_headers(request().header("cookie", &cookies), &OWN_PAGE);
    let response = Response::to(own).await;
    response.assert_status(202);
    assert_cleared(&response);
    assert_eq!(app.count("users"), 0);
}

#[tokio::test]
async fn with_a_grace_the_account_stays_without_sessions_until_its_time() {
    let app = spawn_app_with("deletion_grace_days", "7").await;
    let tokens = app.log_tom_in().await;
    let other = app.tokens_of_tom().await;
    let link = app.reset_token(1).await;
    let response = app.delete_account(&tokens.access, PASSWORD).await;
    let deletes_at = response.assert_status(202).field("deletes_at");
    for tokens in [&tokens, &other] {
        app.test_data(&tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
        app.refresh(&tokens.refresh)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
    app.reset_password(&link, NEW_PASSWORD)
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    let mail = app.mail(2).await.json();
    assert_eq!(mail["subject"], "Your Account Will Be Deleted");
    assert!(
        mail["text"]
            .as_str()
            .expect("a text")
            .contains(&deletes_at[..10])
    );
    let due: i64 = app.value("SELECT deletes_at FROM users");
    assert!((7 * 86400 - 60..=7 * 86400).contains(&(due - unix_now())));
    app.change("UPDATE users SET deletes_at = unixepoch() - 1");
    run_housekeeping(&app).await;
    let is_gone = async || (app.count("users") == 0).then_some(());
    eventually("the user is deleted", SOON, is_gone).await;
    let farewell = app.mail(3).await.json();
    assert_eq!(farewell["subject"], "Your Account Was Deleted");
    app.all_mail_is_sent().await;
    assert_eq!(rows_of_users(&app), []);
}

/// A new instance runs it after a probe.
async fn run_housekeeping(app: &App) {
    let probed = async || {
        app.get("/health/ready").await.assert_status(200);
        (app.count("users WHERE deletes_at <= unixepoch()") == 0).then_some(())
    };
    eventually("housekeeping has run", SOON * 4, probed).await;
}

#[tokio::test]
async fn a_login_during_the_grace_cancels_the_deletion_and_another_attempt_does_not() {
    let app = spawn_app_with("deletion_grace_days", "7").await;
    let tokens = app.log_tom_in().await;
    app.delete_account(&tokens.access, PASSWORD)
        .await
        .assert_status(202);
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    app.forgot_password(EMAIL).await.assert_status(202);
    assert_eq!(app.count("users WHERE deletes_at IS NOT NULL"), 1);
    let tokens = app.tokens_of_tom().await;
    assert_eq!(app.count("users WHERE deletes_at IS NOT NULL"), 0);
    app.test_data(&tokens.access).await.assert_status(200);
    assert_eq!(
        app.actions_of_tom(),
        [
            "session.created",
            "deletion.scheduled",
            "session.created",
            "deletion.cancelled"
        ]
    );
}

#[tokio::test]
async fn the_owner_can_disown_the_deletion() {
    let app = spawn_app_with("deletion_grace_days", "7").await;
    let tokens = app.log_tom_in().await;
    app.delete_account(&tokens.access, PASSWORD)
        .await
        .assert_status(202);
    app.disown(1).await.assert_status(200);
    assert_eq!(app.count("users WHERE deletes_at IS NOT NULL"), 0);
    app.login(EMAIL, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    let reset = app.mail(2).await.json();
    assert_eq!(reset["subject"], "Reset Your Password - Action Required");
}

#[tokio::test]
async fn a_deletion_next_to_everything_else_leaves_nothing_half_done() {
    account_races::deletion_and_everything_else(rounds() / 2)
        .await
        .assert_no_failures();
}
