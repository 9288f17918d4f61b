//! Shared helpers: a service per test, stubs for its dependencies, and assertions on its responses.

pub(crate) mod admin;
pub(crate) mod api_error;
pub(crate) mod app;
pub(crate) mod captcha;
pub(crate) mod cookies;
pub(crate) mod crowd;
pub(crate) mod description;
pub(crate) mod flows;
pub(crate) mod guard;
pub(crate) mod page;
pub(crate) mod raw;
pub(crate) mod response;
pub(crate) mod schema;
pub(crate) mod server;
pub(crate) mod shapes;
pub(crate) mod stub;
pub(crate) mod tally;
pub(crate) mod time;
pub(crate) mod token;
pub(crate) mod trace;
pub(crate) mod validation;
