//! Sessions: login, refresh, logout, access tokens and refresh tokens.

pub mod access_token;
pub mod beginning;
pub mod confirmation;
pub mod cookie;
pub mod current_user;
pub mod ending;
mod failure_step;
pub mod list;
pub mod login;
pub mod login_failure;
pub mod logout;
pub mod refresh;
pub mod refresh_request;
pub mod refresh_token;
pub mod revoke;
pub mod revoke_others;
pub mod session;
pub mod settings;
pub mod store;
pub mod tokens;

const EXAMPLE_REFRESH_TOKEN: &str = "cX1rNQ7mT0S5m8b3wKJtVwAAAAA.Zk3sUe9vQpRy2nLxB7cD1g";
