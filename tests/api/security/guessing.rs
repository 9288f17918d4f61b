//! Password guessing: few guesses of strangers are checked, and the owner is not locked out.

use futures_util::future::join;
use futures_util::stream::{self, StreamExt};
use reqwest::Method;

use crate::helpers::app::{App, Setup};
use crate::helpers::crowd::{address, spawn_throttled_app};
use crate::helpers::flows::{EMAIL, LOGIN, MANY_NETWORKS, PASSWORD, USERNAME, WRONG};
use crate::helpers::response::Response;
use crate::helpers::server::is_spin;
use crate::helpers::shapes::ROUTES;
use crate::helpers::tally::{Tally, expect};
use crate::helpers::time::{SOON, eventually, unix_now};
use crate::helpers::trace::instructions_of;

/// A network that the owner logs in from.
const HOME: &str = "192.0.2.1";
/// The burst of failures per name: from one network, and from all strangers.
const NETWORK_BURST: usize = 10;
const STRANGERS_BURST: usize = 30;
/// The guesses at one account, the networks that they come from, and the limit of checked guesses.
const GUESSES: usize = 500;
const NETWORKS: usize = 100;
const MAX_CHECKED: usize = 120;
/// The number of concurrent guesses.
const CONCURRENCY: usize = 50;
const DAY: i64 = 86_400;
/// The maximum cost of a guess that is not checked, in WebAssembly instructions; a hash costs more than
/// a hundred million.
const MAX_REJECTION_COST: u64 = 3_000_000;

/// Moves all limits back in time, as if `seconds` had passed.
fn let_pass(app: &App, seconds: i64) {
    let passed = format!(
        "UPDATE throttle SET full_at = full_at - {seconds};
         UPDATE password_guesses
         SET full_at = full_at - {seconds}, forget_at = forget_at - {seconds}"
    );
    let passed = app.database().execute_batch(&passed);
    passed.expect("the schema");
}

/// Whether a wrong guess was checked. If not, the response must be a valid 429.
fn is_checked(response: &Response) -> Result<bool, String> {
    let wait = response.header("retry-after");
    let wait = wait.and_then(|wait| wait.parse::<u64>().ok());
    match (response.status, wait) {
        (401, None) => Ok(true),
        (429, Some(1..=60)) => Ok(false),
        _ => Err(format!("a wrong guess got {response:?}")),
    }
}

/// Makes `count` guesses with `guess`, and returns how many were checked.
async fn guess_many(count: usize, guess: impl AsyncFn(usize) -> Response) -> Result<usize, String> {
    let guesses = stream::iter(0..count).map(|number| guess(number));
    let responses: Vec<_> = guesses.buffer_unordered(CONCURRENCY).collect().await;
    let checked: Vec<_> = responses.iter().map(is_checked).collect::<Result<_, _>>()?;
    Ok(checked.into_iter().filter(|is_checked| *is_checked).count())
}

/// Makes `count` guesses at one name, each from a different network.
async fn guess_from_many(app: &App, count: usize, username: &str) -> usize {
    let guess = async |number| app.login_from(&address(number), username, WRONG).await;
    guess_many(count, guess).await.expect("only wrong guesses")
}

async fn expect_login(app: &App, network: &str, username: &str) -> Result<(), String> {
    let response = app.login_from(network, username, PASSWORD).await;
    expect(response.status == 200, || {
        format!("{username} at home got {}", response.status)
    })
}

/// Makes five hundred guesses at one account from a hundred networks, under both of its names.
pub(crate) async fn guesses_from_a_hundred_networks(rounds: usize) -> Tally {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    app.add_users("user", u32::try_from(rounds).expect("fewer rounds"));
    Tally::of("500 guesses from 100 networks", rounds, async |round| {
        let username = format!("user{}", round + 1);
        let names = [format!("{username}@example.com"), username];
        let networks = (round + 1) * NETWORKS;
        let home = address(networks + NETWORKS - 1);
        expect_login(&app, &home, &names[0]).await?;
        let guess = async |number: usize| {
            let network = address(networks + number % (NETWORKS - 1));
            app.login_from(&network, &names[number % 2], WRONG).await
        };
        let checked = guess_many(GUESSES, guess).await?;

        expect(checked <= MAX_CHECKED, || format!("{checked} were checked"))?;
        for name in &names {
            expect_login(&app, &home, name).await?;
        }
        Ok(())
    })
    .await
}

/// Makes a wrong guess a minute at two owners: one logs in each time, the other only at the end.
pub(crate) async fn a_guess_a_minute(rounds: usize) -> Tally {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    app.add_users("user", 1);
    let log_in_at_home = async |username| expect_login(&app, HOME, username).await;
    log_in_at_home("user1").await.expect("a login from home");
    Tally::of("a wrong guess a minute", rounds, async |round| {
        log_in_at_home(EMAIL).await?;
        let guess = async |username| app.login_from(&address(0), username, WRONG).await;
        let (at_tom, at_user) = join(guess(EMAIL), guess("user1")).await;
        expect(is_checked(&at_tom)?, || "the guess was not checked".into())?;
        is_checked(&at_user)?;
        let_pass(&app, 60);
        log_in_at_home(USERNAME).await?;
        if round + 1 == rounds {
            log_in_at_home("user1").await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn five_hundred_guesses_from_a_hundred_networks_are_mostly_rejected_and_the_owner_gets_in() {
    let tally = guesses_from_a_hundred_networks(2).await;
    tally.assert_no_failures();
}

#[tokio::test]
async fn a_wrong_guess_a_minute_locks_no_owner_out() {
    a_guess_a_minute(12).await.assert_no_failures();
}

#[tokio::test]
async fn throttling_one_name_reveals_nothing_about_another_whether_they_exist_or_not() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    for (one, other_spelling, other) in [
        (EMAIL, "TOM@example.com", USERNAME),
        ("ann@example.com", "Ann@Example.com", "ann"),
        ("eve", "EVE", "eve@example.com"),
    ] {
        let checked = guess_from_many(&app, STRANGERS_BURST + 10, one).await;
        assert_eq!(checked, STRANGERS_BURST, "{one}");
        for (username, is_throttled) in [(one, true), (other_spelling, true), (other, false)] {
            let response = app.login_from("198.51.100.1", username, WRONG).await;
            assert_eq!(is_checked(&response), Ok(!is_throttled), "{username}");
        }
    }
}

#[tokio::test]
async fn a_network_is_an_ipv4_address_or_an_ipv6_64_prefix() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let home = "2001:db8:0:7:ffff::1";
    expect_login(&app, "2001:db8:0:7::1", EMAIL)
        .await
        .expect("a login from home");
    let one = async |number| {
        let address = format!("2001:db8:0:1::{number:x}");
        app.login_from(&address, EMAIL, WRONG).await
    };
    assert_eq!(guess_many(NETWORK_BURST + 5, one).await, Ok(NETWORK_BURST));
    let next = app.login_from("2001:db8:0:2::1", EMAIL, WRONG).await;
    assert_eq!(is_checked(&next), Ok(true));
    guess_from_many(&app, STRANGERS_BURST, EMAIL).await;
    assert_eq!(expect_login(&app, home, EMAIL).await, Ok(()));
}

#[tokio::test]
async fn a_reset_clears_all_guesses_and_makes_its_network_known() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    guess_from_many(&app, STRANGERS_BURST, EMAIL).await;
    app.change("UPDATE password_guesses SET in_a_row = 100");
    let_pass(&app, DAY);
    let anywhere = app.login(EMAIL, PASSWORD).await;
    assert_eq!(is_checked(&anywhere), Ok(false));
    let token = app.reset_token(1).await;
    let reset = app.reset_password(&token, "battery staple 2").await;
    reset.assert_status(200);
    assert_eq!(
        guess_from_many(&app, STRANGERS_BURST + 10, EMAIL).await,
        STRANGERS_BURST
    );
    for username in [EMAIL, USERNAME] {
        let here = app.login(username, "battery staple 2").await;
        here.assert_status(200);
    }
}

#[tokio::test]
async fn consecutive_guesses_are_forgotten_after_a_week_unless_there_are_too_many() {
    let mut app = spawn_throttled_app().await;
    app.register_tom().await;
    for (username, in_a_row) in [(EMAIL, 99), (USERNAME, 100)] {
        app.login_from(&address(0), username, WRONG)
            .await
            .assert_status(401);
        let set = "UPDATE password_guesses SET in_a_row = ?1 WHERE in_a_row = 1";
        let set = app.database().execute(set, [in_a_row]);
        assert_eq!(set, Ok(1), "{username}");
    }
    let_pass(&app, 7 * DAY);
    // A probe of a new instance runs housekeeping.
    app.restart().await;
    app.get("/health/ready").await.assert_status(200);
    let forgotten = async || (app.count("password_guesses") == 1).then_some(());
    eventually("one row is forgotten", SOON, forgotten).await;
    for (username, checked) in [(EMAIL, 2), (USERNAME, 0)] {
        assert_eq!(
            guess_from_many(&app, 2, username).await,
            checked,
            "{username}"
        );
    }
}

#[tokio::test]
async fn a_rejected_guess_is_not_hashed() {
    if is_spin() {
        return;
    }
    let setup = Setup::new().with("throttle", "on").traced();
    let app = setup.with("trusted_proxy_hops", "1").spawn().await;
    app.register_tom().await;
    for _ in 0..NETWORK_BURST {
        app.login_from(HOME, EMAIL, WRONG).await.assert_status(401);
    }
    app.login_from(HOME, USERNAME, WRONG)
        .await
        .assert_status(401);
    app.change("UPDATE password_guesses SET in_a_row = 100");
    for (network, username) in [(HOME, EMAIL), (HOME, USERNAME), ("192.0.2.2", EMAIL)] {
        let request = app.request(Method::POST, LOGIN);
        let request = request.header("x-forwarded-for", network);
        let request = request.form(&[("username", username), ("password", PASSWORD)]);
        let (response, calls) = app.measure(request).await;
        assert_eq!(is_checked(&response), Ok(false), "{network} {username}");
        let instructions = instructions_of(&calls);
        assert!(
            instructions < MAX_REJECTION_COST,
            "{network} {username}: {instructions}"
        );
    }
}

#[tokio::test]
async fn a_clock_that_was_a_day_ahead_throttles_no_route() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    for route in &ROUTES {
        app.request(Method::POST, route.path)
            .send()
            .await
            .expect("a response");
    }
    app.login_from(HOME, EMAIL, WRONG).await.assert_status(401);
    for number in 1..=3 {
        app.forgot_password(EMAIL).await.assert_status(202);
        // A newer link would make the mail of this one stale.
        app.mail(number).await;
    }
    let tomorrow = unix_now() + DAY;
    for table in ["throttle", "password_guesses"] {
        app.change(&format!("UPDATE {table} SET full_at = {tomorrow}"));
    }
    for route in &ROUTES {
        let response = Response::to(app.request(Method::POST, route.path)).await;
        assert_ne!(response.status, 429, "{}", route.path);
    }
    assert_eq!(expect_login(&app, HOME, EMAIL).await, Ok(()));
    app.next_reset_token(EMAIL).await;
}

#[tokio::test]
async fn the_forty_most_recent_networks_and_browsers_of_a_user_stay_known() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    app.change(MANY_NETWORKS);
    app.login_from(HOME, USERNAME, PASSWORD)
        .await
        .assert_status(200);
    assert_eq!(app.count("known_networks"), 40);
    let oldest: i64 = app.value("SELECT min(seen_at) FROM known_networks");
    assert_eq!(oldest, 8, "the 38 most recent of the list are kept");
}
