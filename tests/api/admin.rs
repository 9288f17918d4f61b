//! Administration: who may, what they see, and what they change.

mod audit;
mod authority;
mod changes;
mod disabling;
mod invitations;
mod last_administrator;
mod lists;
mod privileges;
pub(crate) mod races;
