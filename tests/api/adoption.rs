//! The predecessor's access tokens, which name no session: good for as long as it can have meant
//! them.

use serde_json::json;

use crate::helpers::api_error::INVALID_ACCESS_TOKEN;
use crate::helpers::app::{Setup, spawn_app};
use crate::helpers::flows::Tokens;
use crate::helpers::schema::migrate;
use crate::helpers::token::{legacy_claims, signed};
use crate::predecessor::{DATABASE, USER, spawn_successor};

#[tokio::test]
async fn a_logout_ends_its_access_tokens() {
    // By its own refresh token, and by that of the session which it became.
    for is_used in [false, true] {
        let app = spawn_successor().await;
        let access_token = signed(&legacy_claims(USER));
        let mut last = "eyJ.alive.1".to_owned();
        if is_used {
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
async fn the_end_of_another_session_leaves_its_access_tokens_alone() {
    let app = spawn_successor().await;
    let access_token = signed(&legacy_claims(USER));
    let other = app.tokens_of_tom().await;
    app.logout(&other.refresh).await.assert_status(204);
    app.test_data(&access_token).await.assert_status(200);
}

#[tokio::test]
async fn its_access_tokens_are_good_for_one_lifetime_after_the_adoption() {
    let app = spawn_successor().await;
    app.get("/health/ready").await.assert_status(200);
    let adopted_at: i64 = app.value("SELECT adopted_at FROM adoption");
    let expiring_at = |expiry: i64| {
        let mut claims = legacy_claims(USER);
        claims["exp"] = json!(expiry);
        signed(&claims)
    };
    // Thirty minutes, and thirty seconds that two clocks may be apart.
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
async fn without_a_predecessor_no_access_token_of_one_is_good() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    app.test_data(&signed(&legacy_claims(&user)))
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    assert_eq!(app.count("adoption"), 0);
}

#[tokio::test]
async fn a_predecessor_is_known_by_its_hashes_also_where_an_earlier_version_took_over() {
    let setup = Setup::new();
    let database = rusqlite::Connection::open(setup.database_path()).expect("a database");
    database.execute_batch(DATABASE).expect("its tables");
    migrate(&database, 7);
    let tokens = database.execute("DELETE FROM refresh_tokens", []);
    assert!(tokens.is_ok_and(|tokens| tokens > 0));
    drop(database);
    let app = setup.spawn().await;
    let access_token = signed(&legacy_claims(USER));
    app.test_data(&access_token).await.assert_status(200);
    assert_eq!(app.count("adoption"), 1);
}
