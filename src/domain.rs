//! The rules of accounts: no I/O, no clock, no randomness of their own and no Spin.

pub mod access_token;
pub mod captcha;
pub mod digest;
pub mod email;
pub mod keys;
pub mod language;
pub mod mail;
pub mod network;
pub mod password;
pub mod reset_token;
pub mod secret;
pub mod session;
pub mod throttle;
pub mod timestamp;
pub mod user;
pub mod username;

#[cfg(test)]
mod proptests;
