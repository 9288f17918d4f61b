//! Races: of concurrent requests one wins, and an ended session stays ended.

use futures_util::future::{join, join_all};

use crate::helpers::app::{App, spawn_app, spawn_app_with};
use crate::helpers::captcha::builtin_captcha;
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, code_in, registration_of, token_in};
use crate::helpers::response::Response;
use crate::helpers::tally::{Tally, expect};

/// The number of concurrent registrations.
const REGISTRATIONS: usize = 50;
/// The number of concurrent refreshes, resets, or registrations with one captcha answer.
const CROWD: usize = 20;

pub(super) fn statuses(responses: &[Response]) -> Vec<u16> {
    let mut statuses: Vec<_> = responses.iter().map(|response| response.status).collect();
    statuses.sort_unstable();
    statuses
}

/// Expects that one request got `won` and all others got `lost`.
pub(super) fn expect_one_winner(responses: &[Response], won: u16, lost: u16) -> Result<(), String> {
    let count = |status| {
        responses
            .iter()
            .filter(|response| response.status == status)
            .count()
    };
    let holds = count(won) == 1 && count(lost) == responses.len() - 1;
    expect(holds, || format!("{:?}", statuses(responses)))
}

/// Expects that neither token works.
pub(crate) async fn expect_dead(app: &App, tokens: &Tokens, whose: &str) -> Result<(), String> {
    let (access, refresh) = join(app.test_data(&tokens.access), app.refresh(&tokens.refresh)).await;
    let holds = (access.status, refresh.status) == (401, 401);
    expect(holds, || {
        let (access, refresh) = (access.status, refresh.status);
        format!("tokens of {whose} still work: access {access}, refresh {refresh}")
    })
}

/// Expects that the tokens, if any were issued, do not work.
pub(super) async fn expect_dead_if_any(
    app: &App,
    response: &Response,
    whose: &str,
) -> Result<(), String> {
    match response.status {
        200 => expect_dead(app, &Tokens::of(response), whose).await,
        401 => Ok(()),
        status => Err(format!("{whose} got {status}")),
    }
}

pub(crate) async fn registrations_of_one_email(rounds: usize) -> Tally {
    let app = spawn_app().await;
    Tally::of("50 registrations of one email", rounds, async |round| {
        let email = format!("tom{round}@example.com");
        let bodies = (0..REGISTRATIONS).map(|n| registration_of(&email, &format!("u{round}-{n}")));
        register_all(&app, bodies.collect()).await?;
        let rows: i64 = app.value(&format!(
            "SELECT count(*) FROM users WHERE email = '{email}'"
        ));
        expect(rows == 1, || format!("{rows} rows"))
    })
    .await
}

pub(crate) async fn registrations_of_one_username(rounds: usize) -> Tally {
    let app = spawn_app().await;
    Tally::of("50 registrations of one username", rounds, async |round| {
        let names = [format!("Tom{round}"), format!("tOM{round}")];
        let bodies = (0..REGISTRATIONS)
            .map(|n| registration_of(&format!("u{round}-{n}@example.com"), &names[n % 2]));
        register_all(&app, bodies.collect()).await?;
        let rows = format!("SELECT count(*) FROM users WHERE lower(username) = 'tom{round}'");
        let rows: i64 = app.value(&rows);
        expect(rows == 1, || format!("{rows} rows"))
    })
    .await
}

pub(crate) async fn registrations_with_one_answer(rounds: usize) -> Tally {
    let app = builtin_captcha().spawn().await;
    Tally::of("20 registrations with one answer", rounds, async |round| {
        let answer = app.captcha_answer().await;
        let bodies = (0..CROWD).map(|n| {
            let name = format!("u{round}-{n}");
            let mut body = registration_of(&format!("{name}@example.com"), &name);
            body["captcha_answer"] = answer.as_str().into();
            body
        });
        let bodies: Vec<_> = bodies.collect();
        let responses = join_all(bodies.iter().map(|body| app.register(body))).await;
        expect_one_winner(&responses, 201, 400)?;
        let rows: i64 = app.value(&format!(
            "SELECT count(*) FROM users WHERE username LIKE 'u{round}-%'"
        ));
        expect(rows == 1, || format!("{rows} rows"))
    })
    .await
}

async fn register_all(app: &App, bodies: Vec<serde_json::Value>) -> Result<(), String> {
    let responses = join_all(bodies.iter().map(|body| app.register(body))).await;
    expect_one_winner(&responses, 201, 409)
}

pub(crate) async fn verifications_with_one_token(rounds: usize) -> Tally {
    let app = spawn_app_with("email_verification", "optional").await;
    Tally::of("20 verifications with one token", rounds, async |round| {
        let email = format!("tom{round}@example.com");
        let registered = app
            .register(&registration_of(&email, &format!("user{round}")))
            .await;
        let verification = registered.assert_status(201).field("verification_id");
        let mail = app.mail_to(&email, "Verify your email address").await;
        let (token, code) = (token_in(&mail), code_in(&mail));
        let by_link = join_all((0..CROWD - 4).map(|_| app.verify_email(&token)));
        let by_code = join_all((0..4).map(|_| app.verify_code(&verification, &code)));
        let (mut responses, by_code) = join(by_link, by_code).await;
        responses.extend(by_code);
        expect_one_winner(&responses, 200, 400)
    })
    .await
}

pub(crate) async fn refreshes_of_one_token(rounds: usize) -> Tally {
    let app = spawn_app().await;
    app.register_tom().await;
    Tally::of("20 refreshes of one token", rounds, async |_| {
        let tokens = app.tokens_of_tom().await;
        let responses = join_all((0..CROWD).map(|_| app.refresh(&tokens.refresh))).await;
        let all_answered = responses.iter().all(|response| response.status == 200);
        expect(all_answered, || format!("{:?}", statuses(&responses)))?;
        let successors: Vec<_> = responses.iter().map(Tokens::of).collect();
        let alike = successors
            .iter()
            .all(|other| other.refresh == successors[0].refresh);
        expect(alike, || "there are several successors".into())?;
        for successor in &successors {
            let probe = app.test_data(&successor.access).await;
            expect(probe.status == 200, || {
                format!("a returned token got {}", probe.status)
            })?;
        }
        let next = app.refresh(&successors[0].refresh).await;
        expect(next.status == 200, || {
            format!("the successor got {}", next.status)
        })
    })
    .await
}

pub(crate) async fn refresh_and_logout(rounds: usize) -> Tally {
    let app = spawn_app().await;
    app.register_tom().await;
    Tally::of("refresh against logout", rounds, async |_| {
        let tokens = app.tokens_of_tom().await;
        let racing = join(app.refresh(&tokens.refresh), app.logout(&tokens.refresh));
        let (refreshed, out) = racing.await;
        expect(out.status == 204, || format!("logout got {}", out.status))?;
        expect_dead_if_any(&app, &refreshed, "the refresh").await?;
        expect_dead(&app, &tokens, "the login").await
    })
    .await
}

pub(crate) async fn refresh_and_reset(rounds: usize) -> Tally {
    let app = spawn_app().await;
    app.register_tom().await;
    Tally::of("refresh against password reset", rounds, async |_| {
        let tokens = app.tokens_of_tom().await;
        let reset_token = app.next_reset_token(EMAIL).await;
        // Hashing the new password takes most of the reset: refresh until it is done.
        let refreshing = async {
            let mut responses = vec![app.refresh(&tokens.refresh).await];
            while let Some(response) = responses.last().filter(|response| response.status == 200) {
                responses.push(app.refresh(&Tokens::of(response).refresh).await);
            }
            responses
        };
        let (refreshed, reset) = join(refreshing, app.reset_password(&reset_token, PASSWORD)).await;
        expect(reset.status == 200, || {
            format!("reset got {}", reset.status)
        })?;
        for response in &refreshed {
            expect_dead_if_any(&app, response, "a refresh").await?;
        }
        expect_dead(&app, &tokens, "the login").await
    })
    .await
}

pub(crate) async fn login_and_reset(rounds: usize) -> Tally {
    let app = spawn_app().await;
    app.register_tom().await;
    let mut old = PASSWORD.to_owned();
    Tally::of(
        "login with the old password against reset",
        rounds,
        async |round| {
            let new = format!("battery staple {round}");
            let reset_token = app.next_reset_token(EMAIL).await;
            let logins = join_all((0..4).map(|_| app.login(EMAIL, &old)));
            let (logins, reset) = join(logins, app.reset_password(&reset_token, &new)).await;
            old = new;
            expect(reset.status == 200, || {
                format!("reset got {}", reset.status)
            })?;
            for login in &logins {
                expect_dead_if_any(&app, login, "a login with the old password").await?;
            }
            Ok(())
        },
    )
    .await
}

pub(crate) async fn resets_with_one_token(rounds: usize) -> Tally {
    let app = spawn_app().await;
    app.register_tom().await;
    Tally::of("20 resets with one token", rounds, async |round| {
        let token = app.next_reset_token(EMAIL).await;
        let passwords = (0..CROWD).map(|number| format!("battery staple {round} {number}"));
        let passwords: Vec<_> = passwords.collect();
        let resets = passwords
            .iter()
            .map(|password| app.reset_password(&token, password));
        let resets = join_all(resets).await;
        expect_one_winner(&resets, 200, 400)?;
        let logins = join_all(passwords.iter().map(|password| app.login(EMAIL, password))).await;
        let agree = resets
            .iter()
            .zip(&logins)
            .all(|(reset, login)| (reset.status == 200) == (login.status == 200));
        expect(agree, || {
            format!("{:?} {:?}", statuses(&resets), statuses(&logins))
        })
    })
    .await
}
