//! Keys derived from the secret key, digests, and secrets on their way through.

pub mod digest;
pub mod keys;
pub mod secret;
pub mod settings;
