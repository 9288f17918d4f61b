//! Settings of users: who is an administrator, beside those with the role.

use super::email::Email;
use super::user::{Role, User};
use crate::settings::reader::Reader;

/// The addresses whose users are administrators once they have verified them. So the first administrator
/// needs no access to the database. The role is computed at each read and never stored: a user who loses
/// the address, or an operator who removes it, ends it at once.
#[derive(Debug, Clone, Default)]
pub struct Administrators(Vec<String>);

impl Administrators {
    /// Reads the setting. On `None`, the reader has recorded the problem.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let list = reader.text("admin_emails").await?;
        let addresses = list.split(',').map(str::trim).filter(|it| !it.is_empty());
        let parsed: Result<Vec<_>, _> = addresses.map(Email::parse).collect();
        match parsed {
            Ok(emails) => Some(Self(
                emails.iter().map(|it| it.as_str().to_owned()).collect(),
            )),
            Err(_) => {
                let problem = "must be empty or a comma-separated list of email addresses";
                reader.refuse("admin_emails", problem);
                None
            }
        }
    }

    /// The addresses, normalized.
    pub fn addresses(&self) -> &[String] {
        &self.0
    }

    /// A user, with the role that the stored one becomes.
    pub fn apply(&self, user: User) -> User {
        let role = self.role(user.role, user.verified_email());
        User { role, ..user }
    }

    /// Whether the settings make the user with this verified address an administrator.
    pub fn includes(&self, verified_email: Option<&str>) -> bool {
        verified_email.is_some_and(|email| self.0.iter().any(|it| it == email))
    }

    /// The role of a user, given the stored one and the verified address.
    pub fn role(&self, stored: Role, verified_email: Option<&str>) -> Role {
        if self.includes(verified_email) {
            Role::Admin
        } else {
            stored
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::standing::Standing;

    #[test]
    fn only_a_verified_address_of_the_settings_makes_an_administrator() {
        let administrators = Administrators(vec!["ann@example.com".into()]);
        let role = |text| {
            let standing = Standing::from_stored(text).expect("a standing");
            standing.role_by(&administrators)
        };
        assert_eq!(role("REGULAR ann@example.com"), Role::Admin);
        assert_eq!(role("REGULAR tom@example.com"), Role::Regular);
        assert_eq!(role("MODERATOR "), Role::Moderator);
        assert_eq!(role("ADMIN "), Role::Admin);
    }
}
