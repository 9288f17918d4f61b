//! The log: one JSON object a line, on standard error.

use tracing_subscriber::filter::LevelFilter;

/// Begins logging; later calls change nothing.
pub fn start() {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_span_list(false)
        .with_max_level(LevelFilter::INFO)
        .with_writer(std::io::stderr)
        .finish();
    // A second call finds the first one's subscriber in place.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
