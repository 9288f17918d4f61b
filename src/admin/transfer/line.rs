//! A user as a line of JSON: what an import takes.

use uuid::Uuid;

use crate::admin::disable::parse_reason;
use crate::admin::list::parse_role;
use crate::admin::update::{parse_subscription, parse_time};
use crate::http::body::{FromFields, validate};
use crate::http::fields::Fields;
use crate::passwords::foreign::ForeignHash;
use crate::platform::random;
use crate::platform::timestamp::Timestamp;
use crate::settings::Settings;
use crate::users::email::Email;
use crate::users::user::{Role, Subscription};
use crate::users::username::Username;

/// Longest line, in bytes. A user takes some hundred, and there is room for what is ignored.
const MAX_LINE_BYTES: usize = 64 * 1024;
/// Longest reason for refusing a line, in bytes. It names at most as many fields as there are.
const MAX_REASON_BYTES: usize = 256;

/// A user to be imported.
#[derive(Debug)]
pub struct NewUser {
    pub id: Uuid,
    pub email: Email,
    pub username: String,
    /// What the username was made of, if the line has none.
    pub stem: Option<Username>,
    /// `None`: the user has to choose a password.
    pub hash: Option<ForeignHash>,
    pub is_verified: bool,
    pub role: Role,
    pub subscription: Subscription,
    pub subscription_expires_at: Option<Timestamp>,
    /// `None`: now.
    pub created_at: Option<Timestamp>,
    pub disabling: Option<Disabling>,
}

/// Since when an administrator has kept the user out, until when, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Disabling {
    pub at: Timestamp,
    pub until: Option<Timestamp>,
    pub reason: Option<String>,
}

impl NewUser {
    /// Parses a line.
    ///
    /// # Errors
    /// The reason why it is refused, for people, without any of its values.
    pub fn parse(line: &[u8], settings: &Settings) -> Result<Self, String> {
        if line.len() > MAX_LINE_BYTES {
            return Err("The line is longer than 64 KiB.".to_owned());
        }
        let fields = Fields::from_json(line)
            .map_err(|_| "The line is no JSON object, or has a name twice.".to_owned())?;
        validate(fields, settings).map_err(|error| {
            let words: Vec<_> = error.fields().iter().map(|field| field.words()).collect();
            let mut words = words.join(" ");
            words.truncate(words.floor_char_boundary(MAX_REASON_BYTES));
            words
        })
    }

    /// Gives a user whose line has no username another one, with a random number below `limit`. `false` if
    /// the line has one.
    pub fn renumber(&mut self, limit: u64) -> bool {
        let Some(stem) = &self.stem else {
            return false;
        };
        self.username = stem.numbered(random_number(limit));
        true
    }
}

fn random_number(limit: u64) -> u64 {
    u64::from_le_bytes(random::bytes()) % limit
}

impl FromFields for NewUser {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        let username = fields.optional("username", Username::parse);
        let hash = fields.optional("password_hash", ForeignHash::parse);
        let is_verified = fields.flag("verified").unwrap_or_default();
        let role = fields.optional("role", parse_role);
        let subscription = fields.optional("subscription", parse_subscription);
        let subscription_expires_at = fields.optional("subscription_expires_at", parse_time);
        let created_at = fields.optional("created_at", parse_time);
        let disabled_at = fields.optional("disabled_at", parse_time);
        let until = fields.optional("disabled_until", parse_time);
        let reason = fields.optional("disabled_reason", parse_reason);
        let email = email?;
        let (username, stem) = match username {
            Some(username) => (username.as_str().to_owned(), None),
            None => {
                let stem = Username::like(email.local_part());
                (stem.as_str().to_owned(), Some(stem))
            }
        };
        Some(Self {
            id: random::id(),
            email,
            username,
            stem,
            hash,
            is_verified,
            role: role.unwrap_or(Role::Regular),
            subscription: subscription.unwrap_or(Subscription::Free),
            subscription_expires_at,
            created_at,
            disabling: disabled_at.map(|at| Disabling { at, until, reason }),
        })
    }
}
