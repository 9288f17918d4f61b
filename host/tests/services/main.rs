//! Tests of the host with several components: middleware, calls between components, private routes.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod calls;
mod host;
mod middleware;
mod streaming;
