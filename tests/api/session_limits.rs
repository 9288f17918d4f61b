//! Limits on stored sessions: per user, and by expiration.

use crate::helpers::app::{App, spawn_app};
use crate::helpers::time::{SOON, eventually};

/// Inserts `number` sessions of Tom, aged `age` seconds, `age` + 1 seconds, and so on.
fn insert_sessions(app: &App, number: usize, age: i64, expires_in: i64) {
    let statement = format!(
        "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n LIMIT {number})
         INSERT INTO sessions (id, user_id, counter, created_at, rotated_at, expires_at)
         SELECT lower(hex(randomblob(16))), users.id, 0, unixepoch() - {age} - n,
             unixepoch() - {age} - n, unixepoch() + {expires_in}
         FROM n, users"
    );
    app.change(&statement);
}

fn age_of_oldest(app: &App) -> i64 {
    app.value("SELECT unixepoch() - min(created_at) FROM sessions")
}

#[tokio::test]
async fn a_user_keeps_the_hundred_newest_sessions() {
    let app = spawn_app().await;
    app.register_tom().await;
    insert_sessions(&app, 150, 1000, 3600);
    let tokens = app.tokens_of_tom().await;
    assert_eq!(app.count("sessions"), 100);
    // The new session and 99 others.
    assert!((1098..1110).contains(&age_of_oldest(&app)));
    app.test_data(&tokens.access).await.assert_status(200);
    app.refresh(&tokens.refresh).await.assert_status(200);
}

#[tokio::test]
async fn expired_sessions_do_not_count_towards_the_limit() {
    let app = spawn_app().await;
    app.register_tom().await;
    insert_sessions(&app, 80, 1000, 3600);
    insert_sessions(&app, 80, 100, -1);
    app.tokens_of_tom().await;
    assert_eq!(app.count("sessions"), 81);
}

#[tokio::test]
async fn a_login_never_ends_its_own_session_even_after_the_clock_was_set_back() {
    let app = spawn_app().await;
    app.register_tom().await;
    insert_sessions(&app, 150, -1000, 3600);
    let tokens = app.tokens_of_tom().await;
    assert_eq!(app.count("sessions"), 100);
    app.test_data(&tokens.access).await.assert_status(200);
}

#[tokio::test]
async fn concurrent_logins_leave_a_hundred_sessions() {
    let app = spawn_app().await;
    app.register_tom().await;
    insert_sessions(&app, 90, 1000, 3600);
    let logins = (0..30).map(|_| app.tokens_of_tom());
    let tokens = futures_util::future::join_all(logins).await;
    assert_eq!(app.count("sessions"), 100);
    for tokens in tokens {
        app.test_data(&tokens.access).await.assert_status(200);
    }
}

#[tokio::test]
async fn expired_sessions_of_inactive_users_are_deleted() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    insert_sessions(&app, 250, 1000, -1);
    let swept = async || {
        // Triggers housekeeping.
        app.forgot_password("nobody@example.com")
            .await
            .assert_status(202);
        (app.count("sessions") == 1).then_some(())
    };
    eventually("the expired sessions are deleted", SOON, swept).await;
    app.test_data(&tokens.access).await.assert_status(200);
}

#[tokio::test]
async fn one_run_deletes_all_expired_sessions_of_a_small_table() {
    let mut app = spawn_app().await;
    app.log_tom_in().await;
    insert_sessions(&app, 99, 1000, -1);
    app.restart().await;
    app.get("/health/ready").await.assert_status(200);
    let swept = async || (app.count("sessions") == 1).then_some(());
    eventually("the expired sessions are deleted", SOON, swept).await;
}
