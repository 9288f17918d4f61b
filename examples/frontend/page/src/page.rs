//! The page's reactions to events.

use std::cell::Cell;

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::prelude::{JsCast, JsError};
use wasm_bindgen_futures::spawn_local;
use web_sys::{PageTransitionEvent, window};

use crate::channel::News;
use crate::problem::Problem;
use crate::session::Session;
use crate::view::View;

/// The page: the view, and the session behind it.
pub struct Page {
    view: View,
    session: Session,
    /// A task is running; further ones are ignored.
    busy: Cell<bool>,
}

impl Page {
    /// The page of this document.
    ///
    /// # Errors
    /// If the document lacks an element, or the browser a feature.
    pub fn find() -> Result<Self, JsError> {
        Ok(Self {
            view: View::find()?,
            session: Session::open()?,
            busy: Cell::new(false),
        })
    }

    /// Handles events of the user and of other tabs for the lifetime of the document.
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
        self.session.listen(|news| match news {
            News::Began => self.resume(),
            News::Ended => self.leave(),
        });
        let Some(window) = window() else { return };
        EventListener::new(&window, "pageshow", |event| {
            let is_restored = event.dyn_ref().is_some_and(PageTransitionEvent::persisted);
            // The session may have ended since the browser put the document into its cache.
            if is_restored {
                self.view.forget_answer();
                self.resume();
            }
        })
        .forget();
    }

    /// Resumes the session, if there is one.
    pub fn resume(&'static self) {
        self.perform("Looking for your session …", self.look());
    }

    /// Follows a logout in another tab.
    fn leave(&self) {
        self.session.forget();
        self.view.forget_answer();
        self.view.show(false);
        self.view.announce("You have logged out elsewhere.");
    }

    /// Runs a task unless another one is running, and shows its progress and its outcome.
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
                Ok(message) => self.view.announce(message),
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

    async fn look(&self) -> Result<&'static str, Problem> {
        match self.ask().await {
            Err(Problem::LoggedOut) => Ok(""),
            outcome => outcome,
        }
    }

    async fn log_out(&self) -> Result<&'static str, Problem> {
        self.session.log_out().await?;
        self.view.forget_answer();
        Ok("You are logged out.")
    }
}
