//! The API's description in OpenAPI: what answers it, and the tests that write it down.

pub mod docs;
pub(crate) mod responses;

#[cfg(test)]
mod description;
#[cfg(test)]
mod page;
