//! Data that the legacy FastAPI service has left in the database.

pub mod store;
