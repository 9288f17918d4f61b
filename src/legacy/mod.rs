//! What the service that Gatehouse replaces has left in the database.

pub mod store;
