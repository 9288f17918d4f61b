//! The OpenAPI description: its endpoints, and the tests that generate it.

pub mod docs;
pub(crate) mod responses;
mod yaml;

#[cfg(test)]
mod description;
#[cfg(test)]
mod page;
