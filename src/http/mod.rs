//! HTTP for all features: errors, bodies, headers, static files, the OpenAPI description.

pub mod assets;
pub mod bearer;
pub mod body;
pub mod client;
pub mod client_address;
mod cors;
pub mod cross_site;
pub mod error;
pub mod fields;
pub mod middleware;
pub mod openapi;
mod response_headers;
pub mod response_time;
pub mod settings;

#[cfg(test)]
mod proptests;
