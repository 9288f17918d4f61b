//! How long a failed login takes.

use std::time::Duration;

use crate::app::App;
use crate::http::error::Error;
use crate::legacy;

/// Failed logins take a multiple of this time, so that timing does not reveal whether there is a
/// hash, or one with other parameters. All parameters that OWASP calls equivalent take 30 to 40 ms.
const FAILURE_STEP: Duration = Duration::from_millis(100);
/// The same for a database taken over from the legacy service, which has bcrypt hashes. One of cost
/// 12, common in FastAPI services, takes about 450 ms in WebAssembly.
const LEGACY_FAILURE_STEP: Duration = Duration::from_secs(1);

/// The time that failed logins take a multiple of.
pub async fn failure_step(app: &App) -> Result<Duration, Error> {
    let mut connection = app.database.connect().await?;
    Ok(if legacy::store::is_adopted(&mut connection)? {
        LEGACY_FAILURE_STEP
    } else {
        FAILURE_STEP
    })
}
