//! Fault injection: no acknowledged write is lost, and no partial write remains.

pub(crate) mod account_crash;
mod captcha;
mod clock;
pub(crate) mod crash;
mod database;
mod legacy;
mod load;
mod mail;
mod providers;
mod storage;
