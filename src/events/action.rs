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
    /// The user has chosen a new password, knowing the old one.
    PASSWORD_CHANGED = "password.changed";
    /// A session was ended by its user, or because one of its refresh tokens was used again. Its detail has
    /// the `session_id` and, unless it was the user, a `reason`.
    SESSION_REVOKED = "session.revoked";
    /// The user has asked to be deleted. Its detail has `deletes_at`.
    DELETION_SCHEDULED = "deletion.scheduled";
    /// A login or the owner has undone that. The database records it.
    DELETION_CANCELLED = "deletion.cancelled";
    /// A user is gone. The event does not tell who it was.
    USER_DELETED = "user.deleted";
    /// An administrator has invited a new user.
    USER_INVITED = "user.invited";
    /// An administrator has changed the role or the plan. Its detail has the `old` and the `new` values.
    USER_UPDATED = "user.updated";
    /// An administrator has disabled the user. Its detail has the `disabled_reason` and, if it has an end,
    /// `disabled_until`.
    USER_DISABLED = "user.disabled";
    /// An administrator has enabled the user, or the end of the disabling has come.
    USER_ENABLED = "user.enabled";
    /// An administrator has sent the user a link to choose a new password.
    PASSWORD_RESET_REQUESTED = "password.reset_requested";
    /// An administrator has imported the user.
    USER_IMPORTED = "user.imported";
    /// The user, an administrator, has imported users. Its detail has how many were `imported` and `failed`.
    USERS_IMPORTED = "users.imported";
    /// The user, an administrator, has exported users. Its detail has how many were `exported`.
    USERS_EXPORTED = "users.exported";
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
