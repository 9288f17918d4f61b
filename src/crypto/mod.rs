//! Keys derived from the secret key, and digests.

pub mod cursor;
pub mod digest;
pub mod keys;
pub mod link_token;
pub mod settings;
