//! What a user's role depends on.

use super::settings::Administrators;
use super::user::Role;

/// The stored role, and the address that the settings may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub role: Role,
    pub verified_email: Option<String>,
}

impl Standing {
    /// The SQL of a column that [`Standing::from_stored`] reads, from a row of users. No role and no address
    /// has a space.
    pub const COLUMN: &str = "account_role || ' ' || iif(email_verified_at IS NULL, '', email)";

    /// The role that the user has, given who the settings make an administrator.
    pub fn role_by(&self, administrators: &Administrators) -> Role {
        administrators.role(self.role, self.verified_email.as_deref())
    }

    pub fn from_stored(text: &str) -> Option<Self> {
        let (role, email) = text.split_once(' ')?;
        Some(Self {
            role: Role::from_stored(role)?,
            verified_email: (!email.is_empty()).then(|| email.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_cannot_hold_is_no_standing() {
        for text in ["", "ADMIN", "admin ann@example.com", " ann@example.com"] {
            assert_eq!(Standing::from_stored(text), None, "{text}");
        }
    }
}
