//! The session and its tokens.

use std::cell::RefCell;

use wasm_bindgen_futures::spawn_local;

use crate::api::{self, TestData, Tokens};
use crate::lock::Lock;
use crate::problem::Problem;
use crate::storage;

/// The session, if there is one. The access token is kept in memory only; after a reload, the refresh
/// token gets a new one.
#[derive(Default)]
pub struct Session {
    access_token: RefCell<Option<String>>,
}

impl Session {
    /// Whether the user is logged in, here or in another tab.
    pub fn exists(&self) -> bool {
        storage::read().is_some() || self.access_token.borrow().is_some()
    }

    /// Starts a session, and ends the one that was stored before.
    pub async fn log_in(&self, username: &str, password: &str) -> Result<(), Problem> {
        let tokens = api::log_in(username, password).await?;
        let _lock = Lock::acquire(storage::KEY).await;
        let previous = storage::read();
        self.keep(tokens);
        if let Some(token) = previous {
            // In the background, and failures are ignored.
            spawn_local(async move { _ = api::log_out(&token).await });
        }
        Ok(())
    }

    /// Requests the protected route, with a new access token if there is none or it is no longer valid.
    pub async fn test_data(&self) -> Result<TestData, Problem> {
        let token = self.access_token.borrow().clone();
        if let Some(token) = token {
            let response = api::test_data(&token).await;
            if !matches!(&response, Err(problem) if problem.is_unauthorized()) {
                return response;
            }
        }
        let token = self.refresh().await?;
        api::test_data(&token).await
    }

    /// Ends the session in every tab.
    pub async fn log_out(&self) -> Result<(), Problem> {
        let _lock = Lock::acquire(storage::KEY).await;
        if let Some(token) = storage::read() {
            api::log_out(&token).await?;
        }
        self.forget();
        Ok(())
    }

    /// Forgets a session that another tab has ended.
    pub fn forget(&self) {
        self.access_token.take();
        storage::clear();
    }

    /// Gets a new access token. A refresh token is valid once, so tabs take turns, and each uses the
    /// token that the previous one stored.
    async fn refresh(&self) -> Result<String, Problem> {
        let _lock = Lock::acquire(storage::KEY).await;
        let token = storage::read().ok_or(Problem::LoggedOut)?;
        match api::refresh(&token).await {
            Ok(tokens) => Ok(self.keep(tokens)),
            Err(problem) if problem.is_unauthorized() => {
                // Unless another tab has started a new session in the meantime.
                if storage::read() == Some(token) {
                    self.forget();
                }
                Err(Problem::LoggedOut)
            }
            Err(problem) => Err(problem),
        }
    }

    /// Stores both tokens, and returns the access token.
    fn keep(&self, tokens: Tokens) -> String {
        storage::write(&tokens.refresh_token);
        self.access_token.replace(Some(tokens.access_token.clone()));
        tokens.access_token
    }
}
