//! Tests of the host with several components: middleware, calls between components, private routes.

mod calls;
mod host;
mod middleware;
mod streaming;
