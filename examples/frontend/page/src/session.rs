//! The session: in cookies that no script can read, and so the same in all tabs.

use std::cell::Cell;

use wasm_bindgen::prelude::JsError;
use wasm_bindgen_futures::spawn_local;

use crate::api::{self, TestData};
use crate::channel::{Channel, News};
use crate::lock::Lock;
use crate::problem::Problem;
use crate::storage;

/// The name of the tabs' lock and channel, and of the entry of an earlier version's stored session. The
/// service's own pages use the same.
pub const NAME: &str = "gatehouse.session";

/// The session, if there is one.
pub struct Session {
    /// The service has accepted the cookies, and not refused them since.
    exists: Cell<bool>,
    channel: Channel,
}

impl Session {
    /// # Errors
    /// If the browser lacks a channel between tabs.
    pub fn open() -> Result<Self, JsError> {
        Ok(Self {
            exists: Cell::new(false),
            channel: Channel::open()?,
        })
    }

    /// Whether the user is logged in, as far as this tab knows.
    pub fn exists(&self) -> bool {
        self.exists.get()
    }

    /// Handles a login or a logout in another tab.
    pub fn listen(&self, handle: impl FnMut(News) + 'static) {
        self.channel.listen(handle);
    }

    /// Starts a session. The service ends the one that was in the cookies.
    pub async fn log_in(&self, username: &str, password: &str) -> Result<(), Problem> {
        let _lock = Lock::acquire(NAME).await;
        api::log_in(username, password).await?;
        self.exists.set(true);
        self.channel.tell(News::Began);
        if let Some(stored) = storage::read() {
            storage::clear();
            // In the background, and failures are ignored.
            spawn_local(async move { _ = api::log_out(Some(&stored)).await });
        }
        Ok(())
    }

    /// Requests the protected route, after a refresh if the access token is no longer valid.
    pub async fn test_data(&self) -> Result<TestData, Problem> {
        if storage::read().is_some() {
            self.refresh().await?;
        }
        let mut response = api::test_data().await;
        if matches!(&response, Err(problem) if problem.is_unauthorized()) {
            self.refresh().await?;
            response = api::test_data().await;
        }
        if response.is_ok() {
            self.exists.set(true);
        }
        response
    }

    /// Ends the session in every tab.
    pub async fn log_out(&self) -> Result<(), Problem> {
        let _lock = Lock::acquire(NAME).await;
        api::log_out(None).await?;
        self.forget();
        self.channel.tell(News::Ended);
        Ok(())
    }

    /// Forgets a session that has ended.
    pub fn forget(&self) {
        self.exists.set(false);
    }

    /// Renews the cookies. Tabs take turns, each with the latest ones.
    async fn refresh(&self) -> Result<(), Problem> {
        let _lock = Lock::acquire(NAME).await;
        if self.move_stored().await? {
            return Ok(());
        }
        match api::refresh(None).await {
            Err(problem) if problem.is_unauthorized() => {
                self.forget();
                Err(Problem::LoggedOut)
            }
            outcome => outcome,
        }
    }

    /// Moves the session that an earlier version has stored into the cookies. Returns whether there was a
    /// valid one.
    async fn move_stored(&self) -> Result<bool, Problem> {
        let Some(stored) = storage::read() else {
            return Ok(false);
        };
        let is_moved = match api::refresh(Some(&stored)).await {
            Ok(()) => true,
            Err(problem) if problem.is_unauthorized() => false,
            Err(problem) => return Err(problem),
        };
        storage::clear();
        Ok(is_moved)
    }
}
