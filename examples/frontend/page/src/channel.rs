//! News of the session for the other tabs of this origin, the service's own pages among them.

use gloo_events::EventListener;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{JsCast, JsError};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::session::NAME;

const BEGAN: &str = "began";
const ENDED: &str = "ended";

/// What has happened to the session.
pub enum News {
    Began,
    Ended,
}

/// The channel that all tabs share.
pub struct Channel(BroadcastChannel);

impl Channel {
    /// # Errors
    /// If the browser has no channels.
    pub fn open() -> Result<Self, JsError> {
        let channel = BroadcastChannel::new(NAME);
        let channel = channel.map_err(|_| JsError::new("there are no channels between tabs"))?;
        Ok(Self(channel))
    }

    /// Tells the other tabs.
    pub fn tell(&self, news: News) {
        let message = match news {
            News::Began => BEGAN,
            News::Ended => ENDED,
        };
        let _ = self.0.post_message(&JsValue::from_str(message));
    }

    /// Handles the news of other tabs for the lifetime of the document.
    pub fn listen(&self, mut handle: impl FnMut(News) + 'static) {
        EventListener::new(&self.0, "message", move |event| {
            let message = event.dyn_ref().map(MessageEvent::data);
            match message.and_then(|message| message.as_string()).as_deref() {
                Some(BEGAN) => handle(News::Began),
                Some(ENDED) => handle(News::Ended),
                _ => {}
            }
        })
        .forget();
    }
}
