//! A user as a line of JSON: what an import takes.

use uuid::Uuid;

use crate::admin::disable::parse_reason;
use crate::admin::list::parse_role;
use crate::admin::update::{parse_subscription, parse_time};
use crate::http::error::validation::FieldError;
use crate::http::fields::Fields;
use crate::passwords::foreign::ForeignHash;
use crate::platform::random;
use crate::platform::timestamp::Timestamp;
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
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        if line.len() > MAX_LINE_BYTES {
            return Err("The line is longer than 64 KiB.".to_owned());
        }
        let mut fields = Fields::from_json(line)
            .map_err(|_| "The line is no JSON object, or has a name twice.".to_owned())?;
        let user = Self::take(&mut fields);
        let errors = fields.into_errors();
        match user {
            Some(user) if errors.is_empty() => Ok(user),
            _ => Err(in_words(&errors)),
        }
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

fn in_words(errors: &[FieldError]) -> String {
    let words: Vec<_> = errors.iter().map(FieldError::words).collect();
    let mut words = words.join(" ");
    words.truncate(words.floor_char_boundary(MAX_REASON_BYTES));
    words
}

impl NewUser {
    /// Takes the fields, and records their errors. `None` if one is invalid.
    fn take(fields: &mut Fields) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn parse(line: &str) -> Result<NewUser, String> {
        NewUser::parse(line.as_bytes())
    }

    fn parse_with(field: &str, value: Value) -> Result<NewUser, String> {
        parse(&json!({"email": "tom@example.com", field: value}).to_string())
    }

    #[test]
    fn a_line_with_only_an_address_is_an_ordinary_user_without_a_password() {
        let user = parse(r#"{"email": "Tom.Sawyer@Example.com", "id": 7}"#).expect("a user");
        assert_eq!(user.email.as_str(), "tom.sawyer@example.com");
        assert_eq!(user.username, "tomsawyer");
        assert_eq!(
            (user.role, user.subscription),
            (Role::Regular, Subscription::Free)
        );
        assert_eq!((user.hash, user.is_verified), (None, false));
        assert_eq!((user.created_at, user.disabling), (None, None));
    }

    #[test]
    fn null_is_like_an_absent_field() {
        let fields = [
            "username",
            "password_hash",
            "verified",
            "role",
            "subscription",
            "subscription_expires_at",
            "created_at",
            "disabled_at",
            "disabled_until",
            "disabled_reason",
        ];
        for field in fields {
            assert!(parse_with(field, Value::Null).is_ok(), "{field}");
        }
        assert!(parse(r#"{"email": null}"#).is_err());
    }

    #[test]
    fn a_refused_line_says_which_field_is_wrong_and_never_its_value() {
        for (field, value, reason) in [
            (
                "email",
                json!("secret"),
                "email: value is not a valid email address: An email address must have an @-sign.",
            ),
            (
                "email",
                json!(["secret"]),
                "email: Input should be a valid string",
            ),
            (
                "username",
                json!("admin"),
                "username: This username is reserved and cannot be used.",
            ),
            (
                "password_hash",
                json!("secret"),
                "password_hash: The hash is not supported.",
            ),
            (
                "password_hash",
                json!({"a": "secret"}),
                "password_hash: Input should be a valid string",
            ),
            (
                "verified",
                json!("true"),
                "verified: Input should be a valid boolean",
            ),
            (
                "verified",
                json!(1),
                "verified: Input should be a valid boolean",
            ),
            (
                "role",
                json!("secret"),
                "role: Input should be 'ADMIN', 'MODERATOR' or 'REGULAR'",
            ),
            (
                "subscription",
                json!("secret"),
                "subscription: Input should be 'FREE' or 'PRO'",
            ),
            (
                "created_at",
                json!("secret"),
                "created_at: The time must be in RFC 3339, such as 2027-11-22T11:46:27Z.",
            ),
            (
                "disabled_until",
                json!(7),
                "disabled_until: Input should be a valid string",
            ),
            (
                "disabled_reason",
                json!(" "),
                "disabled_reason: The reason must not be empty.",
            ),
        ] {
            assert_eq!(parse_with(field, value).expect_err(field), reason);
        }
    }

    #[test]
    fn a_line_that_is_no_object_is_refused_without_being_echoed() {
        let deep = format!(
            r#"{{"email": "tom@example.com", "x": {}"#,
            "[".repeat(60_000)
        );
        for line in [
            "secret",
            "\"secret\"",
            "5",
            "null",
            "[]",
            "{",
            "{}{}",
            "\0",
            r#"{"email": "a@example.com", "email": "secret@example.com"}"#,
            &deep,
        ] {
            let reason = "The line is no JSON object, or has a name twice.";
            assert_eq!(parse(line).expect_err(line), reason);
        }
        let invalid = [
            &b"{\"email\": \"tom@example.com\", \"x\": \"\xff\"}"[..],
            b"\xff\xfe{}",
        ];
        assert!(invalid.iter().all(|line| NewUser::parse(line).is_err()));
        let long = parse_with("x", "x".repeat(MAX_LINE_BYTES).into()).expect_err("a long line");
        assert_eq!(long, "The line is longer than 64 KiB.");
    }

    #[test]
    fn only_a_username_that_was_made_is_replaced() {
        let mut made = parse(r#"{"email": "tom@example.com"}"#).expect("a user");
        assert!(made.renumber(10));
        assert!(
            made.username.starts_with("tom") && made.username.len() == 4,
            "{made:?}"
        );
        let mut given = parse_with("username", "Tom".into()).expect("a user");
        assert!(!given.renumber(10));
        assert_eq!(given.username, "Tom");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_reasons_are_short(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Err(reason) = NewUser::parse(&line) {
                prop_assert!(reason.len() <= MAX_REASON_BYTES);
            }
        }
    }
}
