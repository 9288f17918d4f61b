//! What the page does when something happens to it.

use std::cell::Cell;

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::prelude::{JsCast, JsError};
use wasm_bindgen_futures::spawn_local;
use web_sys::{StorageEvent, window};

use crate::problem::Problem;
use crate::session::Session;
use crate::storage;
use crate::view::View;

/// The page: what is seen, and the session behind it.
pub struct Page {
    view: View,
    session: Session,
    /// Something is under way; what is asked for meanwhile is not begun.
    busy: Cell<bool>,
}

impl Page {
    /// The page of this document.
    ///
    /// # Errors
    /// When the document lacks an element.
    pub fn find() -> Result<Self, JsError> {
        Ok(Self {
            view: View::find()?,
            session: Session::default(),
            busy: Cell::new(false),
        })
    }

    /// Answers the person, and other tabs, as long as the document lives.
    pub fn listen(&'static self) {
        let options = EventListenerOptions::enable_prevent_default();
        EventListener::new_with_options(&self.view.login, "submit", options, |event| {
            event.prevent_default();
            self.perform("Logging in …", self.log_in());
        })
        .forget();
        EventListener::new(&self.view.ask, "click", |_| {
            self.perform("Asking …", self.ask());
        })
        .forget();
        EventListener::new(&self.view.log_out, "click", |_| {
            self.perform("Logging out …", self.log_out());
        })
        .forget();
        let Some(window) = window() else { return };
        EventListener::new(&window, "storage", |event| {
            let key = event.dyn_ref().and_then(StorageEvent::key);
            // Without a key the whole storage was cleared.
            if key.is_none_or(|key| key == storage::KEY) {
                self.follow();
            }
        })
        .forget();
        // The browser may bring the document back as it was left, long after.
        EventListener::new(&window, "pageshow", |_| self.follow()).forget();
    }

    /// Goes on with the session that the browser has kept, if there is one.
    pub fn resume(&'static self) {
        if self.session.exists() {
            self.perform("Looking for your session …", self.ask());
        } else {
            self.view.show(false);
        }
    }

    /// Follows another tab, or another page in this one, that has logged in or out.
    fn follow(&'static self) {
        let is_logged_in = storage::read().is_some();
        if is_logged_in == self.view.shows_logged_in() {
            return;
        }
        if is_logged_in {
            self.resume();
        } else {
            self.session.forget();
            self.view.forget_answer();
            self.view.show(false);
            self.view.announce("You have logged out elsewhere.");
        }
    }

    /// Does one thing at a time: says that it is under way, and shows what has come of it.
    fn perform(
        &'static self,
        progress: &'static str,
        task: impl Future<Output = Result<&'static str, Problem>> + 'static,
    ) {
        if self.busy.replace(true) {
            return;
        }
        self.view.begin(progress);
        spawn_local(async {
            let outcome = task.await;
            self.busy.set(false);
            self.view.end();
            self.view.show(self.session.exists());
            match outcome {
                Ok(words) => self.view.announce(words),
                Err(problem) => self.view.complain(&problem.to_string()),
            }
        });
    }

    async fn log_in(&self) -> Result<&'static str, Problem> {
        let (username, password) = self.view.credentials();
        self.session.log_in(&username, &password).await?;
        self.view.forget_password();
        self.ask().await
    }

    async fn ask(&self) -> Result<&'static str, Problem> {
        self.view.forget_answer();
        self.view.show_answer(&self.session.test_data().await?);
        Ok("")
    }

    async fn log_out(&self) -> Result<&'static str, Problem> {
        self.session.log_out().await?;
        self.view.forget_answer();
        Ok("You are logged out.")
    }
}
