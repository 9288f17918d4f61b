//! Spin variables.

pub use super::wasi::return_to_worker_thread;
use super::wasi::{self, VariableError as Error};

/// Returns the value of a variable.
///
/// # Errors
/// A reason that continues the variable's name in a sentence. It never includes the value.
#[cfg_attr(test, expect(dead_code, reason = "tests use their own values"))]
pub async fn get(name: &str) -> Result<String, &'static str> {
    wasi::variable(name).await.map_err(|error| match error {
        Error::Undefined(_) => "has no value: set it, or give it a default in spin.toml",
        Error::InvalidName(_) => "is not a valid name of a Spin variable",
        Error::Provider(_) => "could not be read from Spin's variables provider",
        Error::Other(_) => "could not be read",
    })
}
