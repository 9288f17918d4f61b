//! A legacy database, adopted as it is: users keep their passwords, data and sessions.

use crate::helpers::api_error::{
    EMAIL_TAKEN, INCORRECT_CREDENTIALS, INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN,
};
use crate::helpers::app::{App, Setup};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, USERNAME, registration, registration_of};
use crate::helpers::token::{claims, legacy_claims, signed};

pub(crate) const USER: &str = "0b9a1d5e-3c58-4f0e-8f53-6a3b5d1c9e77";

/// The legacy schema with Tom and every kind of row that can belong to him.
pub(crate) const DATABASE: &str = concat!(
    include_str!("../legacy.sql"),
    "
    INSERT INTO users VALUES (
        '0b9a1d5e-3c58-4f0e-8f53-6a3b5d1c9e77', 'Tom', 'tom@example.com',
        -- bcrypt of 'correct horse 1'
        '$2b$12$shmg9g9f3.yfVJdRYk3ugeLG.t6O9eSpw/vKDHW2EoY3kfDxN.ije', 'ADMIN', 'PRO',
        '2030-01-01 00:00:00.000000', '2025-03-04 05:06:07.123456', '2025-03-04 05:06:07.123456');
    INSERT INTO password_reset_tokens VALUES (
        'f3b0c9d2-52d1-4f0b-9a39-0d2f6f5a7c11', '0b9a1d5e-3c58-4f0e-8f53-6a3b5d1c9e77',
        'a-reset-token-in-plain-text', '2099-01-01 00:00:00.000000', 0,
        '2025-03-04 05:06:07.123456');
    INSERT INTO refresh_tokens VALUES
        ('1', '0b9a1d5e-3c58-4f0e-8f53-6a3b5d1c9e77', 'eyJ.alive.1', '2099-01-01 00:00:00.000000',
         '2025-03-04 05:06:07.123456'),
        ('2', '0b9a1d5e-3c58-4f0e-8f53-6a3b5d1c9e77', 'eyJ.alive.2', '2099-01-01 00:00:00.000000',
         '2025-03-04 05:06:07.123456'),
        ('3', '0b9a1d5e-3c58-4f0e-8f53-6a3b5d1c9e77', 'eyJ.expired', '2025-03-11 05:06:07.123456',
         '2025-03-04 05:06:07.123456');
"
);

/// Starts a service that adopts the legacy database.
pub(crate) async fn spawn_with_legacy_database() -> App {
    let setup = Setup::new();
    let database = rusqlite::Connection::open(setup.database_path());
    let database = database.expect("a database");
    database.execute_batch(DATABASE).expect("the legacy schema");
    drop(database);
    setup.spawn().await
}

#[tokio::test]
async fn legacy_users_log_in_with_their_passwords() {
    let app = spawn_with_legacy_database().await;
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    for username in [EMAIL, USERNAME] {
        let response = app.login(username, PASSWORD).await;
        let token = response.assert_status(200).field("access_token");
        assert_eq!(claims(&token)["sub"], USER);
        assert_eq!(claims(&token)["role"], "ADMIN");
        app.test_data(&token).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_legacy_hash_is_upgraded_at_the_first_login_and_the_password_stays_the_same() {
    let app = spawn_with_legacy_database().await;
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    let hash = || app.value::<String>("SELECT hashed_password FROM users");
    assert!(hash().starts_with("$2b$"), "{}", hash());
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    assert!(hash().starts_with("$argon2id$"), "{}", hash());
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
}

#[tokio::test]
async fn legacy_access_tokens_stay_valid() {
    let app = spawn_with_legacy_database().await;
    let response = app.test_data(&signed(&legacy_claims(USER))).await;
    assert_eq!(response.assert_status(200).field("user_id"), USER);
}

#[tokio::test]
async fn legacy_users_keep_their_addresses_and_names() {
    let app = spawn_with_legacy_database().await;
    app.register(&registration())
        .await
        .assert_error(&EMAIL_TAKEN);
    let response = app
        .register(&registration_of("ann@example.com", "TOM"))
        .await;
    assert_eq!(
        response.assert_status(409).json()["detail"]["suggestion"],
        "TOM1"
    );
    app.register(&registration_of("ann@example.com", "ann"))
        .await
        .assert_status(201);
}

#[tokio::test]
async fn legacy_users_reset_their_passwords_but_not_with_a_plain_text_token() {
    let app = spawn_with_legacy_database().await;
    let new_password = "battery staple 2";
    let old = app
        .reset_password("a-reset-token-in-plain-text", new_password)
        .await;
    old.assert_error(&INVALID_RESET_TOKEN);
    let token = app.reset_token(1).await;
    app.reset_password(&token, new_password)
        .await
        .assert_status(200);
    app.login(EMAIL, new_password).await.assert_status(200);
}

#[tokio::test]
async fn no_data_of_legacy_users_is_lost() {
    let app = spawn_with_legacy_database().await;
    app.get("/health/ready").await.assert_status(200);
    let kept: String = app.value(
        "SELECT id || username || email || account_role || account_subscription \
         || subscription_expires_at || created_at FROM users",
    );
    let expected = format!(
        "{USER}{USERNAME}{EMAIL}ADMINPRO2030-01-01 00:00:00.0000002025-03-04 05:06:07.123456"
    );
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn legacy_refresh_tokens_become_sessions_unless_they_have_expired() {
    let app = spawn_with_legacy_database().await;
    let tokens = Tokens::of(&app.refresh("eyJ.alive.1").await);
    assert_eq!(claims(&tokens.access)["sub"], USER);
    app.test_data(&tokens.access).await.assert_status(200);
    app.refresh(&tokens.refresh).await.assert_status(200);
    app.refresh("eyJ.expired")
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn used_legacy_refresh_tokens_leave_no_valid_token_in_the_table() {
    let app = spawn_with_legacy_database().await;
    app.refresh("eyJ.alive.1").await.assert_status(200);
    app.logout("eyJ.alive.2").await.assert_status(204);
    for id in 1..=3 {
        let query = format!("SELECT refresh_token FROM refresh_tokens WHERE id = '{id}'");
        let stored: String = app.value(&query);
        let response = app.refresh(&stored).await;
        response.assert_error(&INVALID_REFRESH_TOKEN);
    }
}

#[tokio::test]
async fn a_logout_ends_only_its_own_legacy_refresh_token() {
    let app = spawn_with_legacy_database().await;
    app.logout("eyJ.alive.1").await.assert_status(204);
    app.refresh("eyJ.alive.1")
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.refresh("eyJ.alive.2").await.assert_status(200);
}

#[tokio::test]
async fn a_reset_ends_all_legacy_refresh_tokens() {
    let app = spawn_with_legacy_database().await;
    let token = app.reset_token(1).await;
    app.reset_password(&token, "battery staple 2")
        .await
        .assert_status(200);
    for refresh_token in ["eyJ.alive.1", "eyJ.alive.2"] {
        app.refresh(refresh_token)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
}
