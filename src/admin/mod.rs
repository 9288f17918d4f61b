//! Administration: for people with the role and machines with the key, who look after the users.

pub mod audit;
pub mod authority;
pub mod delete;
pub mod disable;
pub mod enable;
pub mod end_sessions;
pub mod invite;
pub mod list;
mod paging;
pub mod send_password_reset;
pub mod sessions;
pub mod settings;
pub mod show;
pub mod store;
pub mod target;
pub mod transfer;
pub mod update;
pub mod user;
pub mod verify_email;
