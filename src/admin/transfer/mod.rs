//! Users in bulk, as lines of JSON: from other services, and to them.

mod batch;
pub mod export;
pub mod import;
mod line;
mod store;

/// The media type of lines of JSON.
const JSON_LINES: &str = "application/jsonl";
