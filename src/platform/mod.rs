//! All that knows Spin or WASI: the clock, randomness, outbound HTTP, SQLite, variables, and how an
//! instance takes requests.

pub mod clock;
// Its exports have names that only a component can have.
#[cfg(target_family = "wasm")]
mod entry;
pub mod log;
pub mod outbound;
pub mod random;
mod request;
pub mod sqlite;
pub mod timestamp;
pub mod turn;
pub mod variables;

pub use self::request::{Request, spawn};
