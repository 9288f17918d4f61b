//! SQL of the list of users.
//!
//! A page is read from an index, and examines at most [`window::SIZE`] users, whatever the filters and however
//! many users there are. So it may have fewer users than asked for while there are more.

use std::fmt;

use serde_json::json;

use super::window::{self, Page};
use super::{MANAGED_COLUMNS, read};
use crate::admin::user::{ManagedUser, Status};
use crate::db::{Connection, DbError, Row};
use crate::users::settings::Administrators;
use crate::users::store::USER_COLUMNS;
use crate::users::user::Role;

/// What a list is to have. The prefix is in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// What the address or the username begins with.
    pub prefix: Option<String>,
    pub role: Option<Role>,
    pub status: Option<Status>,
}

/// An order of users that an index has. A list goes through one or two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Newest,
    /// Those with the role, from the newest on.
    Role(Role),
    /// Administrators by the settings without the role.
    BySetting,
    Disabled,
    Deleting,
    Unverified,
    /// By address, those that begin with the prefix.
    Email,
    /// By username, those that begin with the prefix, and whose address does not.
    Username,
}

/// A position in an order: the key of a user in the index, and their id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub key: String,
    pub id: String,
}

impl Filter {
    /// The orders that together have every user of the filter once.
    pub fn orders(&self) -> &'static [Order] {
        match self {
            Self {
                prefix: Some(_), ..
            } => &[Order::Email, Order::Username],
            Self {
                role: Some(Role::Admin),
                ..
            } => &[Order::Role(Role::Admin), Order::BySetting],
            Self {
                role: Some(Role::Moderator),
                ..
            } => &[Order::Role(Role::Moderator)],
            Self {
                status: Some(Status::Disabled),
                ..
            } => &[Order::Disabled],
            Self {
                status: Some(Status::Deleting),
                ..
            } => &[Order::Deleting],
            Self {
                status: Some(Status::Unverified),
                ..
            } => &[Order::Unverified],
            _ => &[Order::Newest],
        }
    }

    /// The conditions on each user that is examined.
    fn conditions(&self) -> String {
        let role = self.role.map(|role| {
            let role = role.as_str();
            format!("iif(by_setting, 'ADMIN', account_role) = '{role}'")
        });
        let status = self.status.map(|status| {
            let condition = match status {
                Status::Disabled => "disabled_at IS NOT NULL",
                Status::Deleting => "disabled_at IS NULL AND deletes_at IS NOT NULL",
                Status::Unverified => {
                    "disabled_at IS NULL AND deletes_at IS NULL AND NOT is_verified"
                }
                Status::Active => "disabled_at IS NULL AND deletes_at IS NULL AND is_verified",
            };
            condition.to_owned()
        });
        let conditions: Vec<_> = role.into_iter().chain(status).collect();
        if conditions.is_empty() {
            return "1".to_owned();
        }
        conditions.join(" AND ")
    }
}

impl Order {
    /// The index, and which of its users are in the order.
    fn source(self) -> (&'static str, &'static str) {
        match self {
            Self::Newest => ("ix_users_created_at", "1"),
            Self::Role(Role::Moderator) => (
                "ix_users_role",
                "account_role <> 'REGULAR' AND account_role = 'MODERATOR'",
            ),
            Self::Role(_) => (
                "ix_users_role",
                "account_role <> 'REGULAR' AND account_role = 'ADMIN'",
            ),
            Self::BySetting => (
                "ix_users_email",
                "email IN (SELECT value FROM json_each(?4)) AND email_verified_at IS NOT NULL \
                 AND account_role <> 'ADMIN'",
            ),
            Self::Disabled => ("ix_users_disabled_created_at", "disabled_at IS NOT NULL"),
            Self::Deleting => ("ix_users_deleting_created_at", "deletes_at IS NOT NULL"),
            Self::Unverified => (
                "ix_users_unverified_created_at",
                "email_verified_at IS NULL",
            ),
            Self::Email => ("ix_users_email", "email >= ?5 AND email < ?6"),
            Self::Username => (
                "ix_users_username_lower",
                "lower(username) >= ?5 AND lower(username) < ?6 \
                 AND NOT (email >= ?5 AND email < ?6)",
            ),
        }
    }

    /// The key, whether it descends, and the key before the first user.
    fn key(self) -> (&'static str, bool, &'static str) {
        match self {
            Self::Email | Self::BySetting => ("email", false, ""),
            Self::Username => ("lower(username)", false, ""),
            // After every time.
            _ => ("created_at", true, "9999-12-31 24"),
        }
    }
}

/// Reads up to `limit` users after `start`, or from the first on.
pub fn page(
    connection: &mut Connection<'_>,
    filter: &Filter,
    order: Order,
    start: Option<Position>,
    administrators: &Administrators,
    limit: usize,
) -> Result<Page<ManagedUser, Position>, DbError> {
    let (_, _, first) = order.key();
    let start = start.unwrap_or_else(|| Position {
        key: first.to_owned(),
        id: String::new(),
    });
    let mut parameters = vec![
        start.key.into(),
        start.id.into(),
        (limit as i64 + 1).into(),
        json!(administrators.addresses()).to_string().into(),
    ];
    if let Some(prefix) = &filter.prefix {
        // No text with the prefix is after the last character.
        let end = format!("{prefix}{}", char::MAX);
        parameters.extend([prefix.as_str().into(), end.into()]);
    }
    let rows = connection.query(&statement(filter, order), parameters)?;
    let find = |row: &Row| {
        if row.text(0).is_err() {
            return Ok(None);
        }
        Ok(Some((read(row)?, row.read(14, Position::read)?)))
    };
    window::page(&rows, limit, find, |row| row.read(17, Position::read).ok())
}

impl fmt::Display for Position {
    /// Writes what [`Position::read`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.id)
    }
}

impl Position {
    /// Reads a key and an id. An id has no space.
    pub fn read(text: &str) -> Option<Self> {
        let (key, id) = text.rsplit_once(' ')?;
        Some(Self {
            key: key.to_owned(),
            id: id.to_owned(),
        })
    }
}

fn statement(filter: &Filter, order: Order) -> String {
    let (index, source) = order.source();
    let (key, is_descending, _) = order.key();
    let (after, direction) = if is_descending {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    let conditions = filter.conditions();
    let (size, last) = (window::SIZE, window::SIZE - 1);
    format!(
        "WITH candidates AS MATERIALIZED (SELECT {USER_COLUMNS}, {MANAGED_COLUMNS}, \
         email_verified_at IS NOT NULL AND email IN (SELECT value FROM json_each(?4)) AS by_setting, \
         {key} || ' ' || id AS position, email_verified_at IS NOT NULL AS is_verified, \
         {key} AS key FROM users INDEXED BY {index} \
         WHERE {source} AND ({key}, id) {after} (?1, ?2) \
         ORDER BY {key} {direction}, id {direction} LIMIT {size}) \
         SELECT c.*, w.position \
         FROM (SELECT (SELECT position FROM candidates LIMIT 1 OFFSET {last}) AS position) w \
         LEFT JOIN candidates c ON {conditions} \
         ORDER BY c.key {direction}, c.id {direction} LIMIT ?3"
    )
}
