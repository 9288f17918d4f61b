//! The metrics: who may read them, what they count, and their format.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::json;

use crate::helpers::api_error::{
    INCORRECT_CREDENTIALS, NOT_AUTHENTICATED, NOT_FOUND, TOO_MANY_REQUESTS,
};
use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, PASSWORD, USERNAME, registration, registration_of, registration_with,
};
use crate::helpers::response::Response;
use crate::helpers::stub::Reply;
use crate::helpers::time::{SOON, eventually};

pub(crate) const METRICS: &str = "/metrics";
pub(crate) const TOKEN: &str = "a-token-for-metrics-of-the-tests-44-bytes-long";

/// The value of each series, by its name with its labels.
type Samples = BTreeMap<String, i64>;

impl App {
    pub(crate) async fn metrics_with(&self, authorization: &str) -> Response {
        let request = self.request(Method::GET, METRICS);
        Response::to(request.header("authorization", authorization)).await
    }

    /// Scrapes with the right token.
    pub(crate) async fn scrape(&self) -> Response {
        self.metrics_with(&format!("Bearer {TOKEN}")).await
    }

    async fn samples(&self) -> Samples {
        let response = self.scrape().await;
        response.assert_status(200);
        parse(&response.text)
    }

    /// Registers Tom, and waits until that is counted, which happens after the response.
    async fn register_and_count_tom(&self) -> Samples {
        let before = self.samples().await;
        self.register_tom().await;
        self.assert_counted(&before, &[("gatehouse_registrations_total", 1)])
            .await;
        self.samples().await
    }

    /// Waits until exactly these counters have grown since `before`, by these numbers.
    async fn assert_counted(&self, before: &Samples, expected: &[(&str, i64)]) {
        let expected: BTreeMap<_, _> = expected
            .iter()
            .map(|(series, count)| ((*series).to_owned(), *count))
            .collect();
        let mut grown = BTreeMap::new();
        let is_counted = async || {
            let now = self.samples().await;
            let counters = now.iter().filter(|(series, _)| is_counter(series));
            let growth = counters.map(|(series, count)| (series.clone(), count - before[series]));
            grown = growth.filter(|(_, growth)| *growth != 0).collect();
            let is_enough = expected
                .iter()
                .all(|(series, count)| grown.get(series) >= Some(count));
            is_enough.then_some(grown.clone())
        };
        let grown = eventually("the counters have grown", SOON, is_counted).await;
        assert_eq!(grown, expected);
    }
}

fn is_counter(series: &str) -> bool {
    let name = series.split('{').next();
    name.is_some_and(|name| name.ends_with("_total"))
}

/// Parses Prometheus' text format 0.0.4, and asserts that every line follows it: each metric begins with its
/// help and its type, and no series occurs twice.
fn parse(text: &str) -> Samples {
    assert!(text.ends_with('\n'), "the last line does not end");
    let mut lines = text.lines().peekable();
    let mut metrics = BTreeSet::new();
    let mut samples = Samples::new();
    while let Some(line) = lines.next() {
        let help = line.strip_prefix("# HELP ").expect("a metric begins");
        let (name, help) = help.split_once(' ').expect("a text");
        assert!(is_name(name) && !help.is_empty(), "{line}");
        assert!(metrics.insert(name), "{name} occurs twice");
        let kind = lines.next().expect("a type");
        let kind = kind.strip_prefix(&format!("# TYPE {name} "));
        let kind = kind.unwrap_or_else(|| panic!("{name} has no type"));
        assert!(["counter", "gauge"].contains(&kind), "{name} is a {kind}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            assert_eq!(name_of_series(series), name, "{line}");
            let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert_eq!(samples.insert(series.to_owned(), value), None, "{line}");
        }
    }
    samples
}

fn name_of_series(series: &str) -> &str {
    let Some((name, labels)) = series.split_once('{') else {
        return series;
    };
    let labels = labels.strip_suffix('}').expect("labels end");
    for label in labels.split(',') {
        let (label, value) = label.split_once('=').expect("a label");
        let value = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        let is_plain = value.is_some_and(|value| !value.contains(['"', '\\']));
        assert!(is_name(label) && is_plain, "{series}");
    }
    name
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|it| it.is_ascii_alphanumeric() || it == '_')
}

fn with_metrics() -> Setup {
    Setup::new().with("metrics_token", TOKEN)
}

#[tokio::test]
async fn without_a_token_in_the_settings_the_route_is_an_unknown_path() {
    let app = spawn_app_with("throttle", "on").await;
    app.get("/health/ready").await.assert_status(200);
    for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
        let send = async |path| {
            let request = app.request(method.clone(), path);
            let request = request.bearer_auth(TOKEN).header("x-request-id", "7");
            let response = request.send().await.expect("a response");
            let (status, headers) = (response.status(), response.headers().clone());
            let names: BTreeSet<_> = headers
                .iter()
                .filter(|(name, _)| *name != "date")
                .map(|(name, value)| (name.to_string(), value.clone()))
                .collect();
            (status, names, response.text().await.expect("a text"))
        };
        assert_eq!(send(METRICS).await, send("/unknown").await, "{method}");
    }
    app.get(METRICS).await.assert_error(&NOT_FOUND);
    assert_eq!(app.count("throttle"), 0);
}

#[tokio::test]
async fn nothing_is_counted_without_a_token_in_the_settings() {
    let app = spawn_app().await;
    app.log_tom_in().await;
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_status(401);
    app.get("/health/ready").await.assert_status(200);
    assert_eq!(app.count("counters"), 0);
}

#[tokio::test]
async fn a_missing_or_wrong_token_gets_a_401() {
    let app = with_metrics().spawn().await;
    app.get(METRICS).await.assert_error(&NOT_AUTHENTICATED);
    let access_token = app.log_tom_in().await.access;
    for authorization in [
        format!("Bearer {}", &TOKEN[1..]),
        format!("Bearer {TOKEN}x"),
        format!("Bearer {}", TOKEN.to_uppercase()),
        format!("Basic {TOKEN}"),
        format!("Bearer {access_token}"),
        "Bearer ".to_owned(),
        TOKEN.to_owned(),
    ] {
        let response = app.metrics_with(&authorization).await;
        response.assert_error(&NOT_AUTHENTICATED);
    }
    let in_query = format!("{METRICS}?token={TOKEN}");
    let response = Response::to(app.request(Method::GET, &in_query)).await;
    response.assert_error(&NOT_AUTHENTICATED);
}

#[tokio::test]
async fn guesses_of_the_token_are_throttled() {
    let app = with_metrics().without("throttle").spawn().await;
    let mut responses = Vec::new();
    for _ in 0..40 {
        responses.push(app.metrics_with("Bearer wrong").await);
    }
    let refused = responses.iter().position(|response| response.status == 429);
    assert!(refused.is_some_and(|number| number >= 30), "{refused:?}");
    app.scrape().await.assert_error(&TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_short_or_unusable_token_is_refused() {
    for token in [
        "only-31-bytes-long-metricstoken",
        "a token with spaces in it, 44 characters long",
        "a-token-with-żółć-in-it-44-characters-long",
    ] {
        let app = spawn_app_with("metrics_token", token).await;
        app.get("/health/ready").await.assert_status(503);
        let output = app.server.output();
        let problem = "metrics_token must be empty, or at least 32 ASCII characters";
        assert!(output.contains(problem), "{output}");
        assert!(!output.contains(token));
    }
}

#[tokio::test]
async fn the_response_is_prometheus_text_and_not_stored() {
    let app = with_metrics().spawn().await;
    let response = app.metrics_with(&format!("bearer {TOKEN}")).await;
    response.assert_status(200);
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let samples = parse(&response.text);
    let version = app.get("/health/live").await.field("version");
    let is_info = |(series, value): (&String, &i64)| {
        let is_it = series.starts_with(&format!("gatehouse_build_info{{version=\"{version}\","));
        is_it && *value == 1
    };
    assert_eq!(samples.iter().filter(|it| is_info(*it)).count(), 1);
    // Every counter has its series from the start.
    let counters = samples.iter().filter(|(series, _)| is_counter(series));
    let counters: Vec<_> = counters.collect();
    assert!(counters.len() > 30, "{counters:?}");
    assert!(
        counters.iter().all(|(_, count)| **count == 0),
        "{counters:?}"
    );
}

#[tokio::test]
async fn registrations_logins_and_resets_are_counted_once() {
    let app = with_metrics().spawn().await;
    let before = app.samples().await;
    app.register_tom().await;
    app.assert_counted(&before, &[("gatehouse_registrations_total", 1)])
        .await;
    let before = app.samples().await;
    app.tokens_of_tom().await;
    let login = "gatehouse_logins_total{method=\"password\"}";
    app.assert_counted(&before, &[(login, 1)]).await;
    let before = app.samples().await;
    let token = app.next_reset_token(EMAIL).await;
    app.reset_password(&token, "battery staple 2")
        .await
        .assert_status(200);
    app.assert_counted(&before, &[("gatehouse_password_resets_total", 1)])
        .await;
    let before = app.samples().await;
    app.reset_password(&token, "battery staple 3")
        .await
        .assert_status(400);
    app.register(&registration()).await.assert_status(409);
    app.assert_counted(&before, &[]).await;
}

#[tokio::test]
async fn failed_logins_are_counted_by_their_reason() {
    let app = with_metrics().spawn().await;
    let before = app.register_and_count_tom().await;
    let failures = |reason: &str| format!("gatehouse_login_failures_total{{reason=\"{reason}\"}}");
    let wrong = "wrong password 1";
    app.login(EMAIL, wrong).await.assert_status(401);
    app.assert_counted(&before, &[(&failures("wrong password"), 1)])
        .await;
    let before = app.samples().await;
    app.login("ann@example.com", wrong).await.assert_status(401);
    app.login(&"a".repeat(10_000), wrong)
        .await
        .assert_status(401);
    app.assert_counted(&before, &[(&failures("no such user"), 2)])
        .await;
    let before = app.samples().await;
    app.change("UPDATE users SET disabled_at = unixepoch()");
    app.login(EMAIL, PASSWORD).await.assert_status(401);
    app.assert_counted(&before, &[(&failures("disabled"), 1)])
        .await;
}

#[tokio::test]
async fn a_login_with_an_unverified_address_is_counted() {
    let setup = with_metrics().with("email_verification", "required");
    let app = setup.spawn().await;
    let before = app.register_and_count_tom().await;
    app.login(EMAIL, PASSWORD).await.assert_status(403);
    let series = "gatehouse_login_failures_total{reason=\"address not verified\"}";
    app.assert_counted(&before, &[(series, 1)]).await;
}

#[tokio::test]
async fn throttled_attempts_are_counted_by_their_limit() {
    let app = with_metrics().without("throttle").spawn().await;
    let before = app.register_and_count_tom().await;
    for _ in 0..10 {
        app.login(EMAIL, "wrong password 1")
            .await
            .assert_error(&INCORRECT_CREDENTIALS);
    }
    app.login(EMAIL, PASSWORD)
        .await
        .assert_error(&TOO_MANY_REQUESTS);
    app.assert_counted(
        &before,
        &[
            (
                "gatehouse_login_failures_total{reason=\"wrong password\"}",
                10,
            ),
            ("gatehouse_login_failures_total{reason=\"throttled\"}", 1),
            ("gatehouse_throttled_total{limit=\"login-failures\"}", 1),
        ],
    )
    .await;
    let before = app.samples().await;
    for _ in 0..4 {
        app.forgot_password(EMAIL).await.assert_status(202);
    }
    let series = "gatehouse_throttled_total{limit=\"reset-mail\"}";
    app.assert_counted(&before, &[(series, 1)]).await;
}

#[tokio::test]
async fn captcha_failures_are_counted_by_their_kind() {
    let app = with_metrics().spawn().await;
    for (reply, status, code) in [
        (
            Reply::Json(200, json!({"is_valid": false})),
            400,
            "INVALID_CAPTCHA",
        ),
        (Reply::Text(500, "oops"), 503, "CAPTCHA_ERROR"),
    ] {
        let before = app.samples().await;
        app.captcha.reply_with(reply);
        app.register(&registration()).await.assert_status(status);
        let series = format!("gatehouse_captcha_failures_total{{error_code=\"{code}\"}}");
        app.assert_counted(&before, &[(&series, 1)]).await;
    }
    let before = app.samples().await;
    // Nothing that was wrong before the captcha counts.
    app.register(&registration_with("email", "no address"))
        .await
        .assert_status(422);
    app.assert_counted(&before, &[]).await;
}

#[tokio::test]
async fn a_reused_refresh_token_is_counted() {
    let app = with_metrics().spawn().await;
    let before = app.register_and_count_tom().await;
    let tokens = app.tokens_of_tom().await;
    let login = "gatehouse_logins_total{method=\"password\"}";
    app.assert_counted(&before, &[(login, 1)]).await;
    let before = app.samples().await;
    app.refresh(&tokens.refresh).await.assert_status(200);
    app.change("UPDATE sessions SET rotated_at = rotated_at - 60");
    app.refresh(&tokens.refresh).await.assert_status(401);
    let before_login = ("gatehouse_refresh_token_reuses_total", 1);
    app.assert_counted(&before, &[before_login]).await;
}

#[tokio::test]
async fn mail_that_is_given_up_is_counted() {
    let app = with_metrics().spawn().await;
    let before = app.register_and_count_tom().await;
    app.mail_provider
        .reply_with(Reply::Text(422, "no such address"));
    app.forgot_password(EMAIL).await.assert_status(202);
    app.assert_counted(&before, &[("gatehouse_mail_given_up_total", 1)])
        .await;
}

#[tokio::test]
async fn parallel_events_are_all_counted() {
    let app = with_metrics().spawn().await;
    let before = app.register_and_count_tom().await;
    let logins = (0..60).map(|number| {
        let app = &app;
        async move {
            let password = if number % 3 == 0 {
                PASSWORD
            } else {
                "wrong password 1"
            };
            app.login(EMAIL, password).await;
        }
    });
    futures_util::future::join_all(logins).await;
    app.assert_counted(
        &before,
        &[
            ("gatehouse_logins_total{method=\"password\"}", 20),
            (
                "gatehouse_login_failures_total{reason=\"wrong password\"}",
                40,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn counts_survive_a_restart() {
    let mut app = with_metrics().spawn().await;
    let before = app.samples().await;
    app.register_tom().await;
    app.assert_counted(&before, &[("gatehouse_registrations_total", 1)])
        .await;
    app.restart().await;
    app.assert_counted(&before, &[("gatehouse_registrations_total", 1)])
        .await;
}

#[tokio::test]
async fn counts_wait_for_a_locked_database() {
    let app = with_metrics().spawn().await;
    let before = app.register_and_count_tom().await;
    let other = app.database();
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_status(401);
    other.execute_batch("ROLLBACK").expect("no lock");
    let series = "gatehouse_login_failures_total{reason=\"wrong password\"}";
    app.assert_counted(&before, &[(series, 1)]).await;
}

#[tokio::test]
async fn the_state_is_that_of_the_database() {
    let app = with_metrics().spawn().await;
    app.register_tom().await;
    app.register(&registration_of("ann@example.com", "ann"))
        .await
        .assert_status(201);
    for _ in 0..3 {
        app.tokens_of_tom().await;
    }
    app.change("UPDATE sessions SET expires_at = 1 WHERE id = (SELECT min(id) FROM sessions)");
    let user: String = app.value("SELECT id FROM users LIMIT 1");
    let now = crate::helpers::time::unix_now();
    let never = i64::MAX;
    for (id, due_at, queued_at) in [
        ("a", now + 1000, (now - 500).to_string()),
        ("b", now + 1000, (now - 100).to_string()),
        // Of a version before this one.
        ("c", now + 1000, "NULL".to_owned()),
        ("d", never, (now - 9000).to_string()),
    ] {
        app.change(&format!(
            "INSERT INTO outbox (id, kind, user_id, due_at, queued_at) \
             VALUES ('{id}', 'password_reset', '{user}', {due_at}, {queued_at})"
        ));
    }
    let samples = app.samples().await;
    assert_eq!(samples["gatehouse_users"], 2);
    assert_eq!(samples["gatehouse_sessions"], 2);
    assert_eq!(samples["gatehouse_mail_waiting"], 3);
    assert_eq!(samples["gatehouse_mail_set_aside"], 1);
    let age = samples["gatehouse_mail_oldest_age_seconds"];
    assert!((500..560).contains(&age), "{age}");
    let size: i64 =
        app.value("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    assert_eq!(samples["gatehouse_database_size_bytes"], size);
}

#[tokio::test]
async fn an_old_mail_shows_its_age_although_it_was_put_off() {
    let app = with_metrics().spawn().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Text(500, "oops"));
    app.forgot_password(EMAIL).await.assert_status(202);
    let put_off = async || app.server.output().contains("mail put off").then_some(());
    eventually("the mail is put off", SOON, put_off).await;
    app.change("UPDATE outbox SET queued_at = queued_at - 700");
    let samples = app.samples().await;
    assert_eq!(samples["gatehouse_mail_waiting"], 1);
    assert!(samples["gatehouse_mail_oldest_age_seconds"] >= 700);
}

#[tokio::test]
async fn nothing_in_the_metrics_names_a_person() {
    let app = with_metrics().without("throttle").spawn().await;
    let id = app.register_tom().await;
    for _ in 0..12 {
        app.login(USERNAME, "wrong password 1").await;
    }
    let response = app.scrape().await;
    response.assert_status(200);
    for personal in [EMAIL, USERNAME, &id, "example.com", "127.0.0.1", TOKEN] {
        assert!(!response.text.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn a_locked_database_does_not_stop_a_scrape() {
    let app = with_metrics().spawn().await;
    app.register_tom().await;
    let other = app.database();
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    assert_eq!(app.samples().await["gatehouse_users"], 1);
}
