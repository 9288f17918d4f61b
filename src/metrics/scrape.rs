//! The endpoint that Prometheus scrapes.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;

use super::counters::{self, Counter, Label};
use super::exposition::{CONTENT_TYPE, Exposition};
use super::store;
use crate::app::App;
use crate::captcha;
use crate::db::DbError;
use crate::http::bearer;
use crate::http::error::{Error, NOT_FOUND};
use crate::http::openapi::responses::{DatabaseErrors, error_responses};
use crate::mail::store::NEVER;
use crate::platform::clock;
use crate::sessions::beginning::Method;
use crate::sessions::current_user::NOT_AUTHENTICATED;
use crate::sessions::login_failure::LoginFailure;
use crate::throttle::ThrottleErrors;
use crate::throttle::limits;

const BUILD: &str = if cfg!(feature = "wasi2") {
    "wasi2"
} else {
    "wasi3"
};

/// The beginning of a response, for the API's description.
#[cfg_attr(
    not(test),
    allow(dead_code, reason = "only tests generate the description")
)]
const EXAMPLE: &str =
    "# HELP gatehouse_users Users.\n# TYPE gatehouse_users gauge\ngatehouse_users 1204\n";

error_responses!(MetricsErrors {
    "The token is missing or wrong" => [NOT_AUTHENTICATED],
    "The setting `metrics_token` is empty" => [NOT_FOUND],
});

/// Get the metrics
///
/// For Prometheus, in its text format. The bearer token is the setting `metrics_token`.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "health",
    security(("MetricsToken" = [])),
    responses(
        (
            status = 200,
            description = "The metrics",
            body = String,
            content_type = "text/plain",
            example = json!(EXAMPLE),
        ),
        MetricsErrors,
        ThrottleErrors,
        DatabaseErrors,
    )
)]
pub async fn metrics(
    State(app): State<&'static App>,
    request: HeaderMap,
) -> Result<impl IntoResponse, Error> {
    if !bearer::has_token(&request, app.settings.metrics.token.as_ref()) {
        return Err(NOT_AUTHENTICATED.into());
    }
    let mut exposition = Exposition::default();
    write_build(&mut exposition);
    write_state(app, &mut exposition).await?;
    write_counters(app, &mut exposition).await?;
    let content_type = [(header::CONTENT_TYPE, CONTENT_TYPE)];
    Ok((content_type, exposition.into_text()))
}

fn write_build(exposition: &mut Exposition) {
    let name = "gatehouse_build_info";
    exposition.begin(name, "gauge", "The version of the service.");
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("build", BUILD)];
    exposition.sample(name, &labels, 1);
}

async fn write_state(app: &App, exposition: &mut Exposition) -> Result<(), DbError> {
    let mut connection = app.database.connect().await?;
    let state = store::find_state(&mut connection, NEVER, clock::now())?;
    for (name, help, value) in [
        ("gatehouse_users", "Users.", state.users),
        (
            "gatehouse_sessions",
            "Sessions that can be refreshed.",
            state.sessions,
        ),
        (
            "gatehouse_mail_waiting",
            "Mails that wait to be sent.",
            state.mail_waiting,
        ),
        (
            "gatehouse_mail_oldest_age_seconds",
            "Age of the oldest mail that waits.",
            state.oldest_mail_seconds,
        ),
        (
            "gatehouse_mail_set_aside",
            "Mails that stay in the outbox because they cannot be read.",
            state.mail_set_aside,
        ),
    ] {
        exposition.gauge(name, help, value);
    }
    if let Some(bytes) = store::find_size(&mut connection)? {
        let help = "Size of the database, without its write-ahead log.";
        exposition.gauge("gatehouse_database_size_bytes", help, bytes);
    }
    Ok(())
}

async fn write_counters(app: &App, exposition: &mut Exposition) -> Result<(), DbError> {
    let mut connection = app.database.connect().await?;
    let mut counts = initial_counts();
    for (name, label, count) in store::find_counts(&mut connection)? {
        // A newer version may have counted something that this one does not know.
        if let Some(series) = counts.get_mut(name.as_str()) {
            series.insert(label, count);
        }
    }
    for counter in counters::ALL {
        exposition.begin(counter.name, "counter", counter.help);
        for (text, count) in counts.remove(counter.name).unwrap_or_default() {
            let labels = counter.label.map(|label| (label.name(), text.as_str()));
            exposition.sample(counter.name, labels.as_slice(), count);
        }
    }
    Ok(())
}

/// The counts of each counter by the value of its label, all zero. A series that does not exist from the start
/// hides its first increase from `rate` and `increase`.
fn initial_counts() -> BTreeMap<&'static str, BTreeMap<String, i64>> {
    let zeros = |counter: &Counter| {
        values(counter.label)
            .into_iter()
            .map(|text| (text.to_owned(), 0))
    };
    let counters = counters::ALL.iter();
    counters
        .map(|counter| (counter.name, zeros(counter).collect()))
        .collect()
}

/// The values of a label.
fn values(label: Option<Label>) -> Vec<&'static str> {
    match label {
        None => vec![""],
        Some(Label::Method) => Method::ALL.map(Method::name).to_vec(),
        Some(Label::LoginFailure) => LoginFailure::ALL.map(LoginFailure::reason).to_vec(),
        Some(Label::Limit) => limits::ALL.iter().map(|limit| limit.name).collect(),
        Some(Label::CaptchaError) => captcha::FAILURES.map(|kind| kind.code()).to_vec(),
    }
}
