//! A power cut under load: what was acknowledged is there, everything else is whole or absent.

use std::time::Duration;

use uuid::Uuid;

use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, registration_of};
use crate::helpers::tally::{Tally, expect};

/// The server lives for less than this under load, in milliseconds.
const LONGEST_LIFE: u128 = 250;
/// The refresh chain's owner, whose password nobody resets.
const ANN: &str = "ann@example.com";

/// What clients know: what was acknowledged to them, and the password that they asked for last.
struct Known {
    registered: Vec<String>,
    refresh_token: String,
    password: String,
    asked_for: Option<String>,
}

async fn register_for_ever(app: &App, round: usize, registered: &mut Vec<String>) {
    for number in 0.. {
        let name = format!("u{round}-{number}");
        let body = registration_of(&format!("{name}@example.com"), &name);
        app.register(&body).await.assert_status(201);
        registered.push(name);
    }
}

async fn refresh_for_ever(app: &App, refresh_token: &mut String) {
    loop {
        *refresh_token = Tokens::of(&app.refresh(refresh_token).await).refresh;
    }
}

async fn reset_for_ever(
    app: &App,
    round: usize,
    password: &mut String,
    asked: &mut Option<String>,
) {
    for number in 0.. {
        let token = app.next_reset_token(EMAIL).await;
        let new_password = format!("battery staple {round} {number}");
        *asked = Some(new_password.clone());
        app.reset_password(&token, &new_password)
            .await
            .assert_status(200);
        *password = new_password;
        *asked = None;
    }
}

/// Loads the server with all of it until it is killed at a moment that nobody chose.
async fn kill_under_load(app: &App, round: usize, known: &mut Known) {
    let Known {
        registered,
        refresh_token,
        password,
        asked_for,
    } = known;
    let life = Uuid::new_v4().as_u128() % LONGEST_LIFE;
    let life = Duration::from_millis(u64::try_from(life).expect("a short life"));
    tokio::select! {
        () = register_for_ever(app, round, registered) => {}
        () = refresh_for_ever(app, refresh_token) => {}
        () = reset_for_ever(app, round, password, asked_for) => {}
        () = tokio::time::sleep(life) => app.server.kill(),
    }
}

/// The file is sound, and every row of it refers to rows that are there.
fn check_file(app: &App) -> Result<(), String> {
    let integrity: String = app.value("PRAGMA integrity_check");
    expect(integrity == "ok", || integrity.clone())?;
    let orphans: i64 = app.value("SELECT count(*) FROM pragma_foreign_key_check");
    let broken: i64 =
        app.value("SELECT count(*) FROM users WHERE hashed_password NOT LIKE '$argon2id$%'");
    expect((orphans, broken) == (0, 0), || {
        format!("{orphans} orphans, {broken} broken hashes")
    })
}

async fn check_registrations(app: &App, registered: &[String]) -> Result<(), String> {
    for name in registered {
        let row = format!("SELECT count(*) FROM users WHERE username = '{name}'");
        let rows: i64 = app.value(&row);
        expect(rows == 1, || {
            format!("{rows} rows of {name}, who was told 201")
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

/// The last password that was acknowledged works, or the one that was asked for after it; in
/// that case all of that reset is done, and otherwise nothing.
async fn check_password(app: &App, known: &mut Known) -> Result<(), String> {
    let old = app.login(EMAIL, &known.password).await.status == 200;
    let Some(asked_for) = known.asked_for.take() else {
        return expect(old, || "an acknowledged password is not in force".into());
    };
    let newest = "SELECT is_used FROM password_reset_tokens ORDER BY rowid DESC LIMIT 1";
    let used: bool = app.value(newest);
    let new = app.login(EMAIL, &asked_for).await.status == 200;
    expect(old != new && new == used, || {
        format!("old password {old}, new password {new}, token used {used}")
    })?;
    if new {
        known.password = asked_for;
    }
    Ok(())
}

async fn check(app: &App, known: &mut Known) -> Result<(), String> {
    check_file(app)?;
    check_registrations(app, &known.registered).await?;
    let refresh = app.refresh(&known.refresh_token).await;
    expect(refresh.status == 200, || {
        format!("a token that was issued got {}", refresh.status)
    })?;
    known.refresh_token = Tokens::of(&refresh).refresh;
    check_password(app, known).await
}

pub(crate) async fn kills_under_load(rounds: usize) -> Tally {
    let mut app = spawn_app().await;
    app.register_tom().await;
    app.register(&registration_of(ANN, "ann"))
        .await
        .assert_status(201);
    let mut known = Known {
        registered: Vec::new(),
        refresh_token: Tokens::of(&app.login(ANN, PASSWORD).await).refresh,
        password: PASSWORD.to_owned(),
        asked_for: None,
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
async fn what_was_acknowledged_survives_a_kill_under_load() {
    kills_under_load(10).await.assert_no_failures();
}
