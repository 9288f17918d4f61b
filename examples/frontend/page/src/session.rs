//! The session: its tokens, and how it goes on.

use std::cell::RefCell;

use wasm_bindgen_futures::spawn_local;

use crate::api::{self, TestData, Tokens};
use crate::lock::Lock;
use crate::problem::Problem;
use crate::storage;

/// A session that may or may not have begun. The access token lives in memory only; after a reload
/// the refresh token gets a new one.
#[derive(Default)]
pub struct Session {
    access_token: RefCell<Option<String>>,
}

impl Session {
    /// Whether somebody is logged in, here or in another tab.
    pub fn exists(&self) -> bool {
        storage::read().is_some() || self.access_token.borrow().is_some()
    }

    /// Begins it. The session that was kept until then is ended.
    pub async fn log_in(&self, username: &str, password: &str) -> Result<(), Problem> {
        let tokens = api::log_in(username, password).await?;
        let _lock = Lock::acquire(storage::KEY).await;
        let former = storage::read();
        self.keep(tokens);
        if let Some(token) = former {
            // Nobody waits for it, or hears that it failed.
            spawn_local(async move { _ = api::log_out(&token).await });
        }
        Ok(())
    }

    /// Asks the protected route, with new tokens if those at hand are missing or no longer good.
    pub async fn test_data(&self) -> Result<TestData, Problem> {
        let token = self.access_token.borrow().clone();
        if let Some(token) = token {
            let answer = api::test_data(&token).await;
            if !matches!(&answer, Err(problem) if problem.is_unauthorized()) {
                return answer;
            }
        }
        let token = self.refresh().await?;
        api::test_data(&token).await
    }

    /// Ends it, in every tab.
    pub async fn log_out(&self) -> Result<(), Problem> {
        let _lock = Lock::acquire(storage::KEY).await;
        if let Some(token) = storage::read() {
            api::log_out(&token).await?;
        }
        self.forget();
        Ok(())
    }

    /// Forgets what another tab has ended.
    pub fn forget(&self) {
        self.access_token.take();
        storage::clear();
    }

    /// A new access token. A refresh token is good once, so tabs take turns, and each begins with
    /// what the one before it has left.
    async fn refresh(&self) -> Result<String, Problem> {
        let _lock = Lock::acquire(storage::KEY).await;
        let token = storage::read().ok_or(Problem::LoggedOut)?;
        match api::refresh(&token).await {
            Ok(tokens) => Ok(self.keep(tokens)),
            Err(problem) if problem.is_unauthorized() => {
                // Unless another tab has begun a new session meanwhile.
                if storage::read() == Some(token) {
                    self.forget();
                }
                Err(Problem::LoggedOut)
            }
            Err(problem) => Err(problem),
        }
    }

    /// Keeps both tokens, each in its place, and returns the access token.
    fn keep(&self, tokens: Tokens) -> String {
        storage::write(&tokens.refresh_token);
        self.access_token.replace(Some(tokens.access_token.clone()));
        tokens.access_token
    }
}
