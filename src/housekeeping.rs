//! What is done between requests: mail that is due, and clearing away what has run out.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::ambient;
use crate::app::App;
use crate::mailer;
use crate::store::db::Writes;
use crate::store::{captcha, predecessor, throttle};

/// How often an instance looks for work that no request has announced, in seconds.
const INTERVAL_SECONDS: i64 = 60;

/// When this instance looked last, in seconds since 1970.
static LAST_RUN: AtomicI64 = AtomicI64::new(0);

/// Whether the next run is due; whoever is told so is to run it.
pub fn is_due() -> bool {
    let now = ambient::now().unix();
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
    mailer::deliver(app).await?;
    let now = ambient::now();
    let mut connection = app.database.connect(Writes::Replayable).await?;
    throttle::delete_past(&mut connection, now).await?;
    captcha::delete_past(&mut connection, now).await?;
    predecessor::void_expired(&mut connection, now).await?;
    Ok(())
}
