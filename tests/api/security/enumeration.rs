//! Account enumeration: all failures look alike and take the same time.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;

use crate::helpers::app::{App, Setup, spawn_app_with};
use crate::helpers::crowd::{address, spawn_throttled_app};
use crate::helpers::flows::{
    CHANGE_EMAIL, EMAIL, FORGOT_PASSWORD, LOGIN, PASSWORD, RESEND_VERIFICATION, VERIFY_EMAIL,
    WRONG, registration_of,
};
use crate::helpers::response::Response;
use crate::helpers::time::{SOON, eventually};

const UNKNOWN: &str = "nobody@example.com";
const UNUSABLE: &str = "eve@example.com";
/// Hashes of `abcde1`: one of the legacy service, and one with larger parameters than ours.
const BCRYPT: &str = "$2b$12$ZDHpBQK2Z2ISDnJSW/jI2u/nwnSUD.0ETQugXiPS83AUvNCj2bDxS";
const LARGE_ARGON2: &str = "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$dvar94itOgWU3TrSl3BBtnEpPLNyTZfylEuz1wmuj/o";
/// The number of timed responses of each kind.
const SAMPLES: usize = 100;

/// Starts a service with production hashes, one user, and another user with an unusable hash.
async fn spawn_app_with_users() -> App {
    let setup = Setup::new()
        .without("argon2_memory_kib")
        .without("argon2_passes");
    let app = setup.spawn().await;
    app.register_tom().await;
    let body = registration_of(UNUSABLE, "eve");
    app.register(&body).await.assert_status(201);
    app.change("UPDATE users SET hashed_password = '!' WHERE username = 'eve'");
    app
}

/// Everything in a response that could distinguish it from another.
fn shape(response: &Response) -> (u16, Vec<(String, String)>, String) {
    let headers = response.headers.iter().map(|(name, value)| {
        let is_unique = ["date", "x-request-id"].contains(&name.as_str());
        let value = if is_unique {
            ""
        } else {
            value.to_str().expect("text")
        };
        (name.to_string(), value.to_owned())
    });
    (response.status, headers.collect(), response.text.clone())
}

/// The latencies of each kind of request, in milliseconds. The kinds take turns, in the opposite order each
/// time, so that what goes on after a response, like sending a mail, delays all kinds alike.
async fn times<const N: usize>(
    requests: [&dyn Fn() -> reqwest::RequestBuilder; N],
) -> [Vec<f64>; N] {
    let mut times = [const { Vec::new() }; N];
    let mut order: [usize; N] = std::array::from_fn(|kind| kind);
    for _ in 0..SAMPLES {
        for kind in order {
            let start = Instant::now();
            let response = requests[kind]().send().await.expect("a response");
            response.bytes().await.expect("a body");
            times[kind].push(start.elapsed().as_secs_f64() * 1000.0);
        }
        order.reverse();
    }
    times
}

/// The value below which the fraction `part` of all values lies.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() as f64 * part) as usize]
}

/// Whether each median difference from the first kind is below a tenth of the latency, below what can be
/// measured over a network, or within the noise of this machine: the uncertainty of a median of this many
/// differences (McGill et al. 1978, notched box plots).
fn are_alike(times: &[Vec<f64>]) -> bool {
    times[1..].iter().all(|other| {
        let pairs = times[0].iter().zip(other);
        let differences: Vec<_> = pairs.map(|(one, other)| one - other).collect();
        let spread = quantile(&differences, 0.75) - quantile(&differences, 0.25);
        let noise = 3.0 * 1.57 * spread / (SAMPLES as f64).sqrt();
        let tolerance = (quantile(&times[0], 0.5) / 10.0).max(0.3).max(noise);
        let difference = quantile(&differences, 0.5);
        println!("{difference:.3} ms apart, tolerance {tolerance:.3} ms");
        difference.abs() < tolerance
    })
}

/// Asserts that all kinds of request take the same time. A difference counts if a second measurement confirms
/// it: other work on this machine can cause one, but an attacker's would last.
async fn assert_alike<const N: usize>(requests: [&dyn Fn() -> reqwest::RequestBuilder; N]) {
    let is_alike = are_alike(&times(requests).await) || are_alike(&times(requests).await);
    assert!(is_alike, "the kinds of request take different times");
}

#[tokio::test]
async fn every_failed_login_has_the_same_shape() {
    let app = spawn_app_with_users().await;
    let expected = shape(&app.login(EMAIL, WRONG).await);
    assert_eq!(expected.0, 401);
    for username in ["Tom", UNKNOWN, "nobody", UNUSABLE, "eve", "a", "@", "admin"] {
        assert_eq!(
            shape(&app.login(username, WRONG).await),
            expected,
            "{username}"
        );
    }
}

#[tokio::test]
async fn failed_logins_take_the_same_time() {
    let app = spawn_app_with_users().await;
    let login = |username| {
        let form = [("username", username), ("password", WRONG)];
        app.request(Method::POST, LOGIN).form(&form)
    };
    let known = || login(EMAIL);
    let unknown = || login(UNKNOWN);
    assert_alike([&known, &unknown]).await;
}

#[tokio::test]
async fn a_login_without_a_usable_hash_takes_the_same_time() {
    let app = spawn_app_with_users().await;
    let login = |username| {
        let form = [("username", username), ("password", WRONG)];
        app.request(Method::POST, LOGIN).form(&form)
    };
    let known = || login(EMAIL);
    let unusable = || login(UNUSABLE);
    let invalid = || login("a");
    assert_alike([&known, &unusable, &invalid]).await;
}

#[tokio::test]
async fn a_reset_request_for_an_unknown_address_has_the_same_shape() {
    let app = spawn_app_with_users().await;
    let unknown = app.forgot_password(UNKNOWN).await;
    let known = app.forgot_password(EMAIL).await;
    assert_eq!(shape(&known), shape(&unknown));
}

#[tokio::test]
async fn a_reset_request_for_an_unknown_address_takes_the_same_time() {
    let app = spawn_app_with_users().await;
    let request_link = |email| {
        app.request(Method::POST, FORGOT_PASSWORD)
            .json(&json!({"email": email}))
    };
    let known = || request_link(EMAIL);
    let unknown = || request_link(UNKNOWN);
    assert_alike([&known, &unknown]).await;
}

/// Starts a service with Tom, who has not verified his address, and Eve, who has.
async fn spawn_app_with_unverified_user() -> App {
    let app = spawn_app_with("email_verification", "required").await;
    app.register_tom().await;
    let eve = registration_of(UNUSABLE, "eve");
    app.register(&eve).await.assert_status(201);
    app.change(
        "UPDATE users SET email_verified_at = '2026-01-01 00:00:00', must_verify = 0 \
         WHERE username = 'eve'",
    );
    app
}

/// The shape of a response whose `verification_id` is different each time.
fn shape_without_id(response: &Response) -> (u16, Vec<(String, String)>, String) {
    let id = response.field("verification_id");
    assert!(uuid::Uuid::parse_str(&id).is_ok_and(|id| id.get_version_num() == 4));
    let (status, headers, text) = shape(response);
    (status, headers, text.replace(&id, ""))
}

#[tokio::test]
async fn a_request_for_a_verification_mail_has_the_same_shape_for_every_address() {
    let app = spawn_app_with_unverified_user().await;
    let pending = app.resend_verification(EMAIL).await;
    assert_eq!(pending.status, 202);
    for email in [UNKNOWN, UNUSABLE] {
        let other = app.resend_verification(email).await;
        assert_eq!(shape_without_id(&other), shape_without_id(&pending));
    }
}

#[tokio::test]
async fn a_request_for_a_verification_mail_takes_the_same_time_for_every_address() {
    let app = spawn_app_with_unverified_user().await;
    let resend = |email| {
        app.request(Method::POST, RESEND_VERIFICATION)
            .json(&json!({"email": email}))
    };
    let pending = || resend(EMAIL);
    let verified = || resend(UNUSABLE);
    let unknown = || resend(UNKNOWN);
    assert_alike([&pending, &verified, &unknown]).await;
}

#[tokio::test]
async fn a_wrong_code_takes_the_same_time_whether_or_not_a_mail_was_sent() {
    let app = spawn_app_with_unverified_user().await;
    let pending = app
        .resend_verification(EMAIL)
        .await
        .field("verification_id");
    let unknown = app
        .resend_verification(UNKNOWN)
        .await
        .field("verification_id");
    let verify = |id: &str| {
        app.request(Method::POST, VERIFY_EMAIL)
            .json(&json!({"verification_id": id, "code": "none"}))
    };
    let one = Response::to(verify(&pending)).await;
    let other = Response::to(verify(&unknown)).await;
    assert_eq!(shape(&one), shape(&other));
    let pending = || verify(&pending);
    let unknown = || verify(&unknown);
    assert_alike([&pending, &unknown]).await;
}

#[tokio::test]
async fn a_change_to_a_taken_address_has_the_same_shape_and_takes_the_same_time() {
    let app = spawn_app_with_users().await;
    let tokens = app.tokens_of_tom().await;
    let taken = app.change_email(&tokens.access, UNUSABLE, PASSWORD).await;
    let free = app.change_email(&tokens.access, UNKNOWN, PASSWORD).await;
    assert_eq!(taken.status, 202);
    assert_eq!(shape_without_id(&taken), shape_without_id(&free));
    let change = |email| {
        let body = json!({"new_email": email, "current_password": PASSWORD});
        let request = app.request(Method::POST, CHANGE_EMAIL).json(&body);
        request.bearer_auth(&tokens.access)
    };
    let taken = || change(UNUSABLE);
    let free = || change(UNKNOWN);
    assert_alike([&taken, &free]).await;
}

#[tokio::test]
async fn no_address_gets_more_mails_than_the_limit_allows() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let mut shapes = Vec::new();
    for number in 0..20 {
        for email in [EMAIL, "TOM@example.com", UNKNOWN] {
            let request = app.request(Method::POST, FORGOT_PASSWORD);
            let request = request.header("x-forwarded-for", address(number * 3));
            let response = Response::to(request.json(&json!({"email": email}))).await;
            shapes.push(shape(&response));
        }
    }
    shapes.dedup();
    assert_eq!(shapes.len(), 1, "{shapes:?}");
    let outbox_is_empty = async || (app.count("outbox") == 0).then_some(());
    eventually("all mail is sent", SOON, outbox_is_empty).await;
    assert!(app.mail_provider.received().len() <= 3);
}

#[tokio::test]
async fn throttling_does_not_reveal_whether_the_account_exists() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    let mut last = Vec::new();
    for (known, unknown) in [
        (EMAIL, UNKNOWN),
        ("tom@ex\u{FF41}mple.com", "nobody@ex\u{FF41}mple.com"),
    ] {
        for username in [known, unknown] {
            for number in 0..11 {
                let response = app.login_from(&address(number), username, WRONG).await;
                last.push((username, response.status));
            }
        }
    }
    let statuses = |name: &str| {
        let of_name = last
            .iter()
            .filter(|(username, _)| username.starts_with(name));
        of_name.map(|(_, status)| *status).collect::<Vec<_>>()
    };
    assert_eq!(statuses("tom"), statuses("nobody"));
}

#[tokio::test]
async fn a_failed_login_takes_the_same_time_with_any_kind_of_hash() {
    let app = Setup::new().spawn().await;
    app.register_tom().await;
    let bcrypt = registration_of(UNUSABLE, "eve");
    app.register(&bcrypt).await.assert_status(201);
    let old = registration_of("old@example.com", "old");
    app.register(&old).await.assert_status(201);
    app.change(&format!(
        "UPDATE users SET hashed_password = '{BCRYPT}' WHERE username = 'eve'"
    ));
    app.change(&format!(
        "UPDATE users SET hashed_password = '{LARGE_ARGON2}' WHERE username = 'old'"
    ));
    app.change("INSERT INTO slowest_hash (id, milliseconds) VALUES (1, 450)");
    let login = |username: &'static str| {
        let form = [("username", username), ("password", WRONG)];
        app.request(Method::POST, LOGIN).form(&form)
    };
    let kinds = [EMAIL, UNKNOWN, UNUSABLE, "old@example.com"];
    let mut quickest = [f64::MAX; 4];
    for _ in 0..3 {
        for (index, username) in kinds.into_iter().enumerate() {
            let start = Instant::now();
            let response = Response::to(login(username)).await;
            response.assert_status(401);
            quickest[index] = start.elapsed().as_secs_f64().min(quickest[index]);
        }
    }
    // Each is padded to whole seconds: to one, unless the machine is very busy.
    for (index, username) in kinds.into_iter().enumerate() {
        assert!(quickest[index] >= 1.0, "{username}: {quickest:?}");
        assert!(quickest[index].fract() < 0.2, "{username}: {quickest:?}");
    }
}
