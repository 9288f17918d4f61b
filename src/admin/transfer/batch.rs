//! Imports some hundred users in a transaction.

use std::collections::HashMap;

use uuid::Uuid;

use super::line::NewUser;
use super::store;
use crate::app::App;
use crate::db::DbError;
use crate::events;
use crate::events::action::USER_IMPORTED;
use crate::http::client::Client;
use crate::passwords;
use crate::platform::clock;
use crate::users::register::{EMAIL_TAKEN, USERNAME_TAKEN};

/// Where a username that was made of an address is taken, it gets a random number below these in turn. A
/// thousand users named `info` need no thousand attempts, as they would with the smallest free number.
const NUMBERS: [u64; 2] = [10_000, 1_000_000_000];

/// Imports those users whose address and username are free. Returns for each of the others why it was not.
pub async fn import(
    app: &App,
    actor: &str,
    client: &Client,
    users: Vec<NewUser>,
) -> Result<HashMap<Uuid, &'static str>, DbError> {
    let now = clock::now();
    let slowest = users.iter().filter_map(|user| user.hash.as_ref());
    let slowest = slowest.map(|hash| hash.check_time).max();
    let mut refused = HashMap::new();
    let mut imported = Vec::new();
    let mut waiting = users;
    let mut numbers = NUMBERS.into_iter();
    let mut transaction = app.database.connect().await?.begin()?;
    while !waiting.is_empty() {
        let inserted = store::insert(&mut transaction, &waiting, now)?;
        imported.extend(inserted.iter().copied());
        waiting.retain(|user| !inserted.contains(&user.id));
        if waiting.is_empty() {
            break;
        }
        let taken = store::taken_addresses(&mut transaction, &waiting)?;
        let number = numbers.next();
        waiting.retain_mut(|user| {
            let reason = if taken.contains(user.email.as_str()) {
                EMAIL_TAKEN
            } else if number.is_some_and(|limit| user.renumber(limit)) {
                return true;
            } else {
                USERNAME_TAKEN
            };
            refused.insert(user.id, reason.detail());
            false
        });
    }
    if !imported.is_empty() {
        let action = USER_IMPORTED;
        events::record_all(app, &mut transaction, actor, action, &imported, client, now)?;
    }
    if let Some(slowest) = slowest {
        passwords::store::record_check(&mut transaction, slowest)?;
    }
    transaction.commit()?;
    Ok(refused)
}
