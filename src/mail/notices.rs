//! Notices: mails that tell the owner of an account what happened to it, with a link that undoes it.

use super::kinds::MailKind;
use super::{NewMail, Notice, store};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::events::{self, Event};
use crate::http::client::Client;
use crate::platform::timestamp::Timestamp;

/// Records an event and queues the notice of it. `recipient` is an address, if it is not the user's
/// current one. The template has the values of the event's detail. Call it in the transaction of what
/// happened.
pub fn record(
    app: &App,
    connection: &mut Connection<'_>,
    event: Event,
    kind: MailKind,
    recipient: Option<String>,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    let id = events::record(app, connection, &event, client, now)?;
    let notice = Notice {
        mail: NewMail::new(kind, client.language),
        user: event.user,
        recipient,
        event: id,
        detail: event.detail,
    };
    store::insert_notice(connection, &notice, now)
}
