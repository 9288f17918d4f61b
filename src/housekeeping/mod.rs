//! What is done between requests: mail that is due, and clearing away what has run out.

mod store;

use std::sync::atomic::{AtomicI64, Ordering};

use uuid::Uuid;

use self::store::Work;
use crate::app::App;
use crate::db::DbError;
use crate::platform::timestamp::Timestamp;
use crate::platform::{clock, random};
use crate::settings::{self, Warning};
use crate::throttle::store::guesses;
use crate::{captcha, legacy, mail, sessions, throttle};

/// How often an instance looks for work that no request has announced, in seconds.
const INTERVAL_SECONDS: i64 = 60;

/// When this instance looked last, in seconds since 1970.
static LAST_RUN: AtomicI64 = AtomicI64::new(0);

/// Whether the next run is due. A caller that is told so has to run it.
pub fn is_due() -> bool {
    let now = clock::now().unix();
    let last = LAST_RUN.load(Ordering::Relaxed);
    let is_due = now - last >= INTERVAL_SECONDS;
    if is_due {
        LAST_RUN.store(now, Ordering::Relaxed);
    }
    is_due
}

/// Does it all. What goes wrong is logged, and done again at the next run.
pub async fn run(app: &App) {
    if let Err(error) = try_run(app).await {
        tracing::error!(cause = format!("{error:#}"), "housekeeping failed");
    }
}

async fn try_run(app: &App) -> anyhow::Result<()> {
    let now = clock::now();
    let some = random::id();
    let work = look(app, some, now).await?;
    if work.mail {
        mail::delivery::deliver(app).await?;
    }
    clear_away(app, &work, some, now).await?;
    Ok(warn_of_unsafe_settings(app, now).await?)
}

async fn clear_away(app: &App, work: &Work, some: Uuid, now: Timestamp) -> Result<(), DbError> {
    if !(work.throttle || work.guesses || work.captcha || work.predecessor || work.sessions) {
        return Ok(());
    }
    let mut connection = app.database.connect().await?;
    if work.throttle {
        throttle::store::delete_past(&mut connection, now)?;
    }
    if work.guesses {
        guesses::delete_past(&mut connection, now)?;
    }
    if work.captcha {
        captcha::store::delete_past(&mut connection, now)?;
    }
    if work.predecessor {
        legacy::store::void_expired(&mut connection, now)?;
    }
    if work.sessions {
        sessions::store::delete_expired(&mut connection, some, now)?;
    }
    Ok(())
}

async fn warn_of_unsafe_settings(app: &App, now: Timestamp) -> Result<(), DbError> {
    let warnings = app.settings.warnings();
    if warnings.is_empty() {
        return Ok(());
    }
    let mut connection = app.database.connect().await?;
    for Warning { variable, reason } in warnings {
        if settings::store::claim(&mut connection, variable, now)? {
            tracing::warn!(variable, reason, "a setting is unsafe in production");
        }
    }
    Ok(())
}

async fn look(app: &App, some: Uuid, now: Timestamp) -> Result<Work, DbError> {
    let mut connection = app.database.connect().await?;
    store::look(&mut connection, some, now)
}
