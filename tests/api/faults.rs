//! What breaks around the service: nothing acknowledged is lost, nothing half-done stays.

mod captcha;
mod clock;
pub(crate) mod crash;
mod database;
mod load;
mod mail;
mod predecessor;
mod providers;
mod storage;
