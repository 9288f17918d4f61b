//! Throttling: however many addresses, accounts or concurrent requests, few guesses are checked.

use std::time::Instant;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use reqwest::Method;

use crate::helpers::app::{App, Setup};
use crate::helpers::crowd::{address, spawn_throttled_app};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, USERNAME, WRONG};
use crate::helpers::response::Response;

/// The burst of strangers' failures per name, and of logins per address.
const PER_NAME: usize = 30;
const PER_ADDRESS: usize = 20;
/// The number of concurrent requests.
const CONCURRENCY: usize = 50;

/// The number of checked passwords. All other responses must be valid 429s.
fn count_checked(responses: &[Response]) -> usize {
    let (checked, throttled): (Vec<_>, Vec<_>) = responses
        .iter()
        .partition(|response| response.status == 401);
    for response in throttled {
        response.assert_status(429);
        let wait = response
            .header("retry-after")
            .and_then(|wait| wait.parse::<u64>().ok());
        assert!(
            wait.is_some_and(|wait| (1..=60).contains(&wait)),
            "{response:?}"
        );
    }
    checked.len()
}

/// Makes `count` guesses with `guess`.
async fn guess_many(count: usize, guess: impl AsyncFn(usize) -> Response) -> Vec<Response> {
    let guesses = stream::iter(0..count).map(|number| guess(number));
    guesses.buffer_unordered(CONCURRENCY).collect().await
}

#[tokio::test]
async fn a_thousand_guesses_at_one_account_from_as_many_addresses_are_throttled() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let start = Instant::now();
    let responses = guess_many(1000, async |number| {
        let username = [EMAIL, USERNAME, "TOM", "Tom@Example.com"][number % 4];
        app.login_from(&address(number), username, WRONG).await
    });
    let allowed = count_checked(&responses.await);
    let refilled = start.elapsed().as_secs() / 60 + 1;
    // Tom has two names.
    assert!(allowed <= 2 * (PER_NAME + refilled as usize), "{allowed}");
}

#[tokio::test]
async fn the_throttled_owner_gets_in_with_a_password_reset() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let guesses = guess_many(PER_NAME + 1, async |number| {
        app.login_from(&address(number), EMAIL, WRONG).await
    });
    guesses.await;
    let home = address(PER_NAME + 1);
    app.login_from(&home, EMAIL, PASSWORD)
        .await
        .assert_status(429);
    let token = app.reset_token(1).await;
    app.reset_password(&token, "battery staple 2")
        .await
        .assert_status(200);
    app.login_from(&home, EMAIL, "battery staple 2")
        .await
        .assert_status(200);
}

#[tokio::test]
async fn spraying_one_password_over_five_hundred_accounts_hits_the_limit_of_the_address() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    app.add_users("user", 500);
    let start = Instant::now();
    let responses = guess_many(500, async |number| {
        app.login_from("10.0.0.1", &format!("user{}", number + 1), WRONG)
            .await
    });
    let allowed = count_checked(&responses.await);
    let refilled = start.elapsed().as_secs() / 3 + 1;
    assert!(allowed <= PER_ADDRESS + refilled as usize, "{allowed}");
    app.login_from("10.0.0.2", EMAIL, PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn two_hundred_concurrent_guesses_do_not_exceed_the_limit() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let addresses: Vec<_> = (0..200).map(address).collect();
    let start = Instant::now();
    let guesses = addresses
        .iter()
        .map(|address| app.login_from(address, EMAIL, WRONG));
    let allowed = count_checked(&join_all(guesses).await);
    let refilled = start.elapsed().as_secs() / 60;
    assert!(allowed <= PER_NAME + refilled as usize, "{allowed}");
    assert!(allowed > 0, "no guess was checked");
}

/// Tries twice as many logins as an address may, each with different headers, and counts the checked ones.
async fn rotate_headers(
    app: &App,
    headers: impl Fn(usize) -> Vec<(&'static str, String)>,
) -> usize {
    let start = Instant::now();
    let mut responses = Vec::new();
    for number in 0..2 * PER_ADDRESS {
        let mut request = app.request(Method::POST, LOGIN);
        for (name, value) in headers(number) {
            request = request.header(name, value);
        }
        let username = format!("nobody{number}");
        let form = [("username", username.as_str()), ("password", WRONG)];
        responses.push(Response::to(request.form(&form)).await);
    }
    count_checked(&responses).saturating_sub(start.elapsed().as_secs() as usize / 3)
}

#[tokio::test]
async fn without_a_proxy_no_header_changes_the_clients_address() {
    let app = Setup::new().with("throttle", "on").spawn().await;
    let allowed = rotate_headers(&app, |number| {
        vec![
            ("x-forwarded-for", address(number)),
            ("forwarded", format!("for={}", address(number))),
            ("x-real-ip", address(number)),
            ("true-client-ip", address(number)),
            ("spin-client-addr", format!("{}:80", address(number))),
        ]
    });
    let allowed = allowed.await;
    assert!(allowed <= PER_ADDRESS + 1, "{allowed}");
}

#[tokio::test]
async fn behind_a_proxy_only_the_address_that_it_reports_counts() {
    let app = spawn_throttled_app().await;
    let allowed = rotate_headers(&app, |number| {
        vec![
            ("x-forwarded-for", format!("{}, 10.0.0.1", address(number))),
            ("forwarded", format!("for={}", address(number))),
            ("spin-client-addr", format!("{}:80", address(number))),
        ]
    });
    let allowed = allowed.await;
    assert!(allowed <= PER_ADDRESS + 1, "{allowed}");
}

#[tokio::test]
async fn the_addresses_of_one_ipv6_customer_count_as_one() {
    let app = spawn_throttled_app().await;
    let allowed = rotate_headers(&app, |number| {
        vec![("x-forwarded-for", format!("2001:db8:0:1::{number:x}"))]
    });
    let allowed = allowed.await;
    assert!(allowed <= PER_ADDRESS + 1, "{allowed}");
}

#[tokio::test]
async fn correct_passwords_do_not_allow_more_guesses() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    for number in 0..30 {
        let right = app.login_from(&address(number), EMAIL, PASSWORD).await;
        right.assert_status(200);
    }
    let responses = guess_many(60, async |number| {
        app.login_from(&address(100 + number), EMAIL, WRONG).await
    });
    let allowed = count_checked(&responses.await);
    assert!(allowed <= PER_NAME + 1, "{allowed}");
}
