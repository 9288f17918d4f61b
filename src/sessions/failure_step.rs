//! How long a failed login takes.

use std::time::Duration;

use crate::app::App;
use crate::http::error::Error;
use crate::passwords;

/// Failed logins take a multiple of a step, so that timing does not reveal whether there is a hash, or of
/// what kind. The first step is for databases without hashes of other services: all parameters that OWASP
/// calls equivalent take 30 to 40 ms. Each other step has room for a second hash and a busy machine.
const STEPS: [(Duration, Duration); 3] = [
    (Duration::from_millis(40), Duration::from_millis(100)),
    // A bcrypt hash of cost 12, common in FastAPI services, takes about 450 ms in WebAssembly.
    (Duration::from_millis(500), Duration::from_secs(1)),
    (Duration::MAX, Duration::from_secs(2)),
];

/// The time that failed logins take a multiple of.
pub async fn failure_step(app: &App) -> Result<Duration, Error> {
    let mut connection = app.database.connect().await?;
    Ok(step(passwords::store::slowest_check(&mut connection)?))
}

/// The step for hashes of which the slowest takes this time.
fn step(slowest: Duration) -> Duration {
    let mut steps = STEPS.into_iter();
    let step = steps.find(|(limit, _)| slowest <= *limit);
    step.map_or(slowest, |(_, step)| step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_room_for_the_slowest_hash_and_another() {
        let of = |milliseconds| step(Duration::from_millis(milliseconds)).as_millis();
        assert_eq!([0, 40].map(of), [100, 100]);
        assert_eq!([41, 450, 500].map(of), [1000, 1000, 1000]);
        assert_eq!([501, 1200].map(of), [2000, 2000]);
    }
}
