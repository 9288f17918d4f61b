//! The routes that are measured, and what is sent to each.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::load::{Kind, Load, Outcome};
use crate::population::{self, PASSWORD, POPULAR_NAME, first_session, user_id};
use crate::scale::Scale;
use crate::tokens::{access_token, refresh_token};
use crate::world::{Lane, World};

/// How many users take turns where a request can be sent again.
const PEOPLE: u32 = 2_000;
/// More than any machine answers in a second, where each request is good once.
const ONCE_PER_SECOND: u32 = 20_000;
/// The same where it takes a hash.
const HASHES_PER_SECOND: u32 = 1_000;

/// A route, with what is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// A protected GET.
    TestData,
    /// The next tokens of a session.
    Refresh,
    /// The end of a session.
    Logout,
    /// A mail with a reset link.
    ForgotPassword,
    /// A registration under a name that half of all users have, with a number behind it.
    Suggestion,
    /// A new session.
    Login,
    /// A new user.
    Register,
    /// A new password.
    ResetPassword,
}

impl Route {
    /// Its name in a table.
    pub fn name(self) -> &'static str {
        match self {
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

    /// Whether a request takes a password's hash.
    pub fn hashes(self) -> bool {
        matches!(self, Self::Login | Self::Register | Self::ResetPassword)
    }

    fn path(self) -> &'static str {
        match self {
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
            Self::TestData => Kind::Authorization,
            Self::Refresh => Kind::Chain,
            Self::Login => Kind::Form,
            _ => Kind::Json,
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::TestData | Self::Refresh | Self::Login | Self::ResetPassword => 200,
            Self::Register => 201,
            Self::ForgotPassword => 202,
            Self::Logout => 204,
            Self::Suggestion => 409,
        }
    }

    /// For how many seconds it is measured.
    pub fn seconds(self, scale: &Scale) -> u64 {
        match self.hashes() {
            true => scale.seconds_of_hashing,
            false => scale.seconds,
        }
    }

    /// What to send to it for so many seconds.
    ///
    /// # Errors
    /// The database fails where something has to be there first.
    pub fn load(self, world: &World, seconds: u64) -> Result<Load> {
        let once = |per_second: u32| per_second * u32::try_from(seconds).unwrap_or(u32::MAX);
        let lines = match self {
            Self::TestData => authorizations(world),
            Self::Refresh => refresh_tokens(world, PEOPLE)?,
            Self::Logout => {
                let tokens = refresh_tokens(world, once(ONCE_PER_SECOND))?;
                let body = |token| json!({"refresh_token": token}).to_string();
                tokens.into_iter().map(body).collect()
            }
            Self::ForgotPassword => {
                let people = world.people(Lane::Forgets, PEOPLE);
                let body = |user| json!({"email": population::email(user)}).to_string();
                people.map(body).collect()
            }
            Self::Suggestion => {
                registrations(world, once(ONCE_PER_SECOND), |_| POPULAR_NAME.into())
            }
            Self::Register => registrations(world, once(HASHES_PER_SECOND), |number| {
                format!("new-user-{number}")
            }),
            Self::Login => logins(world),
            Self::ResetPassword => {
                let tokens = world.new_reset_tokens(once(HASHES_PER_SECOND))?;
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

    /// Measures it over so many connections.
    ///
    /// # Errors
    /// The database fails, wrk does, or it answered more requests than were there.
    pub fn measure(self, world: &World, connections: usize, seconds: u64) -> Result<Outcome> {
        let load = self.load(world, seconds)?;
        let outcome = load.run(connections, seconds)?;
        world.host.rest();
        let is_good_once = matches!(self, Self::Logout | Self::Register | Self::ResetPassword);
        let has_run_out = is_good_once && outcome.requests >= load.lines.len() as u64;
        ensure!(!has_run_out, "{} is faster than was thought", self.name());
        Ok(outcome)
    }
}

/// Access tokens of sessions that nobody ends.
pub fn authorizations(world: &World) -> Vec<String> {
    let now = population::now();
    let token = |user| access_token(user_id(user), first_session(user), now);
    let people = world.people(Lane::Reads, PEOPLE);
    people
        .map(|user| format!("Bearer {}", token(user)))
        .collect()
}

/// Refresh tokens of sessions that begin now.
fn refresh_tokens(world: &World, count: u32) -> Result<Vec<String>> {
    let sessions = world.new_sessions(count)?;
    Ok(sessions.into_iter().map(refresh_token).collect())
}

fn logins(world: &World) -> Vec<String> {
    let password = PASSWORD.replace(' ', "+");
    let form = |user| format!("username={}&password={password}", population::email(user));
    let people = world.people(Lane::LogsIn, PEOPLE);
    people.map(|user| form(user).replace('@', "%40")).collect()
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
