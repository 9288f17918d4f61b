//! Every kind of mail: declared here, and written in its folder of `templates/email`.

/// Declares the kinds of mail, each by its name: in the outbox, of its folder, and of its texts in the
/// files of `templates/languages`.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $link:expr;)+) => {
        $($(#[$doc])* pub const $kind: MailKind = MailKind { name: $name, link: $link };)+

        /// All of them.
        const ALL: &[MailKind] = &[$($kind),+];
    };
}

kinds! {
    /// How to choose a new password.
    PASSWORD_RESET = "password_reset", Link::WithToken("/auth/reset-password");
    /// The password was changed; the link is for an owner who did not do it.
    PASSWORD_CHANGED = "password_changed", Link::To("/auth/forgot-password");
}

/// A kind of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailKind {
    /// Its name.
    pub name: &'static str,
    /// The page that its button opens.
    pub link: Link,
}

/// A page that a mail links to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// A page as it is.
    To(&'static str),
    /// A page that takes the token of the mail's row in the outbox.
    WithToken(&'static str),
}

impl MailKind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|kind| kind.name == name)
    }
}
