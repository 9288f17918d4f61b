//! All that knows Spin or WASI: the clock, randomness, outbound HTTP, SQLite, variables, and how an
//! instance takes requests.
//!
//! There are two builds, one for each generation of WASI, and each has a folder with what differs:
//! both folders have the same names in them. Everything else is the same in both.

pub mod clock;
pub mod log;
pub mod outbound;
pub mod random;
pub mod sqlite;
pub mod timestamp;
pub mod turn;
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
