//! Work between requests: delivers due mail and deletes expired rows.

mod store;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use time::Duration;
use uuid::Uuid;

use self::store::Work;
use crate::admin::store::disabling;
use crate::app::App;
use crate::db::DbError;
use crate::platform::timestamp::Timestamp;
use crate::platform::{clock, random};
use crate::settings::warnings;
use crate::throttle::store::guesses;
use crate::verification::settings::VerificationMode;
use crate::{captcha, deletion, events, legacy, mail, sessions, throttle, verification};

/// Seconds between two runs without new mail.
const INTERVAL_SECONDS: i64 = 60;

/// How long a new user has to verify the address, if that is required.
const VERIFICATION_DEADLINE: Duration = Duration::days(7);

/// Start of this instance's last run, in seconds since 1970.
static LAST_RUN: AtomicI64 = AtomicI64::new(0);

/// Whether this instance has been probed since the last check.
static IS_PROBED: AtomicBool = AtomicBool::new(false);

/// Lets a readiness probe count as a reason to run.
pub fn note_probe() {
    IS_PROBED.store(true, Ordering::Relaxed);
}

/// Whether a run is due. If so, the caller must start it.
///
/// Only a write or a probe is a reason to run. Reading would be too frequent a reason: a new instance
/// has no last run, and with WASI 0.2 every request has a new instance.
pub fn is_due(has_written: bool) -> bool {
    let is_probed = IS_PROBED.swap(false, Ordering::Relaxed);
    if !has_written && !is_probed {
        return false;
    }
    let now = clock::now().unix();
    let last = LAST_RUN.load(Ordering::Relaxed);
    let is_due = now - last >= INTERVAL_SECONDS;
    if is_due {
        LAST_RUN.store(now, Ordering::Relaxed);
    }
    is_due
}

/// Runs all due work. Errors are logged, and the next run retries.
pub async fn run(app: &App) {
    if let Err(error) = try_run(app).await {
        tracing::error!(cause = format!("{error:#}"), "housekeeping failed");
    }
}

async fn try_run(app: &App) -> anyhow::Result<()> {
    let now = clock::now();
    let start_id = random::id();
    let work = find_work(app, start_id, now).await?;
    if work.mail {
        mail::delivery::deliver(app).await?;
    }
    delete_expired(app, &work, start_id, now).await?;
    if work.users {
        deletion::delete_due(app, now).await?;
        // The farewells.
        mail::delivery::deliver(app).await?;
    }
    if work.disabled_users {
        let mut connection = app.database.connect().await?;
        disabling::enable_due(&mut connection, now)?;
    }
    if work.unverified_users {
        deletion::delete_unverified(app, unverified_since(now), now).await?;
    }
    Ok(warn_about_settings(app, now).await?)
}

async fn delete_expired(
    app: &App,
    work: &Work,
    start_id: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let mut connection = app.database.connect().await?;
    if work.throttle {
        throttle::store::delete_expired(&mut connection, now)?;
    }
    if work.password_guesses {
        guesses::delete_expired(&mut connection, now)?;
    }
    if work.captcha_challenges {
        captcha::store::delete_expired(&mut connection, now)?;
    }
    if work.legacy_tokens {
        legacy::store::void_expired(&mut connection, now)?;
    }
    if work.events {
        events::store::delete_until(&mut connection, latest_event(app, now))?;
    }
    if work.sessions {
        sessions::store::delete_expired(&mut connection, start_id, now)?;
    }
    if work.verifications {
        verification::store::delete_expired(&mut connection, now)?;
    }
    Ok(())
}

/// Users who had to verify their address and registered before then are deleted.
fn unverified_since(now: Timestamp) -> Timestamp {
    now.plus(-VERIFICATION_DEADLINE)
}

async fn warn_about_settings(app: &App, now: Timestamp) -> Result<(), DbError> {
    let found = app.settings.warnings();
    if found.is_empty() {
        return Ok(());
    }
    let mut connection = app.database.connect().await?;
    for warning in found {
        let variable = warning.variable;
        if warnings::store::claim(&mut connection, variable, now)? {
            tracing::warn!(variable, reason = warning.reason, "{}", warning.message);
        }
    }
    Ok(())
}

async fn find_work(app: &App, start_id: Uuid, now: Timestamp) -> Result<Work, DbError> {
    let mut connection = app.database.connect().await?;
    let purges = app.settings.verification == VerificationMode::Required;
    let unverified_since = purges.then(|| unverified_since(now));
    store::find_work(
        &mut connection,
        start_id,
        latest_event(app, now),
        unverified_since,
        now,
    )
}

/// The time of the newest event that is too old to keep.
fn latest_event(app: &App, now: Timestamp) -> Timestamp {
    now.plus(-app.settings.events.retention)
}
