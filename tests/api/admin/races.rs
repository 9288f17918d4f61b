//! Races of administrators with users and with each other: what an administrator ends stays ended.

use reqwest::Method;
use serde_json::json;

use crate::helpers::admin::{ADMIN_API_KEY, Administration, administration, user_path};
use crate::helpers::flows::{PASSWORD, Tokens, registration_of};
use crate::helpers::tally::{Tally, expect, expect_status, rounds};
use crate::security::races::expect_dead;

const NEW_PASSWORD: &str = "battery staple 2";

/// A user of one round.
struct Subject {
    name: String,
    id: String,
    tokens: Tokens,
}

impl Subject {
    async fn register(it: &Administration, round: usize) -> Self {
        let name = format!("subject{round}");
        let body = registration_of(&format!("{name}@example.com"), &name);
        let id = it.app.register(&body).await.assert_status(201).field("id");
        let tokens = Tokens::of(&it.app.login(&name, PASSWORD).await);
        Self { name, id, tokens }
    }

    fn count(&self, it: &Administration, rows: &str) -> i64 {
        it.app.count(&format!("{rows} = '{}'", self.id))
    }
}

/// Asserts that a disabled user has no session, and that neither password logs in.
async fn expect_out(it: &Administration, subject: &Subject) -> Result<(), String> {
    let sessions = subject.count(it, "sessions WHERE user_id");
    expect(sessions == 0, || format!("{sessions} sessions"))?;
    for password in [PASSWORD, NEW_PASSWORD] {
        let login = it.app.login(&subject.name, password).await;
        expect_status(&login, &[401])?;
    }
    Ok(())
}

pub(crate) async fn disabling_and_the_users_own_actions(rounds: usize) -> Tally {
    let it = administration().await;
    let scenario = "disabling against login, refresh and changes";
    Tally::of(scenario, rounds, async |round| {
        let subject = Subject::register(&it, round).await;
        let access = &subject.tokens.access;
        let app = &it.app;
        let new_name = format!("{}x", subject.name);
        let (disabled, login, refresh, change, rename) = tokio::join!(
            it.disable(&subject.id),
            app.login(&subject.name, PASSWORD),
            app.refresh(&subject.tokens.refresh),
            app.change_password(access, PASSWORD, NEW_PASSWORD),
            app.rename(access, &new_name),
        );
        expect_status(&disabled, &[200])?;
        expect_status(&rename, &[200, 401])?;
        expect_status(&change, &[200, 401, 403])?;
        for response in [&login, &refresh, &change] {
            if response.status == 200 {
                expect_dead(app, &Tokens::of(response), "of the race").await?;
            }
        }
        expect_dead(app, &subject.tokens, "from before").await?;
        expect_out(&it, &subject).await
    })
    .await
}

pub(crate) async fn disabling_and_the_users_own_deletion(rounds: usize) -> Tally {
    let it = administration().await;
    let scenario = "disabling against the user's own deletion";
    Tally::of(scenario, rounds, async |round| {
        let subject = Subject::register(&it, round).await;
        let access = &subject.tokens.access;
        let (disabled, deleted) = tokio::join!(
            it.disable(&subject.id),
            it.app.delete_account(access, PASSWORD)
        );
        let found = subject.count(&it, "users WHERE id");
        let events = subject.count(&it, "events WHERE user_id");
        match (disabled.status, deleted.status) {
            (200, 401 | 403) => expect(found == 1, || "the user is gone".into()),
            (404, 202) => expect((found, events) == (0, 0), || {
                format!("{found} users and {events} events are left")
            }),
            statuses => Err(format!("{statuses:?}")),
        }
    })
    .await
}

pub(crate) async fn administrators_against_each_other(rounds: usize) -> Tally {
    let it = administration().await;
    let scenario = "administrators delete, disable, change and verify";
    Tally::of(scenario, rounds, async |round| {
        let subject = Subject::register(&it, round).await;
        let path = |rest: &str| user_path(&subject.id, rest);
        let [own, verify, sessions] = ["", "/verify-email", "/sessions"].map(path);
        let nothing = json!({});
        let plan = json!({"account_subscription": "PRO"});
        let (deleted, disabled, changed, verified, ended) = tokio::join!(
            it.app.delete_as(&own, ADMIN_API_KEY),
            it.disable(&subject.id),
            it.patch(&subject.id, &plan),
            it.app
                .send_as(Method::POST, &verify, ADMIN_API_KEY, &nothing),
            it.delete(&sessions),
        );
        expect_status(&deleted, &[204])?;
        for response in [&disabled, &changed, &verified] {
            expect_status(response, &[200, 404])?;
        }
        expect_status(&ended, &[204, 404])?;
        for rows in [
            "users WHERE id",
            "sessions WHERE user_id",
            "events WHERE user_id",
            "known_networks WHERE user_id",
        ] {
            let left = subject.count(&it, rows);
            expect(left == 0, || format!("{left} {rows}"))?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn nothing_of_a_disabled_user_survives_their_own_actions_at_the_same_time() {
    let tally = disabling_and_the_users_own_actions(rounds()).await;
    tally.assert_no_failures();
}

#[tokio::test]
async fn a_disabling_and_a_deletion_at_the_same_time_leave_nothing_half() {
    let tally = disabling_and_the_users_own_deletion(rounds()).await;
    tally.assert_no_failures();
}

#[tokio::test]
async fn nothing_of_a_deleted_user_is_left_by_other_administrators() {
    let tally = administrators_against_each_other(rounds()).await;
    tally.assert_no_failures();
}
