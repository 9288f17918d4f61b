//! Everything that depends on Spin or WASI: the clock, randomness, outbound HTTP, SQLite,
//! variables, the entry point, and the instance lock.

pub mod clock;
// Its exports have symbol names that only WebAssembly allows.
#[cfg(target_family = "wasm")]
mod entry;
pub mod instance_lock;
pub mod log;
pub mod outbound;
pub mod random;
mod request;
pub mod sqlite;
pub mod timestamp;
pub mod variables;

pub use self::request::{Request, spawn};
