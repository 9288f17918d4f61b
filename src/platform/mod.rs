//! Everything that depends on Spin or WASI: the clock, randomness, outbound HTTP, SQLite,
//! variables, the entry point, and the instance lock.
//!
//! The component has two builds, for two generations of WASI. What differs between them is in
//! `wasi2` and `wasi3`, which export the same names; the rest of the source is the same for both.

pub mod clock;
pub mod instance_lock;
pub mod log;
pub mod outbound;
pub mod random;
pub mod sqlite;
pub mod timestamp;
pub mod variables;
#[cfg(feature = "wasi2")]
mod wasi2;
#[cfg(feature = "wasi3")]
mod wasi3;

#[cfg(feature = "wasi2")]
use wasi2 as wasi;
#[cfg(feature = "wasi3")]
use wasi3 as wasi;

pub use self::wasi::{Request, spawn};

#[cfg(not(any(feature = "wasi2", feature = "wasi3")))]
compile_error!("choose a build: the feature `wasi3` or the feature `wasi2`");
#[cfg(all(feature = "wasi2", feature = "wasi3"))]
compile_error!("a component has one build: `wasi2` needs `--no-default-features`");
