//! Black-box tests of the built component over HTTP.

#![allow(clippy::disallowed_methods, reason = "black-box tests need the clock")]

mod adopted_addresses;
mod adoption;
mod captcha;
mod captcha_builtin;
mod captcha_siteverify;
mod component;
mod costs;
mod database;
mod disabled;
mod docs;
mod durability;
mod email;
mod email_providers;
mod email_retries;
mod errors;
mod examples;
mod faults;
mod headers;
mod health;
mod helpers;
mod key_rotation;
mod languages;
mod legacy;
mod login;
mod logout;
mod me;
mod openapi;
mod page_assets;
mod pages;
mod password_reset;
mod passwords;
mod protected;
mod refresh;
mod registration;
mod registration_conflicts;
mod registration_rules;
mod reset_tokens;
mod secrets;
mod security;
mod session_limits;
mod settings;
mod soak;
mod statement_plans;
mod throttle;
