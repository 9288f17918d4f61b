//! Kills under load: acknowledged writes survive, and all others are complete or absent.

use std::time::Duration;

use uuid::Uuid;

use crate::helpers::app::{App, spawn_app_with};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, registration_of};
use crate::helpers::tally::{Tally, expect, rounds};

/// The server is killed within this time under load, in milliseconds.
const MAX_LIFETIME: u64 = 250;
/// The owner of the refresh chain, whose password is never reset.
const ANN: &str = "ann@example.com";

/// Users whose registration is not complete. A reset of Tom's password ends his verification.
const PARTIAL_REGISTRATIONS: &str = "SELECT count(*) FROM users u WHERE username <> 'Tom' AND (
     (SELECT count(*) FROM events WHERE user_id = u.id AND action = 'user.registered') <> 1
     OR (SELECT count(*) FROM email_verifications WHERE user_id = u.id) <> 1)";

/// What clients know: the acknowledged writes, and the last password whose reset was not acknowledged.
struct Known {
    registered: Vec<String>,
    refresh_token: String,
    password: String,
    requested: Option<String>,
}

async fn register_forever(app: &App, round: usize, registered: &mut Vec<String>) {
    for number in 0.. {
        let name = format!("u{round}-{number}");
        let body = registration_of(&format!("{name}@example.com"), &name);
        app.register(&body).await.assert_status(201);
        registered.push(name);
    }
}

async fn refresh_forever(app: &App, refresh_token: &mut String) {
    loop {
        *refresh_token = Tokens::of(&app.refresh(refresh_token).await).refresh;
    }
}

async fn reset_forever(
    app: &App,
    round: usize,
    password: &mut String,
    requested: &mut Option<String>,
) {
    for number in 0.. {
        let token = app.next_reset_token(EMAIL).await;
        let new_password = format!("battery staple {round} {number}");
        *requested = Some(new_password.clone());
        app.reset_password(&token, &new_password)
            .await
            .assert_status(200);
        *password = new_password;
        *requested = None;
    }
}

/// A random time below `limit` milliseconds.
pub(super) fn random_milliseconds(limit: u64) -> Duration {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    Duration::from_millis(random % limit)
}

/// Loads the server until it is killed at a random moment.
async fn kill_under_load(app: &App, round: usize, known: &mut Known) {
    let Known {
        registered,
        refresh_token,
        password,
        requested,
    } = known;
    tokio::select! {
        () = register_forever(app, round, registered) => {}
        () = refresh_forever(app, refresh_token) => {}
        () = reset_forever(app, round, password, requested) => {}
        () = tokio::time::sleep(random_milliseconds(MAX_LIFETIME)) => app.server.kill(),
    }
}

/// The file is intact, and every foreign key is valid.
pub(super) fn check_file(app: &App) -> Result<(), String> {
    let integrity: String = app.value("PRAGMA integrity_check");
    expect(integrity == "ok", || integrity.clone())?;
    let orphans: i64 = app.value("SELECT count(*) FROM pragma_foreign_key_check");
    expect(orphans == 0, || format!("{orphans} orphans"))
}

/// Every user has a hash, an event of the registration and a verification.
fn check_users(app: &App) -> Result<(), String> {
    let broken = app.count("users WHERE hashed_password NOT LIKE '$argon2id$%'");
    expect(broken == 0, || format!("{broken} broken hashes"))?;
    let partial: i64 = app.value(PARTIAL_REGISTRATIONS);
    expect(partial == 0, || {
        format!("{partial} users without their event or verification")
    })
}

async fn check_registrations(app: &App, registered: &[String]) -> Result<(), String> {
    for name in registered {
        let row = format!("SELECT count(*) FROM users WHERE username = '{name}'");
        let rows: i64 = app.value(&row);
        expect(rows == 1, || {
            format!("{rows} rows of {name}, whose registration got 201")
        })?;
    }
    let Some(last) = registered.last() else {
        return Ok(());
    };
    let login = app.login(last, PASSWORD).await;
    expect(login.status == 200, || {
        format!("{last} got {}", login.status)
    })
}

/// Either the last acknowledged password works, or the one requested after it. The unacknowledged reset
/// must be complete in the latter case, and absent in the former.
async fn check_password(app: &App, known: &mut Known) -> Result<(), String> {
    let old = app.login(EMAIL, &known.password).await.status == 200;
    let Some(requested) = known.requested.take() else {
        return expect(old, || "an acknowledged password does not work".into());
    };
    let newest = "SELECT is_used FROM password_reset_tokens ORDER BY rowid DESC LIMIT 1";
    let used: bool = app.value(newest);
    let new = app.login(EMAIL, &requested).await.status == 200;
    expect(old != new && new == used, || {
        format!("old password {old}, new password {new}, token used {used}")
    })?;
    if new {
        known.password = requested;
    }
    Ok(())
}

async fn check(app: &App, known: &mut Known) -> Result<(), String> {
    check_file(app)?;
    check_users(app)?;
    check_registrations(app, &known.registered).await?;
    let refresh = app.refresh(&known.refresh_token).await;
    expect(refresh.status == 200, || {
        format!("an issued token got {}", refresh.status)
    })?;
    known.refresh_token = Tokens::of(&refresh).refresh;
    check_password(app, known).await
}

pub(crate) async fn kills_under_load(rounds: usize) -> Tally {
    let mut app = spawn_app_with("email_verification", "optional").await;
    app.register_tom().await;
    app.register(&registration_of(ANN, "ann"))
        .await
        .assert_status(201);
    let mut known = Known {
        registered: Vec::new(),
        refresh_token: Tokens::of(&app.login(ANN, PASSWORD).await).refresh,
        password: PASSWORD.to_owned(),
        requested: None,
    };
    Tally::of("kill -9 under load", rounds, async |round| {
        known.registered.clear();
        kill_under_load(&app, round, &mut known).await;
        app.restart().await;
        check(&app, &mut known).await
    })
    .await
}

#[tokio::test]
async fn acknowledged_writes_survive_a_kill_under_load() {
    kills_under_load(rounds() / 2).await.assert_no_failures();
}
