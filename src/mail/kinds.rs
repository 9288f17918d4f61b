//! The kinds of mail. Each has a folder in `templates/email`.

/// Declares the kinds of mail. The name identifies the kind in the outbox, its folder of templates,
/// and its strings in `templates/languages`.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $link:expr;)+) => {
        $($(#[$doc])* pub const $kind: MailKind = MailKind { name: $name, link: $link };)+

        const ALL: &[MailKind] = &[$($kind),+];
    };
}

kinds! {
    /// Contains the reset link.
    PASSWORD_RESET = "password_reset", Link::ResetToken("/auth/reset-password");
    /// Invites a user to choose the first password.
    INVITATION = "invitation", Link::ResetToken("/auth/reset-password");
    /// Tells the owner that the password was changed.
    PASSWORD_CHANGED = "password_changed", Link::NotMe;
    /// Asks a new user to verify the address.
    VERIFY_EMAIL = "verify_email", Link::Verification;
    /// Asks a user to verify the address that is to replace the current one.
    EMAIL_CHANGE = "email_change", Link::Verification;
    /// Tells the owner of an account that another user wants its address.
    EMAIL_TAKEN = "email_taken", Link::Page("/auth/login");
    /// Tells the owner at the old address that the address was changed.
    EMAIL_CHANGED = "email_changed", Link::NotMe;
    /// Tells the owner that the username was changed.
    USERNAME_CHANGED = "username_changed", Link::NotMe;
    /// Tells the owner of a login from a network and a browser that are new.
    NEW_SIGN_IN = "new_sign_in", Link::NotMe;
    /// Tells the owner when the account will be deleted.
    DELETION_SCHEDULED = "deletion_scheduled", Link::NotMe;
    /// Says farewell to a user who is gone.
    ACCOUNT_DELETED = "account_deleted", Link::Page("/");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailKind {
    pub name: &'static str,
    /// Target of the mail's button.
    pub link: Link,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// A page that takes the reset token of the mail.
    ResetToken(&'static str),
    /// The page that verifies an address.
    Verification,
    /// A page without a token.
    Page(&'static str),
    /// The page that undoes what a notice tells of, for an owner who did not do it.
    NotMe,
}

impl MailKind {
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|kind| kind.name == name)
    }
}
