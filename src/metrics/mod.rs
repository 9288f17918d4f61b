//! Metrics for Prometheus: what happened, counted across instances, and the state of the service.

pub mod counters;
mod exposition;
pub mod scrape;
pub mod settings;
mod store;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::app::App;
use crate::db::DbError;

/// A series of a counter: the counter's name, and the value of its label or an empty text.
type Series = (&'static str, &'static str);

/// What this instance has counted and not yet added to the database.
static PENDING: Mutex<BTreeMap<Series, u64>> = Mutex::new(BTreeMap::new());

/// Whether the route exists.
pub fn is_served(app: &App) -> bool {
    app.settings.metrics.token.is_some()
}

/// Whether this instance has counted anything that [`flush`] should add to the database.
pub fn is_flush_due(app: &App) -> bool {
    is_served(app) && !pending().is_empty()
}

/// Adds what this instance has counted to the database. It runs after each request that counted something,
/// because an instance may end at any time and would take its counts with it. Errors are logged, and the next
/// flush tries again.
pub async fn flush(app: &App) {
    if !is_flush_due(app) {
        return;
    }
    let counted = std::mem::take(&mut *pending());
    if let Err(error) = try_flush(app, &counted).await {
        tracing::warn!(cause = %error, "counts not added to the metrics");
        for (series, count) in counted {
            add(series, count);
        }
    }
}

async fn try_flush(app: &App, counted: &BTreeMap<Series, u64>) -> Result<(), DbError> {
    store::add(&mut app.database.connect().await?, counted)
}

fn add(series: Series, count: u64) {
    *pending().entry(series).or_default() += count;
}

fn pending() -> MutexGuard<'static, BTreeMap<Series, u64>> {
    // Nothing panics while the lock is held.
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}
