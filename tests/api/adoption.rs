//! Legacy access tokens, which name no session: they stay valid for at most one lifetime after the
//! adoption.

use serde_json::json;

use crate::helpers::api_error::INVALID_ACCESS_TOKEN;
use crate::helpers::app::{Setup, spawn_app};
use crate::helpers::flows::Tokens;
use crate::helpers::schema::migrate;
use crate::helpers::token::{legacy_claims, signed};
use crate::legacy::{DATABASE, USER, spawn_with_legacy_database};

#[tokio::test]
async fn a_logout_ends_legacy_access_tokens() {
    // With the legacy refresh token, and with that of the session that replaced it.
    for is_adopted in [false, true] {
        let app = spawn_with_legacy_database().await;
        let access_token = signed(&legacy_claims(USER));
        let mut last = "eyJ.alive.1".to_owned();
        if is_adopted {
            last = Tokens::of(&app.refresh(&last).await).refresh;
        }
        app.test_data(&access_token).await.assert_status(200);
        app.logout(&last).await.assert_status(204);
        app.test_data(&access_token)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
    }
}

#[tokio::test]
async fn ending_another_session_leaves_legacy_access_tokens_valid() {
    let app = spawn_with_legacy_database().await;
    let access_token = signed(&legacy_claims(USER));
    let other = app.tokens_of_tom().await;
    app.logout(&other.refresh).await.assert_status(204);
    app.test_data(&access_token).await.assert_status(200);
}

#[tokio::test]
async fn legacy_access_tokens_are_valid_for_one_lifetime_after_the_adoption() {
    let app = spawn_with_legacy_database().await;
    app.get("/health/ready").await.assert_status(200);
    let adopted_at: i64 = app.value("SELECT adopted_at FROM adoption");
    let expiring_at = |expiry: i64| {
        let mut claims = legacy_claims(USER);
        claims["exp"] = json!(expiry);
        signed(&claims)
    };
    // Thirty minutes, plus thirty seconds of allowed clock skew.
    let last = expiring_at(adopted_at + 30 * 60 + 30);
    let too_late = expiring_at(adopted_at + 30 * 60 + 31);
    app.test_data(&last).await.assert_status(200);
    app.test_data(&too_late)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.change("UPDATE adoption SET adopted_at = adopted_at - 1");
    app.test_data(&last)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn without_legacy_data_legacy_access_tokens_are_invalid() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.test_data(&signed(&legacy_claims(&user)))
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    assert_eq!(app.count("adoption"), 0);
}

#[tokio::test]
async fn legacy_hashes_reveal_an_adoption_by_an_earlier_version() {
    let setup = Setup::new();
    let database = rusqlite::Connection::open(setup.database_path()).expect("a database");
    database.execute_batch(DATABASE).expect("the legacy schema");
    migrate(&database, 7);
    let tokens = database.execute("DELETE FROM refresh_tokens", []);
    assert!(tokens.is_ok_and(|tokens| tokens > 0));
    drop(database);
    let app = setup.spawn().await;
    let access_token = signed(&legacy_claims(USER));
    app.test_data(&access_token).await.assert_status(200);
    assert_eq!(app.count("adoption"), 1);
}
