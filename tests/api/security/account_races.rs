//! Races of changes of accounts: of concurrent changes one wins, and what it ends stays ended.

use futures_util::future::join_all;
use serde_json::json;

use super::races::{expect_dead, expect_dead_if_any};
use crate::deletion::rows_of_users;
use crate::helpers::api_error::EMAIL_TAKEN;
use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{
    EMAIL, NOT_ME, PASSWORD, SESSIONS, Tokens, registration, registration_of, token_in,
};
use crate::helpers::tally::{Tally, expect, expect_status};
use crate::helpers::time::{SOON, eventually};

const CONFIRM: &str = "Confirm your new email address";
/// The number of users who want one address.
const RIVALS: usize = 3;

/// Registers a user and requests the change to `new`.
async fn request_change(app: &App, name: &str, new: &str) {
    let email = format!("{name}@example.com");
    let registered = app.register(&registration_of(&email, name)).await;
    registered.assert_status(201);
    let tokens = Tokens::of(&app.login(name, PASSWORD).await);
    let requested = app.change_email(&tokens.access, new, PASSWORD).await;
    requested.assert_status(202);
}

/// The tokens in the mails to an address that is to be confirmed, once all rivals have theirs.
async fn confirmation_tokens(app: &App, new: &str) -> Vec<String> {
    let tokens = async || {
        let mut mails = app.mail_provider.received();
        mails.retain(|mail| {
            let mail = mail.json();
            mail["to"] == json!([new]) && mail["subject"] == CONFIRM
        });
        (mails.len() == RIVALS).then(|| mails.iter().map(token_in).collect())
    };
    eventually("all mails to the new address arrive", SOON, tokens).await
}

pub(crate) async fn changes_to_one_address(rounds: usize) -> Tally {
    let app = spawn_app().await;
    let scenario = "changes of 3 users and a registration to one address";
    Tally::of(scenario, rounds, async |round| {
        app.mail_provider.clear();
        let new = format!("new{round}@example.org");
        let rivals: [_; RIVALS] = std::array::from_fn(|number| format!("rival{round}-{number}"));
        join_all(rivals.iter().map(|name| request_change(&app, name, &new))).await;
        let tokens = confirmation_tokens(&app, &new).await;
        let newcomer = registration_of(&new, &format!("new{round}"));
        let verifying = join_all(tokens.iter().map(|token| app.verify_email(token)));
        let (verified, registered) = tokio::join!(verifying, app.register(&newcomer));
        for lost in verified.iter().filter(|it| it.status != 200) {
            expect_status(lost, &[EMAIL_TAKEN.status])?;
        }
        expect_status(&registered, &[201, EMAIL_TAKEN.status])?;
        let won = verified.iter().filter(|it| it.status == 200).count();
        let owners = app.count(&format!("users WHERE email = '{new}'"));
        let changes = format!("events WHERE detail LIKE '%\"{new}\"%'");
        let kept = format!("users WHERE email LIKE 'rival{round}-%'");
        let found = (owners, app.count(&changes), app.count(&kept));
        let won_by_change = i64::try_from(won).expect("a small number");
        let kept_by_losers = i64::try_from(RIVALS - won).expect("a small number");
        let is_registered = usize::from(registered.status == 201);
        let holds = won + is_registered == 1 && found == (1, won_by_change, kept_by_losers);
        expect(holds, || {
            format!("{won} changes won, {is_registered} registered, {found:?}")
        })
    })
    .await
}

pub(crate) async fn change_of_address_and_reset(rounds: usize) -> Tally {
    let app = spawn_app().await;
    app.register_tom().await;
    let mut password = PASSWORD.to_owned();
    let scenario = "request of a change of address against reset";
    Tally::of(scenario, rounds, async |round| {
        let tokens = app.tokens_with(&password).await;
        let reset = app.next_reset_token(EMAIL).await;
        let new = format!("tom{round}@example.org");
        let new_password = format!("battery staple {round}");
        let (_, reset) = tokio::join!(
            app.change_email(&tokens.access, &new, &password),
            app.reset_password(&reset, &new_password),
        );
        expect_status(&reset, &[200])?;
        password = new_password;
        let pending = app.count("email_verifications");
        expect(pending == 0, || "a change is pending".into())
    })
    .await
}

pub(crate) async fn change_and_sessions_of_the_old_password(rounds: usize) -> Tally {
    let app = spawn_app().await;
    let mut tokens = app.log_tom_in().await;
    let mut old = PASSWORD.to_owned();
    let scenario = "change of password against refresh and login";
    Tally::of(scenario, rounds, async |round| {
        let new = format!("battery staple {round}");
        let other = app.tokens_with(&old).await;
        let (changed, logged_in, own, others) = tokio::join!(
            app.change_password(&tokens.access, &old, &new),
            app.login(EMAIL, &old),
            app.refresh(&tokens.refresh),
            app.refresh(&other.refresh),
        );
        expect_status(&changed, &[200])?;
        tokens = Tokens::of(&changed);
        old = new;
        for response in [logged_in, own, others] {
            expect_dead_if_any(&app, &response, "the old password").await?;
        }
        expect_dead(&app, &other, "the other session").await?;
        expect_status(&app.test_data(&tokens.access).await, &[200])?;
        let sessions = app.count("sessions");
        expect(sessions == 1, || format!("{sessions} sessions"))
    })
    .await
}

pub(crate) async fn changes_and_reset_of_a_password(rounds: usize) -> Tally {
    let app = spawn_app().await;
    app.register_tom().await;
    let mut old = PASSWORD.to_owned();
    let scenario = "2 changes of password against reset";
    Tally::of(scenario, rounds, async |round| {
        let tokens = app.tokens_with(&old).await;
        let link = app.next_reset_token(EMAIL).await;
        let candidates = ["first", "second", "reset"].map(|it| format!("{it} password {round}"));
        let (first, second, reset) = tokio::join!(
            app.change_password(&tokens.access, &old, &candidates[0]),
            app.change_password(&tokens.access, &old, &candidates[1]),
            app.reset_password(&link, &candidates[2]),
        );
        let responses = [first, second, reset];
        for response in &responses {
            expect_status(response, &[200, 400, 401, 403])?;
        }
        expect_status(&app.login(EMAIL, &old).await, &[401])?;
        let logins = join_all(candidates.iter().map(|it| app.login(EMAIL, it))).await;
        let mut working = candidates.iter().zip(&responses).zip(&logins);
        let working = working.find(|(_, login)| login.status == 200);
        let ((password, response), _) = working.ok_or("no password works")?;
        expect_status(response, &[200])?;
        let working = logins.iter().filter(|login| login.status == 200).count();
        expect(working == 1, || format!("{working} passwords work"))?;
        old = password.clone();
        Ok(())
    })
    .await
}

/// Deletes Tom, if a concurrent request has kept him.
async fn delete_survivor(app: &App) -> Result<(), String> {
    const LAST_PASSWORD: &str = "last password 3";
    let email: String = app.value("SELECT email FROM users");
    app.all_mail_is_sent().await;
    let link = app.next_reset_token(&email).await;
    expect_status(&app.reset_password(&link, LAST_PASSWORD).await, &[200])?;
    let tokens = Tokens::of(&app.login(&email, LAST_PASSWORD).await);
    let deleted = app.delete_account(&tokens.access, LAST_PASSWORD).await;
    expect_status(&deleted, &[202])
}

pub(crate) async fn deletion_and_everything_else(rounds: usize) -> Tally {
    const NEW_EMAIL: &str = "tom@example.org";
    const NEW_PASSWORD: &str = "battery staple 2";
    let app = spawn_app().await;
    let scenario = "deletion against everything else";
    Tally::of(scenario, rounds, async |_| {
        app.mail_provider.clear();
        app.register(&registration()).await.assert_status(201);
        let [tokens, other] = [app.tokens_of_tom().await, app.tokens_of_tom().await];
        app.rename(&other.access, "Tommy").await.assert_status(200);
        let notice = token_in(&app.mail_to(EMAIL, "Your Username Was Changed").await);
        let requested = app.change_email(&other.access, NEW_EMAIL, PASSWORD).await;
        requested.assert_status(202);
        let confirmation = token_in(&app.mail_to(NEW_EMAIL, CONFIRM).await);
        let link = app.next_reset_token(EMAIL).await;
        let not_me = json!({"token": notice});
        let (deleted, logged_in, refreshed, changed, reset, renamed, revoked, verified, disowned) = tokio::join!(
            app.delete_account(&tokens.access, PASSWORD),
            app.login(EMAIL, PASSWORD),
            app.refresh(&other.refresh),
            app.change_password(&other.access, PASSWORD, NEW_PASSWORD),
            app.reset_password(&link, NEW_PASSWORD),
            app.rename(&tokens.access, "Thomas"),
            app.delete_as(SESSIONS, &other.access),
            app.verify_email(&confirmation),
            app.post(NOT_ME, &not_me),
        );
        for response in [&logged_in, &refreshed, &changed, &reset, &renamed, &revoked, &verified, &disowned] {
            expect(response.status < 500, || format!("{response:?}"))?;
        }
        expect_status(&deleted, &[202, 401, 403])?;
        let is_deleted = deleted.status == 202;
        expect(is_deleted == (app.count("users") == 0), || format!("{deleted:?}"))?;
        if !is_deleted {
            delete_survivor(&app).await?;
        }
        for response in [&logged_in, &refreshed, &changed] {
            if response.status == 200 {
                expect_dead(&app, &Tokens::of(response), "a deleted user").await?;
            }
        }
        app.all_mail_is_sent().await;
        let rows = rows_of_users(&app);
        expect(rows.is_empty(), || format!("{rows:?}"))?;
        let named = app.count("events WHERE detail IS NOT NULL OR network IS NOT NULL");
        expect(named == 0, || format!("{named} events name the user"))
    })
    .await
}
