//! Spin's variables.

use super::wasi::{self, VariableError as Error};

/// The value of a variable.
///
/// # Errors
/// Why it cannot be had, to be read after the variable's name. The value is never part of it.
#[cfg_attr(test, expect(dead_code, reason = "tests give their own values"))]
pub async fn get(name: &str) -> Result<String, &'static str> {
    wasi::variable(name).await.map_err(|error| match error {
        Error::Undefined(_) => "has no value: set it, or give it a default in spin.toml",
        Error::InvalidName(_) => "is not a name that Spin takes for a variable",
        Error::Provider(_) => "could not be read from Spin's variables provider",
        Error::Other(_) => "could not be read",
    })
}
