//! The routes' handlers: a file per resource, which never uses another.

pub mod captcha;
pub mod docs;
pub mod health;
pub mod pages;
pub mod password_reset;
pub mod sessions;
pub mod test_data;
pub mod users;
