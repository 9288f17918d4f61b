//! Backups: a copy by `VACUUM INTO` while the service runs is whole, and what a restored copy makes valid again.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::Value;

use crate::helpers::api_error::{
    INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN,
};
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::cookies::{OWN_PAGE, with_headers};
use crate::helpers::flows::{EMAIL, ME, PASSWORD, registration_of};
use crate::helpers::time::{SOON, eventually};

const NEW_PASSWORD: &str = "battery staple 2";
const NEW_KEY: &str = "the secret key after the restore, 44 bytes long";

/// Copies the database like the command in docs/operating.md.
fn back_up(database: &Path, to: &Path) {
    let database = rusqlite::Connection::open(database).expect("the database opens");
    let to = to.to_str().expect("the path is UTF-8");
    let copied = database.execute("VACUUM INTO ?1", [to]);
    copied.expect("the database is copied");
}

/// A service that has not started, and the path of its database, to which a backup can be restored.
fn new_service() -> (Setup, PathBuf) {
    let setup = Setup::new();
    let path = setup.database_path();
    (setup, path)
}

#[tokio::test]
async fn a_backup_under_writes_has_every_user_acknowledged_before_it() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    let (setup, copy) = new_service();
    let acknowledged = RefCell::new(Vec::new());
    let is_over = Cell::new(false);
    let clients = (0..4).map(|client| register_until(&app, client, &acknowledged, &is_over));
    let backup = async {
        // Enough writes that some are still in the write-ahead log alone.
        let some = async || (acknowledged.borrow().len() >= 20).then_some(());
        eventually("some users have registered", SOON, some).await;
        let before = acknowledged.borrow().clone();
        let (database, to) = (app.database_path(), copy.clone());
        let copied = tokio::task::spawn_blocking(move || back_up(&database, &to));
        copied.await.expect("the database is copied");
        is_over.set(true);
        before
    };
    let (_, before) = join(join_all(clients), backup).await;

    let restored = setup.spawn().await;
    restored.get("/health/ready").await.assert_status(200);
    assert_eq!(restored.value::<String>("PRAGMA integrity_check"), "ok");
    assert_eq!(restored.count("pragma_foreign_key_check"), 0);
    assert_eq!(restored.value::<String>("PRAGMA journal_mode"), "wal");
    for name in before {
        restored.login(&name, PASSWORD).await.assert_status(200);
    }
}

/// Registers users one after the other, and adds those that were acknowledged.
async fn register_until(
    app: &App,
    client: usize,
    acknowledged: &RefCell<Vec<String>>,
    is_over: &Cell<bool>,
) {
    for number in 0.. {
        if is_over.get() {
            return;
        }
        let name = format!("user-{client}-{number}");
        let body = registration_of(&format!("{name}@example.com"), &name);
        app.register(&body).await.assert_status(201);
        acknowledged.borrow_mut().push(name);
    }
}

/// What ended or changed after a backup.
struct Ended {
    access: String,
    refresh: String,
    cookies: String,
    reset_token: String,
}

/// Takes a backup. Then a session ends by a logout, another in cookies by a reset of the password, and a user
/// deletes their account.
async fn end_everything_after_a_backup(app: &App, copy: &Path) -> Ended {
    app.register_tom().await;
    app.register(&registration_of("ann@example.com", "ann"))
        .await
        .assert_status(201);
    let tokens = app.tokens_of_tom().await;
    let in_cookies = app.cookies_of_tom().await;
    let reset_token = app.reset_token(1).await;
    back_up(&app.database_path(), copy);
    app.logout(&tokens.refresh).await.assert_status(204);
    app.reset_password(&reset_token, NEW_PASSWORD)
        .await
        .assert_status(200);
    let ann = app.login("ann", PASSWORD).await.field("access_token");
    app.delete_account(&ann, PASSWORD).await.assert_status(202);
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    Ended {
        access: tokens.access,
        refresh: tokens.refresh,
        cookies: in_cookies.header(),
        reset_token,
    }
}

#[tokio::test]
async fn a_restored_backup_revives_what_ended_after_it() {
    let app = spawn_app().await;
    let (setup, copy) = new_service();
    let ended = end_everything_after_a_backup(&app, &copy).await;
    let restored = setup.spawn().await;
    restored.test_data(&ended.access).await.assert_status(200);
    restored.refresh(&ended.refresh).await.assert_status(200);
    assert_eq!(status_with_cookies(&restored, &ended.cookies).await, 200);
    // The changed password has reverted, and the deleted user is back.
    restored
        .login(EMAIL, NEW_PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    restored.login(EMAIL, PASSWORD).await.assert_status(200);
    restored.login("ann", PASSWORD).await.assert_status(200);
    restored
        .reset_password(&ended.reset_token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn with_a_new_key_nothing_of_a_restored_backup_works_but_passwords() {
    let app = spawn_app().await;
    let (setup, copy) = new_service();
    let ended = end_everything_after_a_backup(&app, &copy).await;
    let setup = setup.with("secret_key", NEW_KEY);
    let restored = setup.with("secret_key_previous", "").spawn().await;
    restored
        .test_data(&ended.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    restored
        .refresh(&ended.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    assert_eq!(status_with_cookies(&restored, &ended.cookies).await, 401);
    restored
        .reset_password(&ended.reset_token, NEW_PASSWORD)
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    restored.login(EMAIL, PASSWORD).await.assert_status(200);
    restored.login("ann", PASSWORD).await.assert_status(200);
    let token = restored.next_reset_token(EMAIL).await;
    restored
        .reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

/// The status of a protected route that is asked with cookies.
async fn status_with_cookies(app: &App, cookies: &str) -> u16 {
    let request = with_headers(app.request(Method::GET, ME), &OWN_PAGE);
    let response = request.header("cookie", cookies).send().await;
    response.expect("a response").status().as_u16()
}

#[tokio::test]
async fn the_log_and_the_events_tell_who_to_delete_again() {
    let app = spawn_app().await;
    let (setup, copy) = new_service();
    end_everything_after_a_backup(&app, &copy).await;
    let log = app.server.output();
    let line = log.lines().find(|line| line.contains("account deleted"));
    let line: Value = serde_json::from_str(line.expect("a line")).expect("JSON");
    let mut restored = setup.spawn().await;
    restored.get("/health/ready").await.assert_status(200);
    let ann: String = restored.value("SELECT id FROM users WHERE username = 'ann'");
    assert_eq!(line["user"], ann.as_str());
    // The statement of docs/operating.md deletes the account by its own way.
    restored.change(&format!(
        "UPDATE users SET deletes_at = unixepoch() WHERE id = '{ann}'"
    ));
    // A new instance looks for due work after its first probe.
    restored.restart().await;
    restored.get("/health/ready").await.assert_status(200);
    let is_gone = async || (restored.count("users WHERE username = 'ann'") == 0).then_some(());
    eventually("the user is deleted again", SOON, is_gone).await;
}
