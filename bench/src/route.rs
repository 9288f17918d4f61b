//! The measured routes, and the requests for each.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::load::{Kind, Load, Outcome};
use crate::population::{self, PASSWORD, POPULAR_NAME, first_session, user_id};
use crate::scale::Scale;
use crate::tokens::{access_token, refresh_token};
use crate::world::{Lane, World};

/// The number of users to take turns where requests can be repeated.
pub const USERS: u32 = 2_000;
/// More requests per second than any machine answers, for requests that work only once.
const MAX_PER_SECOND: u32 = 20_000;
/// The same for requests that hash.
const MAX_HASHES_PER_SECOND: u32 = 1_000;

/// A measured route; one may be measured with different requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// A GET without work. It gets the requests of the protected GET.
    Home,
    /// A protected GET.
    TestData,
    /// Rotates the tokens of a session.
    Refresh,
    /// Ends a session.
    Logout,
    /// Requests a mail with a reset link.
    ForgotPassword,
    /// Registers under the name that half of all users share, so that a free one is suggested.
    Suggestion,
    /// Starts a session.
    Login,
    /// Creates a user.
    Register,
    /// Sets a new password.
    ResetPassword,
}

impl Route {
    /// The name in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Home => "`GET /`",
            Self::TestData => "protected GET",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
            Self::ForgotPassword => "forgot-password",
            Self::Suggestion => "name suggestion",
            Self::Login => "login",
            Self::Register => "register",
            Self::ResetPassword => "reset-password",
        }
    }

    /// Whether a request hashes a password.
    pub fn hashes(self) -> bool {
        matches!(self, Self::Login | Self::Register | Self::ResetPassword)
    }

    fn path(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::TestData => "/api/v1/data/test-data",
            Self::Refresh => "/api/v1/auth/refresh",
            Self::Logout => "/api/v1/auth/logout",
            Self::ForgotPassword => "/api/v1/auth/forgot-password",
            Self::Suggestion | Self::Register => "/api/v1/auth/register",
            Self::Login => "/api/v1/auth/login",
            Self::ResetPassword => "/api/v1/auth/reset-password",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Home | Self::TestData => Kind::Authorization,
            Self::Refresh => Kind::Chain,
            Self::Login => Kind::Form,
            _ => Kind::Json,
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::Home | Self::TestData | Self::Refresh | Self::Login | Self::ResetPassword => 200,
            Self::Register => 201,
            Self::ForgotPassword => 202,
            Self::Logout => 204,
            Self::Suggestion => 409,
        }
    }

    /// The duration of a measurement, in seconds.
    pub fn seconds(self, scale: &Scale) -> u64 {
        if self.hashes() {
            scale.hashing_seconds
        } else {
            scale.seconds
        }
    }

    /// Prepares enough requests for `seconds`, including the data that they need.
    pub fn load(self, world: &World, seconds: u64) -> Result<Load> {
        let once = |per_second: u32| per_second * u32::try_from(seconds).unwrap_or(u32::MAX);
        let lines = match self {
            Self::Home | Self::TestData => authorizations(world),
            Self::Refresh => refresh_tokens(world, USERS)?,
            Self::Logout => {
                let tokens = refresh_tokens(world, once(MAX_PER_SECOND))?;
                let body = |token| json!({"refresh_token": token}).to_string();
                tokens.into_iter().map(body).collect()
            }
            Self::ForgotPassword => {
                let users = world.users_of(Lane::ResetPassword, USERS);
                let body = |user| json!({"email": population::email(user)}).to_string();
                users.map(body).collect()
            }
            Self::Suggestion => registrations(world, once(MAX_PER_SECOND), |_| POPULAR_NAME.into()),
            Self::Register => registrations(world, once(MAX_HASHES_PER_SECOND), |number| {
                format!("new-user-{number}")
            }),
            Self::Login => logins(world),
            Self::ResetPassword => {
                let tokens = world.new_reset_tokens(once(MAX_HASHES_PER_SECOND))?;
                let body = |token| json!({"token": token, "new_password": PASSWORD}).to_string();
                tokens.into_iter().map(body).collect()
            }
        };
        Ok(Load {
            url: world.host.at(self.path()),
            kind: self.kind(),
            status: self.status(),
            lines,
        })
    }

    /// Measures the route over `connections` connections.
    pub fn measure(self, world: &World, connections: usize, seconds: u64) -> Result<Outcome> {
        let load = self.load(world, seconds)?;
        let outcome = load.run(connections, seconds)?;
        world.host.wait_until_idle();
        let works_once = matches!(self, Self::Logout | Self::Register | Self::ResetPassword);
        let ran_out = works_once && outcome.requests >= load.lines.len() as u64;
        ensure!(!ran_out, "{} ran out of prepared requests", self.name());
        Ok(outcome)
    }
}

/// `Authorization` headers of sessions that stay active.
pub fn authorizations(world: &World) -> Vec<String> {
    let now = population::now();
    let token = |user| access_token(user_id(user), first_session(user), now);
    let users = world.users_of(Lane::Read, USERS);
    users
        .map(|user| format!("Bearer {}", token(user)))
        .collect()
}

/// Refresh tokens of new sessions.
fn refresh_tokens(world: &World, count: u32) -> Result<Vec<String>> {
    let sessions = world.new_sessions(count)?;
    Ok(sessions.into_iter().map(refresh_token).collect())
}

fn logins(world: &World) -> Vec<String> {
    let password = PASSWORD.replace(' ', "+");
    let form = |user| format!("username={}&password={password}", population::email(user));
    let users = world.users_of(Lane::Login, USERS);
    users.map(|user| form(user).replace('@', "%40")).collect()
}

fn registrations(world: &World, count: u32, username: impl Fn(u32) -> String) -> Vec<String> {
    let body = |number| {
        json!({
            "email": format!("new-user-{number}@example.com"),
            "username": username(number),
            "password": PASSWORD,
            "captcha_id": "5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b11",
            "captcha_answer": "",
        })
        .to_string()
    };
    world.new_numbers(count).map(body).collect()
}
