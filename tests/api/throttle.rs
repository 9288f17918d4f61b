//! Throttling: bursts of attempts, and the refill rate after them.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::helpers::api_error::{
    ApiError, INCORRECT_CREDENTIALS, INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN, TOO_MANY_REQUESTS,
};
use crate::helpers::app::{App, Setup};
use crate::helpers::crowd::spawn_throttled_app;
use crate::helpers::flows::{
    EMAIL, LOGIN, LOGOUT, PASSWORD, REFRESH, USERNAME, WRONG, registration,
};
use crate::helpers::response::Response;

/// Starts a service with throttling.
async fn spawn_throttled() -> App {
    Setup::new().with("throttle", "on").spawn().await
}

/// Uses up the logins of one address, concurrently so that no time passes between them. Each forges a
/// different address in front of the one that the proxy reports.
async fn use_up_logins(app: &App) {
    let logins = (0..20).map(|number| async move {
        let claimed = format!("203.0.113.{number}, 192.0.2.1");
        app.login_from(&claimed, &format!("user{number}"), WRONG)
            .await
    });
    for response in join_all(logins).await {
        response.assert_error(&INCORRECT_CREDENTIALS);
    }
}

/// Asserts a 429 with a wait of at most `seconds`, plus one, because concurrent requests may read
/// different seconds from the clock.
#[track_caller]
fn assert_throttled(response: &Response, seconds: u64) {
    response.assert_error(&TOO_MANY_REQUESTS);
    let wait = response
        .header("retry-after")
        .and_then(|wait| wait.parse().ok());
    assert!(
        wait.is_some_and(|wait| (1..=seconds + 1).contains(&wait)),
        "{response:?}"
    );
}

/// Moves all limits back in time, as if `seconds` had passed.
fn let_pass(app: &App, seconds: u64) {
    let passed = format!(
        "UPDATE throttle SET full_at = full_at - {seconds};
         UPDATE password_guesses SET full_at = full_at - {seconds}"
    );
    let passed = app.database().execute_batch(&passed);
    passed.expect("the schema");
}

#[tokio::test]
async fn registrations_per_address_have_a_burst_of_ten_and_then_one_a_minute() {
    let app = spawn_throttled().await;
    app.register(&registration()).await.assert_status(201);
    for _ in 0..9 {
        app.register(&registration()).await.assert_status(409);
    }
    let asked = app.captcha.received().len();
    assert_throttled(&app.register(&registration()).await, 60);
    assert_eq!(
        app.captcha.received().len(),
        asked,
        "the captcha service was called for a throttled attempt"
    );
    let_pass(&app, 60);
    app.register(&registration()).await.assert_status(409);
    assert_throttled(&app.register(&registration()).await, 60);
}

#[tokio::test]
async fn logins_per_address_have_a_burst_of_twenty_and_then_twenty_a_minute() {
    let app = spawn_throttled().await;
    app.register_tom().await;
    use_up_logins(&app).await;
    assert_throttled(&app.login(EMAIL, PASSWORD).await, 3);
    let_pass(&app, 3);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn ten_failures_from_one_network_hold_a_name_back_there_and_nowhere_else() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    for username in [EMAIL, "Tom@Example.Com"].into_iter().cycle().take(10) {
        let response = app.login_from("192.0.2.1", username, WRONG).await;
        response.assert_error(&INCORRECT_CREDENTIALS);
    }
    let held_back = app
        .login_from("192.0.2.1", "TOM@example.com", PASSWORD)
        .await;
    assert_throttled(&held_back, 60);
    let elsewhere = app.login_from("192.0.2.2", EMAIL, PASSWORD).await;
    elsewhere.assert_status(200);
    let_pass(&app, 60);
    let later = app.login_from("192.0.2.1", EMAIL, PASSWORD).await;
    later.assert_status(200);
}

#[tokio::test]
async fn throttling_one_name_reveals_nothing_about_the_other() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    for _ in 0..10 {
        app.login_from("192.0.2.1", EMAIL, WRONG).await;
    }
    assert_throttled(&app.login_from("192.0.2.1", EMAIL, WRONG).await, 60);
    let by_name = app.login_from("192.0.2.1", USERNAME, WRONG).await;
    by_name.assert_error(&INCORRECT_CREDENTIALS);
}

#[tokio::test]
async fn a_login_clears_its_networks_failures_under_both_names() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    for username in [EMAIL, USERNAME].into_iter().cycle().take(16) {
        app.login_from("192.0.2.1", username, WRONG).await;
    }
    let right = app.login_from("192.0.2.1", USERNAME, PASSWORD).await;
    right.assert_status(200);
    let_pass(&app, 60);
    for username in [EMAIL, USERNAME] {
        let mut responses = Vec::new();
        for _ in 0..3 {
            responses.push(app.login_from("192.0.2.1", username, WRONG).await);
        }
        for response in responses {
            response.assert_error(&INCORRECT_CREDENTIALS);
        }
    }
}

#[tokio::test]
async fn strangers_cannot_lock_the_owner_out_of_known_networks() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let home = "198.51.100.1";
    app.login_from(home, EMAIL, PASSWORD)
        .await
        .assert_status(200);
    let strangers: Vec<_> = (0..40).map(|number| format!("192.0.2.{number}")).collect();
    let guesses = strangers
        .iter()
        .map(|address| app.login_from(address, EMAIL, WRONG));
    join_all(guesses).await;
    let stranger = app.login_from("192.0.2.100", EMAIL, PASSWORD).await;
    assert_throttled(&stranger, 60);
    app.login_from(home, EMAIL, PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn after_a_hundred_failed_guesses_in_a_row_strangers_are_blocked_until_the_owner_logs_in() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let home = "198.51.100.1";
    app.login_from(home, EMAIL, PASSWORD)
        .await
        .assert_status(200);
    app.login_from("192.0.2.1", EMAIL, WRONG)
        .await
        .assert_status(401);
    app.change("UPDATE password_guesses SET in_a_row = 99");
    let_pass(&app, 86_400);
    app.login_from("192.0.2.2", EMAIL, WRONG)
        .await
        .assert_status(401);
    let_pass(&app, 86_400);
    assert_throttled(&app.login_from("192.0.2.3", EMAIL, PASSWORD).await, 60);
    app.login_from(home, EMAIL, PASSWORD)
        .await
        .assert_status(200);
    app.login_from("192.0.2.3", EMAIL, PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_clock_that_was_a_day_ahead_throttles_no_one() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    app.login_from("192.0.2.1", EMAIL, WRONG)
        .await
        .assert_status(401);
    let_pass(&app, 0);
    app.change("UPDATE throttle SET full_at = full_at + 86400");
    app.change("UPDATE password_guesses SET full_at = full_at + 86400");
    app.login_from("192.0.2.1", EMAIL, PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn an_unknown_account_is_throttled_like_a_known_one() {
    let app = spawn_throttled_app().await;
    let strangers: Vec<_> = (0..30).map(|number| format!("192.0.2.{number}")).collect();
    let guesses = strangers
        .iter()
        .map(|address| app.login_from(address, "ann@example.com", WRONG));
    for response in join_all(guesses).await {
        response.assert_error(&INCORRECT_CREDENTIALS);
    }
    let response = app
        .login_from("192.0.2.100", "ANN@example.com", WRONG)
        .await;
    assert_throttled(&response, 60);
}

#[tokio::test]
async fn correct_passwords_do_not_count_against_an_account() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    for number in 0..30 {
        let address = format!("192.0.2.{number}");
        app.login_from(&address, EMAIL, PASSWORD)
            .await
            .assert_status(200);
    }
}

#[tokio::test]
async fn at_most_thirty_of_many_concurrent_guesses_are_checked() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let addresses: Vec<_> = (0..60).map(|number| format!("192.0.2.{number}")).collect();
    let guesses = addresses
        .iter()
        .map(|address| app.login_from(address, EMAIL, WRONG));
    let responses = join_all(guesses).await;
    let (refused, looked_at): (Vec<_>, Vec<_>) = responses
        .iter()
        .partition(|response| response.status == TOO_MANY_REQUESTS.status);
    for response in &looked_at {
        response.assert_error(&INCORRECT_CREDENTIALS);
    }
    for response in refused {
        assert_throttled(response, 60);
    }
    assert_eq!(looked_at.len(), 30);
}

#[tokio::test]
async fn the_owner_of_a_throttled_account_gets_in_with_a_reset() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let strangers: Vec<_> = (0..31).map(|number| format!("192.0.2.{number}")).collect();
    let guesses = strangers
        .iter()
        .map(|address| app.login_from(address, EMAIL, WRONG));
    join_all(guesses).await;
    assert_throttled(&app.login(EMAIL, PASSWORD).await, 60);
    let token = app.reset_token(1).await;
    app.reset_password(&token, "battery staple 2")
        .await
        .assert_status(200);
    app.login(EMAIL, "battery staple 2")
        .await
        .assert_status(200);
}

#[tokio::test]
async fn without_a_trusted_proxy_headers_are_ignored() {
    let app = spawn_throttled().await;
    let headers = [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "spin-client-addr",
        "true-client-ip",
    ];
    use_up_logins(&app).await;
    for header in headers {
        let request = app
            .request(Method::POST, LOGIN)
            .header(header, "192.0.2.7:5");
        let response = Response::to(request.form(&[("username", "a"), ("password", "b")])).await;
        assert_throttled(&response, 3);
    }
}

#[tokio::test]
async fn behind_a_proxy_only_the_address_that_it_reports_counts() {
    let app = spawn_throttled_app().await;
    use_up_logins(&app).await;
    let same = app
        .login_from("203.0.113.200, 192.0.2.1", "ann", WRONG)
        .await;
    assert_throttled(&same, 3);
    let other = app
        .login_from("192.0.2.1, 203.0.113.200", "ann", WRONG)
        .await;
    other.assert_error(&INCORRECT_CREDENTIALS);
}

#[tokio::test]
async fn after_three_links_an_address_gets_the_same_response_but_no_mail() {
    let app = spawn_throttled().await;
    app.register_tom().await;
    let expected = app.forgot_password("nobody@example.com").await;
    for number in 1..=5 {
        app.forgot_password(EMAIL)
            .await
            .assert_json(202, &expected.json());
        // A link that is replaced before it is sent is never sent.
        app.mail(number.min(3)).await;
    }
    assert_eq!(app.mail_provider.received().len(), 3);
    let_pass(&app, 1200);
    app.forgot_password(EMAIL).await.assert_status(202);
    app.mail(4).await;
}

#[tokio::test]
async fn link_requests_per_address_have_a_burst_of_ten_and_then_one_a_minute() {
    let app = spawn_throttled().await;
    for number in 0..10 {
        let response = app
            .forgot_password(&format!("user{number}@example.com"))
            .await;
        response.assert_status(202);
    }
    assert_throttled(&app.forgot_password(EMAIL).await, 60);
}

#[tokio::test]
async fn resets_per_address_have_a_burst_of_ten_and_then_ten_a_minute() {
    let app = spawn_throttled().await;
    for _ in 0..10 {
        let response = app.reset_password("nope", "battery staple 2").await;
        response.assert_error(&INVALID_RESET_TOKEN);
    }
    assert_throttled(&app.reset_password("nope", "battery staple 2").await, 6);
}

#[tokio::test]
async fn refreshes_and_logouts_per_address_have_a_burst_of_thirty_and_then_thirty_a_minute() {
    let app = spawn_throttled().await;
    let cases: [(&str, Option<&ApiError>); 2] =
        [(REFRESH, Some(&INVALID_REFRESH_TOKEN)), (LOGOUT, None)];
    for (path, error) in cases {
        let body = json!({"refresh_token": "nope"});
        // Time passes between the requests, so a few more than the burst may pass.
        for _ in 0..30 {
            let response = app.post(path, &body).await;
            match error {
                Some(error) => response.assert_error(error),
                None => drop(response.assert_status(204)),
            }
        }
        let more = join_all((0..10).map(|_| app.post(path, &body))).await;
        let last = more
            .iter()
            .find(|response| response.status == TOO_MANY_REQUESTS.status);
        assert_throttled(last.expect("a throttled request"), 2);
    }
}

#[tokio::test]
async fn the_limits_of_one_route_do_not_affect_other_routes() {
    let app = spawn_throttled().await;
    let tokens = app.log_tom_in().await;
    let_pass(&app, 60);
    use_up_logins(&app).await;
    assert_throttled(&app.login(EMAIL, PASSWORD).await, 3);
    app.refresh(&tokens.refresh).await.assert_status(200);
    app.test_data(&tokens.access).await.assert_status(200);
    app.get("/health/ready").await.assert_status(200);
}

#[tokio::test]
async fn with_throttling_off_no_request_is_throttled() {
    let app = Setup::new().with("throttle", "off").spawn().await;
    for _ in 0..40 {
        app.login(EMAIL, WRONG)
            .await
            .assert_error(&INCORRECT_CREDENTIALS);
    }
}
