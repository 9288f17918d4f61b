//! SQL, and nothing but SQL: a file per table.

pub mod captcha;
pub mod db;
pub mod guesses;
pub mod housekeeping;
mod journal;
pub mod known_networks;
mod migrations;
pub mod outbox;
pub mod predecessor;
pub mod reset_tokens;
pub mod sessions;
pub mod throttle;
pub mod users;
pub mod warnings;
