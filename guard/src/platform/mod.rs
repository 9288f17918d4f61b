//! Everything that depends on Spin or WASI: the entry point, variables, the call to Gatehouse, and the
//! handing on of requests.

#[cfg(feature = "wasi2")]
mod wasi2;
#[cfg(feature = "wasi3")]
mod wasi3;

use std::time::{Duration, SystemTime};

#[cfg(target_family = "wasm")]
use http::{HeaderMap, header};

#[cfg(feature = "wasi2")]
pub use self::wasi2::{Stream, ask, hand_on, variable};
#[cfg(feature = "wasi3")]
pub use self::wasi3::{Stream, ask, hand_on, variable};

#[cfg(not(any(feature = "wasi2", feature = "wasi3")))]
compile_error!("choose a build: `middleware`, `wasi3` or `wasi2`");
#[cfg(all(feature = "wasi2", feature = "wasi3"))]
compile_error!("a component has one build: `wasi2` needs `--no-default-features`");

/// Whether requests are sent on to another address, instead of to the component behind this one.
pub const NEEDS_UPSTREAM: bool = !cfg!(feature = "middleware");
/// How long Gatehouse may take for its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const TIMED_OUT: &str = "Gatehouse did not answer in time";
/// How long the head of a response waits for the end of its body. A component that has computed its
/// response writes it in a fraction of that; one that streams events does not notice it.
#[cfg(target_family = "wasm")]
const GATHER_LIMIT: Duration = Duration::from_millis(10);

/// The current time.
#[expect(
    clippy::disallowed_methods,
    reason = "the guard's one use of the clock, for its log"
)]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Names the length of a body that turned out to be whole and without trailers. Without it, the end of
/// the body would leave in a packet of its own. An empty body may be that of a response to `HEAD`.
#[cfg(target_family = "wasm")]
fn name_length(headers: &mut HeaderMap, body: &[u8]) {
    if !body.is_empty() && !headers.contains_key(header::CONTENT_LENGTH) {
        headers.insert(header::CONTENT_LENGTH, body.len().into());
    }
}
