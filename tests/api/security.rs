//! Attacks, and the defences against them.

pub(crate) mod account_races;
mod captcha;
mod cookies;
mod cors;
mod enumeration;
mod forged_tokens;
pub(crate) mod guessing;
mod headers;
mod hostile_requests;
mod identities;
mod leaks;
mod links;
mod log;
mod passwords;
pub(crate) mod proportion;
pub(crate) mod races;
mod registration;
mod sessions;
mod sites;
pub(crate) mod slow_bodies;
mod throttling;
