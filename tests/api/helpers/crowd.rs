//! Many users, and requests from many addresses.

use reqwest::Method;

use super::app::{App, Setup};
use super::flows::LOGIN;
use super::response::Response;

/// Inserts `?2` users with the first user's password.
const ADD_USERS: &str = "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    INSERT INTO users (id, username, email, hashed_password, account_role, account_subscription)
    SELECT printf('00000000-0000-4000-8000-%012d', i), ?1 || i, lower(?1) || i || '@example.com',
           (SELECT hashed_password FROM users LIMIT 1), 'REGULAR', 'FREE' FROM n";

/// Starts a service with throttling, behind one trusted proxy that reports client addresses.
pub(crate) async fn spawn_throttled_app() -> App {
    let setup = Setup::new().with("throttle", "on");
    setup.with("trusted_proxy_hops", "1").spawn().await
}

/// The address of the `number`-th client.
pub(crate) fn address(number: usize) -> String {
    format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255)
}

impl App {
    /// Logs in from `address`, as reported by the proxy.
    pub(crate) async fn login_from(
        &self,
        address: &str,
        username: &str,
        password: &str,
    ) -> Response {
        let request = self.request(Method::POST, LOGIN);
        let request = request.header("x-forwarded-for", address);
        Response::to(request.form(&[("username", username), ("password", password)])).await
    }

    /// Inserts the users `<prefix>1` to `<prefix><count>` directly into the database.
    pub(crate) fn add_users(&self, prefix: &str, count: u32) {
        let added = self.database().execute(ADD_USERS, (prefix, count));
        assert_eq!(added, Ok(count as usize));
    }
}
