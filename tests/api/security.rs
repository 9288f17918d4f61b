//! What attackers try, point by point: the number of each test is that of the requirement.

mod captcha;
mod cors;
mod enumeration;
mod forged_tokens;
mod headers;
mod hostile_requests;
mod identities;
mod leaks;
mod links;
mod log;
mod passwords;
pub(crate) mod races;
mod registration;
mod sessions;
mod throttling;
