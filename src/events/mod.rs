//! What happened to accounts: the audit log, from which users see what happened to theirs.

pub mod action;
pub mod list;
pub mod not_me;
pub mod notice_token;
pub mod settings;
pub mod store;

use serde_json::Value;
use uuid::Uuid;

use self::action::Action;
use self::store::{Origin, Revocation};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::http::client::Client;
use crate::platform::timestamp::Timestamp;

/// Something that happened to an account.
pub struct Event {
    pub action: Action,
    /// The owner of the account.
    pub user: Uuid,
    /// An object with what else there is to tell, without secrets.
    pub detail: Value,
}

/// Records what the user of a request did to their own account. Call it in the transaction of what the
/// event tells of. Returns the event's id.
pub fn record(
    app: &App,
    connection: &mut Connection<'_>,
    event: &Event,
    client: &Client,
    now: Timestamp,
) -> Result<i64, DbError> {
    record_by(app, connection, &event.user.to_string(), event, client, now)
}

/// Records what `actor` did to an account, like [`record`].
pub fn record_by(
    app: &App,
    connection: &mut Connection<'_>,
    actor: &str,
    event: &Event,
    client: &Client,
    now: Timestamp,
) -> Result<i64, DbError> {
    let network = app.networks.hash(client.network).current;
    let origin = Origin {
        actor,
        network: &network,
        request_id: &client.request_id,
    };
    store::insert(connection, event, &origin, now)
}

/// Records what `actor` did to each of these accounts, like [`record_by`].
pub fn record_all(
    app: &App,
    connection: &mut Connection<'_>,
    actor: &str,
    action: Action,
    users: &[Uuid],
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    let network = app.networks.hash(client.network).current;
    let origin = Origin {
        actor,
        network: &network,
        request_id: &client.request_id,
    };
    store::insert_all(connection, action, users, &origin, now)
}

/// Records the end of sessions. Call it in the transaction that ends them, before they are deleted.
pub fn record_revocation(
    app: &App,
    connection: &mut Connection<'_>,
    revocation: &Revocation,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    let network = app.networks.hash(client.network).current;
    store::insert_revocation(connection, revocation, &network, &client.request_id, now)
}
