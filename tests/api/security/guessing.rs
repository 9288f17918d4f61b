//! Guessing at passwords: strangers get few tries, and the owner gets in all the same.

use futures_util::future::join;
use futures_util::stream::{self, StreamExt};
use reqwest::Method;

use crate::helpers::answer::Answer;
use crate::helpers::app::{App, Setup};
use crate::helpers::crowd::{address, spawn_throttled_app};
use crate::helpers::flows::{EMAIL, LOGIN, MANY_NETWORKS, PASSWORD, USERNAME};
use crate::helpers::shapes::ROUTES;
use crate::helpers::tally::{Tally, expect};
use crate::helpers::time::{SOON, eventually, unix_now};
use crate::helpers::trace::instructions_of;

const WRONG: &str = "wrong password 1";
/// A network that the owner logs in from.
const HOME: &str = "192.0.2.1";
/// Failures under one name that are allowed at once: from one network, and of all strangers.
const OF_ONE: usize = 10;
const OF_STRANGERS: usize = 30;
/// So many guesses come from so many networks, and at most so many of them are checked.
const GUESSES: usize = 500;
const NETWORKS: usize = 100;
const CHECKED: usize = 120;
/// So many guesses are under way at a time.
const AT_ONCE: usize = 50;
const DAY: i64 = 86_400;
/// What a guess costs at most that is not checked, in WebAssembly instructions; a hash costs more
/// than a hundred million.
const REFUSAL: u64 = 2_000_000;

/// Makes all limits forget a number of seconds.
fn let_pass(app: &App, seconds: i64) {
    let passed = format!(
        "UPDATE throttle SET full_at = full_at - {seconds};
         UPDATE password_guesses
         SET full_at = full_at - {seconds}, forget_at = forget_at - {seconds}"
    );
    let passed = app.database().execute_batch(&passed);
    passed.expect("the tables are there");
}

/// Whether a guess was checked; if not, it was turned away in the agreed form.
fn is_checked(answer: &Answer) -> Result<bool, String> {
    let wait = answer.header("retry-after");
    let wait = wait.and_then(|wait| wait.parse::<u64>().ok());
    match (answer.status, wait) {
        (401, None) => Ok(true),
        (429, Some(1..=60)) => Ok(false),
        _ => Err(format!("a wrong guess got {answer:?}")),
    }
}

/// Guesses so often; who guesses what is up to `guess`. Says how many were checked.
async fn guess_many(count: usize, guess: impl AsyncFn(usize) -> Answer) -> Result<usize, String> {
    let guesses = stream::iter(0..count).map(|number| guess(number));
    let answers: Vec<_> = guesses.buffer_unordered(AT_ONCE).collect().await;
    let checked: Vec<_> = answers.iter().map(is_checked).collect::<Result<_, _>>()?;
    Ok(checked.into_iter().filter(|is_checked| *is_checked).count())
}

/// So many guesses at one name, each from a network of its own.
async fn guess_from_many(app: &App, count: usize, username: &str) -> usize {
    let guess = async |number| app.login_from(&address(number), username, WRONG).await;
    guess_many(count, guess).await.expect("only wrong guesses")
}

async fn expect_login(app: &App, network: &str, username: &str) -> Result<(), String> {
    let answer = app.login_from(network, username, PASSWORD).await;
    expect(answer.status == 200, || {
        format!("{username} at home got {}", answer.status)
    })
}

/// Five hundred guesses at one account from a hundred networks, under both of its names.
pub(crate) async fn guesses_from_a_hundred_networks(rounds: usize) -> Tally {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    app.add_users(
        "user",
        u32::try_from(rounds).expect("so many are not tried"),
    );
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

        expect(checked <= CHECKED, || format!("{checked} were checked"))?;
        for name in &names {
            expect_login(&app, &home, name).await?;
        }
        Ok(())
    })
    .await
}

/// A wrong guess a minute, at one owner who logs in each time and at one who is away.
pub(crate) async fn a_guess_a_minute(rounds: usize) -> Tally {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    app.add_users("user", 1);
    let at_home = async |username| expect_login(&app, HOME, username).await;
    at_home("user1").await.expect("the owner is at home once");
    Tally::of("a wrong guess a minute", rounds, async |round| {
        at_home(EMAIL).await?;
        let guess = async |username| app.login_from(&address(0), username, WRONG).await;
        let (at_tom, at_user) = join(guess(EMAIL), guess("user1")).await;
        expect(is_checked(&at_tom)?, || "the guess was not due".into())?;
        is_checked(&at_user)?;
        let_pass(&app, 60);
        at_home(USERNAME).await?;
        if round + 1 == rounds {
            at_home("user1").await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn of_five_hundred_guesses_from_a_hundred_networks_few_are_checked_and_the_owner_gets_in() {
    let tally = guesses_from_a_hundred_networks(2).await;
    tally.assert_no_failures();
}

#[tokio::test]
async fn a_wrong_guess_a_minute_keeps_no_owner_out() {
    a_guess_a_minute(12).await.assert_no_failures();
}

#[tokio::test]
async fn to_be_held_back_under_one_name_tells_nothing_of_another_whoever_exists() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    for (one, spelled_otherwise, other) in [
        (EMAIL, "TOM@example.com", USERNAME),
        ("ann@example.com", "Ann@Example.com", "ann"),
        ("eve", "EVE", "eve@example.com"),
    ] {
        let checked = guess_from_many(&app, OF_STRANGERS + 10, one).await;
        assert_eq!(checked, OF_STRANGERS, "{one}");
        for (username, is_held_back) in [(one, true), (spelled_otherwise, true), (other, false)] {
            let answer = app.login_from("198.51.100.1", username, WRONG).await;
            assert_eq!(is_checked(&answer), Ok(!is_held_back), "{username}");
        }
    }
}

#[tokio::test]
async fn a_network_is_an_ipv4_address_or_half_an_ipv6_address() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let home = "2001:db8:0:7:ffff::1";
    expect_login(&app, "2001:db8:0:7::1", EMAIL)
        .await
        .expect("the owner gets in");
    let one = async |number| {
        let address = format!("2001:db8:0:1::{number:x}");
        app.login_from(&address, EMAIL, WRONG).await
    };
    assert_eq!(guess_many(OF_ONE + 5, one).await, Ok(OF_ONE));
    let next = app.login_from("2001:db8:0:2::1", EMAIL, WRONG).await;
    assert_eq!(is_checked(&next), Ok(true));
    guess_from_many(&app, OF_STRANGERS, EMAIL).await;
    assert_eq!(expect_login(&app, home, EMAIL).await, Ok(()));
}

#[tokio::test]
async fn a_reset_ends_all_guesses_and_makes_its_network_known() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    guess_from_many(&app, OF_STRANGERS, EMAIL).await;
    app.change("UPDATE password_guesses SET in_a_row = 100");
    let_pass(&app, DAY);
    let anywhere = app.login(EMAIL, PASSWORD).await;
    assert_eq!(is_checked(&anywhere), Ok(false));
    let token = app.reset_token(1).await;
    let reset = app.reset_password(&token, "battery staple 2").await;
    reset.assert_status(200);
    assert_eq!(
        guess_from_many(&app, OF_STRANGERS + 10, EMAIL).await,
        OF_STRANGERS
    );
    for username in [EMAIL, USERNAME] {
        let here = app.login(username, "battery staple 2").await;
        here.assert_status(200);
    }
}

#[tokio::test]
async fn guesses_in_a_row_are_forgotten_after_a_week_unless_they_are_too_many() {
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
    // An instance looks for what can be forgotten when it is new.
    app.restart().await;
    app.get("/").await.assert_status(200);
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
async fn a_guess_that_is_refused_is_not_hashed() {
    let setup = Setup::new().with("throttle", "on").traced();
    let app = setup.with("trusted_proxy_hops", "1").spawn().await;
    app.register_tom().await;
    for _ in 0..OF_ONE {
        app.login_from(HOME, EMAIL, WRONG).await.assert_status(401);
    }
    app.login_from(HOME, USERNAME, WRONG)
        .await
        .assert_status(401);
    app.change("UPDATE password_guesses SET in_a_row = 100");
    for (network, username) in [(HOME, EMAIL), (HOME, USERNAME), ("192.0.2.2", EMAIL)] {
        let request = || {
            let request = app.request(Method::POST, LOGIN);
            let request = request.header("x-forwarded-for", network);
            request.form(&[("username", username), ("password", PASSWORD)])
        };
        let (answer, calls) = app.measure(request).await;
        assert_eq!(is_checked(&answer), Ok(false), "{network} {username}");
        let instructions = instructions_of(&calls);
        assert!(
            instructions < REFUSAL,
            "{network} {username}: {instructions}"
        );
    }
}

#[tokio::test]
async fn a_clock_that_was_a_day_ahead_holds_nobody_back_on_any_route() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    for route in &ROUTES {
        app.request(Method::POST, route.path)
            .send()
            .await
            .expect("an answer");
    }
    app.login_from(HOME, EMAIL, WRONG).await.assert_status(401);
    for _ in 0..3 {
        app.forgot_password(EMAIL).await.assert_status(202);
    }
    app.mail(3).await;
    let tomorrow = unix_now() + DAY;
    for table in ["throttle", "password_guesses"] {
        app.change(&format!("UPDATE {table} SET full_at = {tomorrow}"));
    }
    for route in &ROUTES {
        let answer = Answer::to(app.request(Method::POST, route.path)).await;
        assert_ne!(answer.status, 429, "{}", route.path);
    }
    assert_eq!(expect_login(&app, HOME, EMAIL).await, Ok(()));
    app.next_reset_token(EMAIL).await;
}

#[tokio::test]
async fn of_a_users_networks_the_twenty_seen_last_stay_known() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    app.change(MANY_NETWORKS);
    app.login_from(HOME, USERNAME, PASSWORD)
        .await
        .assert_status(200);
    assert_eq!(app.count("known_networks"), 20);
    let oldest: i64 = app.value("SELECT min(seen_at) FROM known_networks");
    assert_eq!(oldest, 7, "the nineteen last of the list are left");
}
