//! The kinds of events.

use serde::{Serialize, Serializer};

/// Declares the actions. Their names are public and never change.
macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal;)+) => {
        $($(#[$doc])* pub const $action: Action = Action($name);)+

        const ALL: &[Action] = &[$($action),+];
    };
}

actions! {
    /// A login. The database records it with the session, see `migrations/0012_accounts.sql`.
    SESSION_CREATED = "session.created";
    USER_REGISTERED = "user.registered";
    PASSWORD_RESET = "password.reset";
    EMAIL_VERIFIED = "email.verified";
    /// Its detail has the `old` and the `new` address.
    EMAIL_CHANGED = "email.changed";
    /// Its detail has the `old` and the `new` name.
    USERNAME_CHANGED = "username.changed";
    /// The owner has disowned the event with the `event_id` of its detail.
    ACCOUNT_SECURED = "account.secured";
}

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action(&'static str);

impl Action {
    /// The name, as stored and shown.
    pub fn name(self) -> &'static str {
        self.0
    }

    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|action| action.0 == name)
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}
