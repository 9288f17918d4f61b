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
    /// Tells the owner that the password was changed.
    PASSWORD_CHANGED = "password_changed", Link::NotMe;
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
    /// The page that undoes what a notice tells of, for an owner who did not do it.
    NotMe,
}

impl MailKind {
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|kind| kind.name == name)
    }
}
