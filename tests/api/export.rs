//! A user's export of the account.

use serde_json::{Value, json};

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, NOT_AUTHENTICATED, TOO_MANY_REQUESTS};
use crate::helpers::app::{Setup, spawn_app};
use crate::helpers::flows::{EVENTS, EXPORT, ME, PASSWORD, SESSIONS, registration_of};

#[tokio::test]
async fn it_has_what_the_other_routes_show_as_a_file() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.tokens_of_tom().await;
    app.rename(&tokens.access, "Tommy").await.assert_status(200);
    let response = app.get_as(EXPORT, &tokens.access).await;
    let export = response.assert_status(200).json();
    let disposition = response.header("content-disposition");
    assert_eq!(disposition, Some("attachment; filename=\"account.json\""));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let shown = async |path: &str| app.get_as(path, &tokens.access).await.json();
    assert_eq!(export["profile"], shown(ME).await);
    assert_eq!(export["sessions"], shown(SESSIONS).await);
    assert_eq!(export["events"], shown(EVENTS).await["items"]);
    assert_eq!(export["identities"], json!([]));
}

#[tokio::test]
async fn it_has_no_secret_and_nothing_of_others() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let eve = registration_of("eve@example.com", "eve");
    app.register(&eve).await.assert_status(201);
    app.login("eve", PASSWORD).await.assert_status(200);
    let hash: String = app.value("SELECT hashed_password FROM users LIMIT 1");
    let network: String = app.value("SELECT network FROM sessions LIMIT 1");
    let text = app.get_as(EXPORT, &tokens.access).await.text;
    for hidden in [
        &hash,
        &network,
        &tokens.access,
        &tokens.refresh,
        "argon2",
        "request_id",
        "eve@example.com",
    ] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

#[tokio::test]
async fn its_size_is_bounded() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
         INSERT INTO events (at, actor, action, user_id, detail) SELECT i, u.id, 'test.event', u.id, \
         json_object('user_agent', printf('%.256c', 'x')) FROM n, users u",
    );
    let response = app.get_as(EXPORT, &tokens.access).await;
    let export = response.assert_status(200).json();
    assert_eq!(export["events"].as_array().map(Vec::len), Some(1000));
    assert!(response.text.len() < 512 * 1024);
    assert_eq!(
        export["events"][0]["detail"]["user_agent"]
            .as_str()
            .map(str::len),
        Some(256)
    );
}

#[tokio::test]
async fn it_is_only_for_the_user_and_not_without_a_limit() {
    let app = Setup::new().with("throttle", "on").spawn().await;
    let tokens = app.log_tom_in().await;
    app.get(EXPORT).await.assert_error(&NOT_AUTHENTICATED);
    app.get_as(EXPORT, "a.b.c")
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    for _ in 0..3 {
        app.get_as(EXPORT, &tokens.access).await.assert_status(200);
    }
    let response = app.get_as(EXPORT, &tokens.access).await;
    assert_eq!(response.json(), TOO_MANY_REQUESTS.body());
    assert_ne!(app.get_as(ME, &tokens.access).await.json(), Value::Null);
}
